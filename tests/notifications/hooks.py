"""What the tests of webhooks do again and again: endpoints, receivers, looking at deliveries."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import emptying
from fakes.receiver import Received, Receiver
from notifications.mailroom import rows
from sqlalchemy import Row
from uuid_utils.compat import uuid7

from services.notifications import webhook_sending, webhook_types, webhooks
from services.notifications.resources import database
from services.notifications.webhook_schemas import EndpointForm
from services.notifications.webhook_targets import Targets
from shared.security import Caller

HERE = Targets((ip_network("127.0.0.0/8"),), https_only=False, timeout=5)
PROVINCE = Caller("province", "Petugas Contoh", "petugas-21", "21")
NATIONAL = Caller("national", "Petugas Pusat", "petugas-pusat")
ELSEWHERE = "https://sistem.contoh.id/webhook"


@dataclass(frozen=True)
class Hook:
    """An endpoint of ours, and who listens there."""

    id: UUID
    secret: str
    receiver: Receiver


def forget_all() -> None:
    """No endpoint of an earlier test."""
    with database.sessions.begin() as session:
        emptying.empty(session, "webhook_attempt", "webhook_delivery", "webhook_endpoint")


def add(url: str = ELSEWHERE, caller: Caller = PROVINCE, *types: str) -> tuple[UUID, str]:
    """Make an endpoint, for everything if nothing is named; entered without being judged."""
    form = EndpointForm(
        name="Sistem Contoh", url=ELSEWHERE, types=list(types or webhook_types.LABELS)
    )
    with database.sessions.begin() as session:
        endpoint, secret = webhooks.add(session, caller, uuid7(), form)
    rows("UPDATE webhook_endpoint SET url = :url WHERE id = :id", url=url, id=endpoint.id)
    return endpoint.id, secret


@contextmanager
def hook(caller: Caller = PROVINCE, *types: str) -> Iterator[Hook]:
    """An endpoint with somebody who listens."""
    receiver = Receiver()
    receiver.start()
    yield Hook(*add(receiver.url, caller, *types), receiver)
    receiver.stop()


def send(seconds: float = 30, targets: Targets = HERE) -> bool:
    """One run, in this process; this machine is allowed."""
    return webhook_sending.send_due(time.monotonic() + seconds, targets)


def deliveries() -> list[Row[Any]]:
    """All of them, oldest first."""
    return rows("SELECT * FROM webhook_delivery ORDER BY id")


def attempts() -> list[Row[Any]]:
    """All of them, oldest first."""
    return rows("SELECT * FROM webhook_attempt ORDER BY id")


def endpoint(identity: UUID) -> Row[Any]:
    """Its row."""
    [row] = rows("SELECT * FROM webhook_endpoint WHERE id = :id", id=identity)
    return row


def pass_by(interval: str) -> None:
    """Some time passes, as far as endpoints and deliveries can tell."""
    values = {"gone": interval}
    rows(
        "UPDATE webhook_delivery SET next_attempt_at = next_attempt_at - CAST(:gone AS interval),"
        " lease_until = lease_until - CAST(:gone AS interval),"
        " created_at = created_at - CAST(:gone AS interval)",
        **values,
    )
    rows(
        "UPDATE webhook_endpoint SET failing_since = failing_since - CAST(:gone AS interval),"
        " secret_changed_at = secret_changed_at - CAST(:gone AS interval)",
        **values,
    )


def verified(received: Received, secret: str) -> dict[str, Any]:
    """The payload of a request that this secret has signed; as docs/webhooks.md says it."""
    headers = received.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert f"v1,{wanted}" in headers["webhook-signature"].split(" ")
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 60
    payload: dict[str, Any] = json.loads(received.body)
    return payload
