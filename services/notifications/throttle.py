"""How fast each way out may be used: by provider, by sender, by recipient."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.notifications.providers.base import Outgoing, Pace, Provider
from services.notifications.resources import buckets
from services.notifications.rules import GOES_AGAIN
from services.notifications.settings import settings
from shared.buckets import Bucket

SPARE = 4  # what may wait leaves a quarter of a second's messages to what may not


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may go now. `late`: whom its recipient holds back, for so many seconds.

    What is in neither has to wait for the provider, which has a place again in `pause` seconds.
    """

    admitted: list[Outgoing]
    late: dict[UUID, float] = field(default_factory=dict)
    pause: float = 0.0


def admit(provider: Provider, messages: Sequence[Outgoing]) -> Admission:
    """Let through as many as the pace of this provider allows."""
    if provider.pace == Pace():
        return Admission(list(messages))
    wanted = [[*_common(provider, one), *_own(provider, one)] for one in messages]
    admitted, late, pause = [], {}, 0.0
    for message, wait in zip(messages, buckets.take(wanted), strict=True):
        if wait is None:
            admitted.append(message)
        elif wait.bucket in _own(provider, message):
            late[message.id] = wait.seconds
        else:
            pause = max(pause, wait.seconds)
    return Admission(admitted, late, pause)


def _common(provider: Provider, message: Outgoing) -> list[Bucket]:
    """Those that all messages of a provider go through."""
    keys = {
        f"provider.{provider.name}": provider.pace.per_second,
        f"sender.{_hidden(provider.sender)}": provider.pace.per_sender,
    }
    buckets = [Bucket(key, rate, max(rate, 1)) for key, rate in keys.items() if rate]
    if message.work_class in GOES_AGAIN:
        return buckets
    return [Bucket(one.key, one.rate, one.size, (one.size - 1) / SPARE) for one in buckets]


def _own(provider: Provider, message: Outgoing) -> list[Bucket]:
    if not provider.pace.per_recipient:
        return []
    key = f"recipient.{provider.name}.{_hidden(message.recipient)}"
    return [Bucket(key, 1 / provider.pace.per_recipient)]


def _hidden(address: str) -> str:
    """A number has too few possible values for a plain hash to hide it."""
    secret = settings().secret_key.encode()
    return hmac.new(secret, address.lower().encode(), hashlib.sha256).hexdigest()[:24]
