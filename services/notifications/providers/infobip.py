"""Infobip SMS v3: https://www.infobip.com/docs/api/channels/sms. The messageId is our own.

So what is unknown can be looked up for 48 hours, in `GET /sms/3/logs?messageId=`: that one, other
than `/sms/3/reports`, tells of a message however often it is asked, and before it has arrived.
"""

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import httpx

from services.notifications import segments
from services.notifications.provider_settings import InfobipSettings
from services.notifications.providers.base import Answer, Fate, Outgoing
from services.notifications.providers.callbacks import (
    Callback,
    SignedAddress,
    Told,
    each,
    part_count,
    rupiah,
)
from services.notifications.providers.gateway import Gateway, Reply, refused, words

LOOK_UP_S = 5.0  # all of it, as many are asked about in a few seconds
_STATES: dict[str, Literal["accepted", "delivered", "failed"]] = {
    "PENDING": "accepted",
    "DELIVERED": "delivered",
    "UNDELIVERABLE": "failed",
    "EXPIRED": "failed",
    "REJECTED": "failed",
}
# Rejections that say something about our account, not about the message.
_OUR_FAULT = ("REJECTED_NOT_ENOUGH_CREDITS", "REJECTED_SENDER", "REJECTED_SOURCE")


class Infobip(Gateway):
    """One account and sender."""

    def __init__(self, settings: InfobipSettings, address: SignedAddress) -> None:
        super().__init__(settings, "sms", settings.sender)
        self._url = settings.url
        self._headers = {"Authorization": f"App {settings.key}", "Accept": "application/json"}
        self._address = address

    def request(self, message: Outgoing, number: str) -> httpx.Request:
        """Text goes as Unicode; Infobip takes GSM-7 or UCS-2 by what is in it, as we count it."""
        to = {"to": number.removeprefix("+"), "messageId": str(message.id)}
        content = {
            "sender": self.sender,
            "destinations": [to],
            "content": {"text": message.text},
            "webhooks": {"delivery": {"url": self._address.url(message.id, message.number)}},
        }
        url = f"{self._url}/sms/3/messages"
        return httpx.Request("POST", url, json={"messages": [content]}, headers=self._headers)

    def answer(self, message: Outgoing, reply: Reply) -> Answer:
        """A 200 may still be a rejection. A 5xx is unknown, as it costs nothing to look it up."""
        if reply.code != 200:
            return refused(reply, _error_code(reply))
        [told] = reply.json()["messages"]
        status = told["status"]
        said = words(200, str(status.get("name", status["groupName"])))
        if _STATES[status["groupName"]] != "failed":
            parts = segments.count(message.text).parts
            return Answer("accepted", 200, said, reference=str(told["messageId"]), parts=parts)
        if str(status.get("name", "")).startswith(_OUR_FAULT):
            return Answer("retryable", 200, said, away=True)
        return Answer("permanent", 200, said)

    def look_up(self, message_id: UUID, recipient: str) -> Fate | None:
        """What the logs know; None when they cannot be read now."""
        _ = recipient
        query = {"messageId": str(message_id)}
        timeout = httpx.Timeout(LOOK_UP_S)
        try:
            reply = self._client.get(
                f"{self._url}/sms/3/logs", params=query, headers=self._headers, timeout=timeout
            )
            if reply.status_code != 200:
                return None
            found = [one for one in reply.json()["results"] if one["messageId"] == str(message_id)]
            return _fate(found)
        except (httpx.HTTPError, ValueError, LookupError, TypeError):
            return None

    def receipts(self, callback: Callback) -> list[Told]:
        """The reports about the one message for which the address was made."""
        message_id, attempt = self._address.read(callback.query)

        def read(report: dict[str, Any]) -> Told | None:
            told = _told(message_id, report)
            return told and replace(told, attempt=attempt)

        return each(json.loads(callback.body)["results"], read)


def _fate(found: list[dict[str, Any]]) -> Fate | None:
    if not found:
        return Fate("missing")
    status = max(found, key=lambda one: str(one.get("sentAt", "")))["status"]
    return Fate(_STATES[status["groupName"]], detail=str(status.get("name", "")))


def _told(message_id: UUID, report: dict[str, Any]) -> Told | None:
    status = report["status"]
    if report["messageId"] != str(message_id) or status["groupName"] not in _STATES:
        return None
    count = part_count(report.get("messageCount") or 1)
    done_at = report.get("doneAt")
    return Told(
        _STATES[status["groupName"]],
        raw=json.dumps(report, sort_keys=True),
        message_id=message_id,
        reference=str(message_id),
        detail=str(status.get("name", "")),
        happened_at=datetime.fromisoformat(done_at) if done_at else None,
        parts=count,
        cost=_cost(report.get("price") or {}, count),
    )


def _cost(price: dict[str, Any], parts: int | None) -> Decimal | None:
    """Rupiah; in another currency it is only known by the settings' price."""
    if price.get("currency") != "IDR" or price.get("pricePerMessage") is None:
        return None
    of_one = rupiah(price["pricePerMessage"])
    return None if of_one is None or parts is None else rupiah(of_one * parts)


def _error_code(reply: Reply) -> str:
    try:
        return str(reply.json()["errorCode"])
    except (ValueError, LookupError, TypeError):
        return ""
