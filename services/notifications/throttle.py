"""How fast each way out may be used: by provider, by sender, by recipient."""

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

from services.notifications.providers.base import Outgoing, Provider
from services.notifications.resources import buckets
from services.notifications.settings import settings
from shared.buckets import Bucket


def admit(
    provider: Provider, messages: Sequence[Outgoing]
) -> tuple[list[Outgoing], dict[UUID, float]]:
    """Those that may go now, and for the others the seconds to wait."""
    wanted = [_buckets(provider, message) for message in messages]
    if not any(wanted):
        return list(messages), {}
    waits = dict(zip((m.id for m in messages), buckets.take(wanted), strict=True))
    late = {identity: seconds for identity, seconds in waits.items() if seconds > 0}
    return [message for message in messages if message.id not in late], late


def _buckets(provider: Provider, message: Outgoing) -> list[Bucket]:
    pace, found = provider.pace, []
    if pace.per_second:
        found.append(Bucket(f"provider.{provider.name}", pace.per_second, max(pace.per_second, 1)))
    if pace.per_sender and provider.sender:
        key = f"sender.{_hidden(provider.sender)}"
        found.append(Bucket(key, pace.per_sender, max(pace.per_sender, 1)))
    if pace.per_recipient:
        key = f"recipient.{provider.name}.{_hidden(message.recipient)}"
        found.append(Bucket(key, 1 / pace.per_recipient))
    return found


def _hidden(address: str) -> str:
    """A number has too few possible values for a plain hash to hide it."""
    secret = settings().secret_key.encode()
    return hmac.new(secret, address.lower().encode(), hashlib.sha256).hexdigest()[:24]
