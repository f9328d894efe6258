"""Kannel's smsbox, a gateway that runs beside us: https://www.kannel.org/userguide.shtml.

Its `sendsms-user` needs `concatenation = true` and `max-messages`, or it cuts long texts off.
"""

from urllib.parse import urlencode

import httpx

from services.notifications import segments
from services.notifications.provider_settings import KannelSettings
from services.notifications.providers.base import Answer, Outgoing
from services.notifications.providers.callbacks import Callback, SignedAddress, Told, ToldState
from services.notifications.providers.gateway import Gateway, Reply, refused, words

_GSM7, _UCS2 = "0", "2"  # `coding`
_RECEIPTS_WANTED = "27"  # 1 delivered, 2 failed, 8 at the SMSC, 16 rejected; not 4, buffered
_STATES: dict[str, ToldState] = {"1": "delivered", "2": "failed", "8": "accepted", "16": "failed"}


class Kannel(Gateway):
    """One user of `sendsms`."""

    def __init__(self, settings: KannelSettings, address: SignedAddress) -> None:
        super().__init__(settings, "sms", settings.sender)
        self._url = f"{settings.url}/cgi-bin/sendsms"
        self._user = {"username": settings.username, "password": settings.password}
        self._address = address

    def request(self, message: Outgoing, number: str) -> httpx.Request:
        """A GET, with all in its address. Kannel puts the state in place of %d."""
        query = {
            **self._user,
            "from": self.sender,
            "to": number,
            "text": message.text,
            "charset": "UTF-8",
            "coding": _GSM7 if segments.is_gsm7(message.text) else _UCS2,
            "dlr-mask": _RECEIPTS_WANTED,
            "dlr-url": f"{self._address.url(message.id, message.number)}&status=%d",
        }
        return httpx.Request("GET", f"{self._url}?{urlencode(query)}")

    def answer(self, message: Outgoing, reply: Reply) -> Answer:
        """202 is its yes. It says 503 only when its bearerbox did not take the message."""
        said = reply.line()
        told = words(reply.code, said)
        if reply.code == 202:
            return Answer("accepted", 202, told, parts=segments.count(message.text).parts)
        if reply.code == 503 and said.startswith("Temporal failure"):
            return Answer("retryable", 503, told, failing=True)
        if reply.code == 403 and said.startswith("Not routable"):
            return Answer("permanent", 403, told)
        return refused(reply, said)

    def receipts(self, callback: Callback) -> list[Told]:
        """One receipt, in the address."""
        message_id, attempt = self._address.read(callback.query)
        status = callback.query.get("status", "")
        state = _STATES.get(status)
        if state is None:
            return []
        raw = urlencode({"message": str(message_id), "attempt": attempt, "status": status})
        return [Told(state, raw, message_id, detail=status, attempt=attempt)]
