"""Zenziva: a form in, JSON out, no receipts, and no reference of ours."""

from typing import Any

import httpx

from fakes.gateway import Asked, FakeGateway, Reply, Taken

PATHS = ("/reguler/api/sendsms/", "/wareguler/api/sendWA/")


class FakeZenziva(FakeGateway):
    """Takes messages for one account; other keys are refused as Zenziva refuses: by status."""

    def __init__(self, *, userkey: str = "kunci", passkey: str = "sandi", **base: Any) -> None:
        super().__init__(**base)
        self._keys = (userkey, passkey)

    def read(self, asked: Asked) -> Taken | Reply:
        form = asked.form()
        if asked.method != "POST" or asked.path not in PATHS:
            return Reply(404, "not found")
        if (form.get("userkey"), form.get("passkey")) != self._keys:
            return Reply(200, {"status": "5", "text": "Userkey / Passkey Salah"})
        if not form.get("to", "").isdecimal() or not form.get("message"):
            return Reply(200, {"status": "0", "text": "Nomor atau isi pesan salah"})
        return Taken("", form["to"], form["message"], fields=form | {"path": asked.path})

    def yes(self, taken: Taken) -> Reply:
        answer = {"messageId": int(taken.reference or 0), "to": taken.to, "text": "Success"}
        return Reply(200, answer | {"status": "1"})

    def receipt(self, taken: Taken, state: str, *, forged: bool) -> httpx.Request:
        raise NotImplementedError("Zenziva tells no receipts")
