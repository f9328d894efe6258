"""WhatsApp Cloud API: templates in, signed webhooks out."""

import hashlib
import hmac
import json
import re
import time
from typing import Any

import httpx

from fakes.gateway import Asked, FakeGateway, Reply, Taken


class FakeWhatsApp(FakeGateway):
    """`templates` are the approved ones; None approves all. `fail_with` is an error of Graph."""

    def __init__(
        self,
        *,
        token: str = "token",  # noqa: S107 - it opens nothing
        app_secret: str = "rahasia",  # noqa: S107
        webhook: str = "",
        templates: set[str] | None = None,
        **base: Any,
    ) -> None:
        super().__init__(**base)
        self._token = token
        self._secret = app_secret
        self.webhook = webhook
        self._templates = templates
        self.fail_with: tuple[int, int] | None = None  # HTTP status and Graph's code

    def read(self, asked: Asked) -> Taken | Reply:
        if not re.fullmatch(r"/v\d+\.\d+/\d+/messages", asked.path) or asked.method != "POST":
            return _error(404, 100, "Unknown path components")
        if asked.headers.get("Authorization") != f"Bearer {self._token}":
            return _error(401, 190, "Invalid OAuth access token")
        if self.fail_with:
            return _error(*self.fail_with, "as told")
        said = asked.json()
        template = said["template"]
        if self._templates is not None and template["name"] not in self._templates:
            return _error(404, 132001, "Template does not exist in the translation")
        parts = template.get("components", [])
        words = [word["text"] for part in parts for word in part["parameters"]]
        return Taken(said["biz_opaque_callback_data"], said["to"], " ".join(words), fields=said)

    def yes(self, taken: Taken) -> Reply:
        contact = {"input": taken.to, "wa_id": taken.to.lstrip("+")}
        return Reply(
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [contact],
                "messages": [{"id": _wamid(taken), "message_status": "accepted"}],
            },
        )

    def receipt(self, taken: Taken, state: str, *, forged: bool) -> httpx.Request:
        told: dict[str, Any] = {
            "id": _wamid(taken),
            "status": state,
            "timestamp": str(int(time.time())),
            "recipient_id": taken.to.lstrip("+"),
            "biz_opaque_callback_data": taken.id,
        }
        if state == "failed":
            told["errors"] = [{"code": 131026, "title": "Message undeliverable"}]
        change = {"field": "messages", "value": {"statuses": [told]}}
        content = json.dumps(
            {"object": "whatsapp_business_account", "entry": [{"changes": [change]}]}
        )
        secret = "wrong" if forged else self._secret
        digest = hmac.new(secret.encode(), content.encode(), hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}
        return httpx.Request("POST", self.webhook, content=content, headers=headers)


def _wamid(taken: Taken) -> str:
    return f"wamid.{taken.id}"


def _error(status: int, code: int, words: str) -> Reply:
    error = {"message": f"(#{code}) {words}", "type": "OAuthException", "code": code}
    return Reply(status, {"error": error})
