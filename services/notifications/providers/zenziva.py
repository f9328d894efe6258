"""Zenziva: https://www.zenziva.id/dokumentasi/. It takes no reference of ours, tells no receipts.

So nothing can be looked up: what is unknown is settled by its class of work.
"""

from decimal import Decimal

import httpx

from services.notifications import segments
from services.notifications.provider_settings import ZenzivaSettings
from services.notifications.providers.base import Answer, Outgoing
from services.notifications.providers.callbacks import rupiah
from services.notifications.providers.gateway import Gateway, Reply, Unsendable, refused, words

_PATHS = {"sms": "/reguler/api/sendsms/", "whatsapp": "/wareguler/api/sendWA/"}
# It says what is wrong in words alone, in Indonesian or in English.
_ABOUT_THE_ACCOUNT = (
    "userkey",
    "passkey",
    "credit",
    "kredit",
    "saldo",
    "quota",
    "kuota",
    "expired",
)
_ABOUT_THE_MESSAGE = ("nomor", "number", "tujuan", "destination", "konten")


class Zenziva(Gateway):
    """SMS or WhatsApp, as the settings say."""

    def __init__(self, settings: ZenzivaSettings) -> None:
        super().__init__(settings, settings.channel)
        self._url = settings.url + _PATHS[settings.channel]
        self._keys = {"userkey": settings.userkey, "passkey": settings.passkey}

    def request(self, message: Outgoing, number: str) -> httpx.Request:
        """A form. Raises `Unsendable`: nothing says that its SMS carry more than GSM-7."""
        text = message.text
        if self.channel == "sms":
            text = segments.plain(text)
            if not segments.is_gsm7(text):
                raise Unsendable("a sign outside GSM-7, which Zenziva does not carry")
        form = {**self._keys, "to": number.removeprefix("+"), "message": text}
        return httpx.Request("POST", self._url, data=form)

    def answer(self, message: Outgoing, reply: Reply) -> Answer:
        """Status 1 is its yes; all else is a no, with HTTP's 200."""
        if reply.code != 200:
            return refused(reply)  # a 5xx is unknown: there is nothing to tell whether it was taken
        said = reply.json()
        if str(said["status"]) == "1":
            return Answer(
                "accepted",
                200,
                words(200, str(said.get("text", ""))),
                reference=str(said["messageId"]),
                parts=self._parts(message),
                cost=_cost(said.get("cost")),
            )
        text = str(said.get("text", ""))
        told = words(200, f"{said['status']} {text}")
        if any(word in text.lower() for word in _ABOUT_THE_ACCOUNT):
            return Answer("retryable", 200, told, away=True)
        if any(word in text.lower() for word in _ABOUT_THE_MESSAGE):
            return Answer("permanent", 200, told)
        return Answer("retryable", 200, told)

    def _parts(self, message: Outgoing) -> int | None:
        if self.channel != "sms":
            return None
        return segments.count(segments.plain(message.text)).parts


def _cost(said: object) -> Decimal | None:
    """Rupiah, where an account is told them."""
    return rupiah(said) if said else None
