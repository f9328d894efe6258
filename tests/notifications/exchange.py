"""What the tests of SMS and WhatsApp do again and again: gateways in the settings, messages."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from fakes import FakeGateway, FakeInfobip, FakeKannel, FakeWhatsApp, FakeZenziva
from notifications.mailroom import Mailroom, rows, zone_at
from uuid_utils.compat import uuid7

from services.notifications.intents import Intent
from services.notifications.messages import write
from services.notifications.providers import registry
from services.notifications.providers.base import CHANNELS, Channel
from services.notifications.resources import database
from services.notifications.rules import Rule, WorkClass
from services.notifications.settings import settings
from shared.tracing import new_traceparent

KINDS: dict[str, type[FakeGateway]] = {
    "zenziva": FakeZenziva,
    "whatsapp-cloud": FakeWhatsApp,
    "infobip": FakeInfobip,
    "kannel": FakeKannel,
}
KEYS: dict[str, dict[str, Any]] = {
    "zenziva": {"userkey": "kunci", "passkey": "sandi"},
    "whatsapp-cloud": {
        "phone_number_id": "1055500001",
        "token": "token",
        "app_secret": "rahasia",
        "verify_token": "periksa",
        "per_recipient": None,
    },
    "infobip": {"key": "kunci", "sender": "Sejawat"},
    "kannel": {"username": "sejawat", "password": "sandi", "sender": "Sejawat"},
}
TEXT = "Cendana-42"  # fills every slot of the template; no log has it


def described(gateway: FakeGateway, our_url: str = "", **changes: Any) -> dict[str, Any]:
    """A fake gateway, as `GATEWAYS` names it."""
    [kind] = [name for name, fake in KINDS.items() if isinstance(gateway, fake)]
    ours = {"our_url": our_url} if our_url and kind in {"infobip", "kannel"} else {}
    if isinstance(gateway, FakeWhatsApp) and our_url:
        name = changes.get("name", kind)
        gateway.webhook = f"{our_url}/notifications/receipts/{name}"
    return {"kind": kind, "url": gateway.url, **KEYS[kind], **ours, **changes}


@contextmanager
def gateways(mailroom: Mailroom, *wanted: dict[str, Any]) -> Iterator[None]:
    """The engine of this process with these gateways and no other."""
    _read_settings(mailroom.environment | {"GATEWAYS": json.dumps(wanted)})
    try:
        yield
    finally:
        _read_settings(mailroom.environment)


def _read_settings(environment: dict[str, str]) -> None:
    registry.close()
    settings.cache_clear()
    before = dict(os.environ)
    os.environ |= environment
    settings()
    os.environ.clear()
    os.environ |= before


def tell(
    count: int = 1,
    *,
    channels: Sequence[Channel] = ("whatsapp", "sms"),
    work_class: WorkClass = "transactional",
    phone: str = "",
    email: str | None = None,
) -> None:
    """Messages to people with numbers of their own, or all to one."""
    rule = Rule("test-told", "registration_submitted", work_class, channels=tuple(channels))
    words = ("name", "code", "own_link", "meeting", "days", "hours", "venue", "province")
    intents = [
        Intent(
            event_id=uuid7(),
            about=f"registration/{number}",
            version=1,
            traceparent=new_traceparent(),
            email=email,
            phone=phone or f"+62812{number + 1:07}",
            language="id",
            region_code="21.01",
            expires_at=datetime.now(UTC) + timedelta(hours=6),
            values=dict.fromkeys(words, TEXT) | {"registered_by": ""},
        )
        for number in range(count)
    ]
    assert set(channels) <= set(CHANNELS)
    with database.sessions.begin() as session:
        assert write(session, rule, intents) == count
    rows("UPDATE message SET zone = :zone WHERE zone IS NOT NULL", zone=zone_at(12))
