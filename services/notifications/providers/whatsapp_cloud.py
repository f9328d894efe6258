"""WhatsApp Cloud API: https://developers.facebook.com/docs/whatsapp/cloud-api.

A message to somebody who did not write first is a template that Meta has approved: it has the name
of our template's folder, and gets the values of its slots from us.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from services.notifications.provider_settings import WhatsAppSettings
from services.notifications.providers.base import Answer, Outgoing
from services.notifications.providers.callbacks import Callback, Forged, Told, ToldState, each
from services.notifications.providers.gateway import Gateway, Reply, refused, retry_after, words
from shared.ids import to_uuid

# Graph's own codes, from its list of errors.
_TOO_MANY = frozenset({4, 80007, 130429, 131048})
_PAIR = 131056  # to one and the same number; one in six seconds may go
_PAIR_S = 6.0
_OUR_FAULT = frozenset({0, 3, 10, 190, 368, 131005, 131031, 131042, 131045, 133010})
_THEIRS = frozenset({1, 2, 131000, 131016, 131057})  # it says that it failed, so it has nothing
_STATES: dict[str, ToldState] = {
    "sent": "accepted",
    "delivered": "delivered",
    "read": "read",
    "failed": "failed",
}


class WhatsAppCloud(Gateway):
    """One number of a WhatsApp business account."""

    def __init__(self, settings: WhatsAppSettings) -> None:
        super().__init__(settings, "whatsapp", settings.phone_number_id)
        self._url = f"{settings.url}/{settings.version}/{settings.phone_number_id}/messages"
        self._token = settings.token
        self._app_secret = settings.app_secret.encode()
        self._verify_token = settings.verify_token.encode()

    def request(self, message: Outgoing, number: str) -> httpx.Request:
        """A template with its slots filled; it carries our id to the receipts."""
        template: dict[str, Any] = {
            "name": message.template,
            "language": {"code": message.language},
        }
        if message.parameters:
            slots = [{"type": "text", "text": value} for value in message.parameters]
            template["components"] = [{"type": "body", "parameters": slots}]
        content = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": number,
            "type": "template",
            "template": template,
            "biz_opaque_callback_data": str(message.id),
        }
        headers = {"Authorization": f"Bearer {self._token}"}
        return httpx.Request("POST", self._url, json=content, headers=headers)

    def answer(self, message: Outgoing, reply: Reply) -> Answer:
        """Graph says in JSON what is wrong; a 5xx without that is nobody's answer, so unknown."""
        _ = message
        if reply.code == 200:
            return Answer("accepted", 200, "200", reference=str(reply.json()["messages"][0]["id"]))
        try:
            error = reply.json()["error"]
            return _refused(reply, int(error["code"]), str(error.get("message", "")))
        except (ValueError, KeyError, TypeError):
            return refused(reply)

    def receipts(self, callback: Callback) -> list[Told]:
        """The statuses of a webhook, whose body is signed with the app's secret."""
        digest = hmac.new(self._app_secret, callback.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(callback.signature.encode(), f"sha256={digest}".encode()):
            raise Forged
        return each(_statuses(callback.body), _told)

    def challenge(self, query: Mapping[str, str]) -> str:
        """Meta asks once whether the address is ours. Raises `Forged`."""
        token = query.get("hub.verify_token", "").encode()
        if query.get("hub.mode") != "subscribe" or not hmac.compare_digest(
            token, self._verify_token
        ):
            raise Forged
        return query.get("hub.challenge", "")


def _refused(reply: Reply, code: int, message: str) -> Answer:
    """What an error of Graph means."""
    told = words(reply.code, f"#{code} {message}")
    if code == _PAIR:  # of our number and this recipient's; the others may go on
        return Answer("retryable", reply.code, told, retry_after=_PAIR_S)
    if code in _TOO_MANY or reply.code == 429:
        return Answer("throttled", reply.code, told, retry_after=retry_after(reply))
    if code in _OUR_FAULT or 200 <= code < 300 or reply.code in {401, 403}:
        return Answer("retryable", reply.code, told, away=True)
    if code in _THEIRS or reply.code >= 500:
        return Answer("retryable", reply.code, told, failing=True)
    return Answer("permanent", reply.code, told)


def _statuses(body: bytes) -> Iterator[dict[str, Any]]:
    """Also inbound messages and account news come here; they have no statuses."""
    for entry in json.loads(body).get("entry", ()):
        for change in entry.get("changes", ()):
            yield from change.get("value", {}).get("statuses", ())


def _told(status: dict[str, Any]) -> Told | None:
    state = _STATES.get(str(status.get("status")))
    if state is None:
        return None
    errors = status.get("errors") or [{}]
    return Told(
        state,
        raw=json.dumps(status, sort_keys=True),
        message_id=to_uuid(status.get("biz_opaque_callback_data")),
        reference=str(status.get("id", "")),
        detail=" ".join(str(errors[0][key]) for key in ("code", "title") if key in errors[0]),
        happened_at=datetime.fromtimestamp(int(status["timestamp"]), UTC),
    )
