"""Kannel's smsbox: GET in, one line out, receipts by GET to dlr-url."""

import re
from typing import Any

import httpx

from fakes.gateway import Asked, FakeGateway, Reply, Taken

STATES = {"delivered": 1, "failed": 2, "buffered": 4, "accepted": 8, "rejected": 16}


class FakeKannel(FakeGateway):
    """Takes messages for one user of sendsms."""

    def __init__(self, *, user: tuple[str, str] = ("sejawat", "sandi"), **base: Any) -> None:
        super().__init__(**base)
        self._user = user

    def read(self, asked: Asked) -> Taken | Reply:
        said = asked.query
        if asked.method != "GET" or asked.path != "/cgi-bin/sendsms":
            return Reply(404, "Unknown request.")
        if (said.get("username"), said.get("password")) != self._user:
            return Reply(403, "Authorization failed for sendsms")
        if not said.get("to"):
            return Reply(400, "Missing receiver number, rejected")
        url = said["dlr-url"]
        found = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", url)
        assert found, "our id is in the dlr-url"
        return Taken(found[0], said["to"], said["text"], receipt_url=url, fields=said)

    def yes(self, taken: Taken) -> Reply:
        _ = taken
        return Reply(202, "0: Accepted for delivery")

    def receipt(self, taken: Taken, state: str, *, forged: bool) -> httpx.Request:
        url = taken.receipt_url.replace("signature=", "signature=0" if forged else "signature=")
        return httpx.Request("GET", url.replace("%d", str(STATES[state])))
