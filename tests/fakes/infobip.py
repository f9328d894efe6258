"""Infobip SMS v3: JSON with our messageId, reports to our address, logs to look it up."""

from typing import Any

import httpx

from fakes.gateway import Asked, FakeGateway, Reply, Taken

GROUPS = {
    "accepted": (1, "PENDING", "PENDING_ENROUTE"),
    "delivered": (3, "DELIVERED", "DELIVERED_TO_HANDSET"),
    "failed": (2, "UNDELIVERABLE", "UNDELIVERABLE_NOT_DELIVERED"),
    "expired": (4, "EXPIRED", "EXPIRED_EXPIRED"),
    "rejected": (5, "REJECTED", "REJECTED_DESTINATION"),
}
PRICE = {"pricePerMessage": 450.0, "currency": "IDR"}


def status(state: str) -> dict[str, Any]:
    """What Infobip calls a state."""
    number, group, name = GROUPS[state]
    return {"groupId": number, "groupName": group, "name": name, "description": name.lower()}


class FakeInfobip(FakeGateway):
    """`looked_up` counts questions; `known` says what the logs tell of a message, if not accepted.

    A number that ends in 0000 is rejected, with 200 as Infobip does.
    """

    def __init__(self, *, key: str = "kunci", **base: Any) -> None:
        super().__init__(**base)
        self._key = key
        self.looked_up = 0
        self.known: dict[str, str] = {}

    def other(self, asked: Asked) -> Reply | None:
        if asked.path != "/sms/3/logs":
            return None
        self.looked_up += 1
        if asked.headers.get("Authorization") != f"App {self._key}":
            return Reply(401, _error("UNAUTHORIZED"))
        if self.faults.look_up_status:
            return Reply(self.faults.look_up_status, "sorry")
        found = [one for one in list(self.taken) if one.id == asked.query.get("messageId")]
        return Reply(200, {"results": [self._log(one) for one in found]})

    def read(self, asked: Asked) -> Taken | Reply:
        if asked.method != "POST" or asked.path != "/sms/3/messages":
            return Reply(404, _error("NOT_FOUND"))
        if asked.headers.get("Authorization") != f"App {self._key}":
            return Reply(401, _error("UNAUTHORIZED"))
        [message] = asked.json()["messages"]
        [destination] = message["destinations"]
        if not destination["to"].isdecimal():
            return Reply(400, _error("BAD_REQUEST"))
        if destination["to"].endswith("0000"):
            return _answer(destination["messageId"], destination["to"], "rejected")
        return Taken(
            destination["messageId"],
            destination["to"],
            message["content"]["text"],
            receipt_url=message["webhooks"]["delivery"]["url"],
            fields=message,
        )

    def yes(self, taken: Taken) -> Reply:
        return _answer(taken.id, taken.to, "accepted")

    def receipt(self, taken: Taken, state: str, *, forged: bool) -> httpx.Request:
        report = {
            "messageId": taken.id,
            "to": taken.to,
            "status": status(state),
            "messageCount": 2,
            "price": PRICE,
            "doneAt": "2027-02-01T10:00:00.000+0700",
        }
        url = taken.receipt_url.replace("signature=", "signature=0" if forged else "signature=")
        return httpx.Request("POST", url, json={"results": [report]})

    def _log(self, taken: Taken) -> dict[str, Any]:
        return {
            "messageId": taken.id,
            "destination": taken.to,
            "sentAt": "2027-02-01T10:00:00.000+0700",
            "messageCount": 1,
            "price": PRICE,
            "status": status(self.known.get(taken.id, "accepted")),
        }


def _answer(message_id: str, to: str, state: str) -> Reply:
    told = {"messageId": message_id, "destination": to, "status": status(state)}
    return Reply(200, {"bulkId": "1", "messages": [told]})


def _error(name: str) -> dict[str, Any]:
    return {"errorCode": name, "description": name.lower(), "action": "", "violations": []}
