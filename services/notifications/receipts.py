"""What gateways tell about messages later: kept once as it came, and applied by rank.

    accepted < failed, bounced < delivered < read

So the order in which receipts come, and how often, changes nothing: what arrived has arrived, even
when some part of the network gave it up. A receipt may also be faster than the answer to the
hand-over, or be the only answer there is.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notifications import messages
from services.notifications.providers import registry
from services.notifications.providers.base import Provider
from services.notifications.providers.callbacks import (
    UNREADABLE,
    AsksBack,
    Callback,
    TellsReceipts,
    Told,
)
from shared.tracing import span

log = structlog.get_logger()

DETAIL = 300  # characters

# It names no message of ours where an account or a number is shared with another system.
_KEEP = text("""
    INSERT INTO receipt (provider, digest, message_id, state, detail, raw, happened_at)
    VALUES (:provider, :digest, (SELECT id FROM message WHERE id = :message_id), :state, :detail,
        :raw, :happened_at)
    ON CONFLICT (provider, digest) DO NOTHING RETURNING message_id""")

# What was never handed over cannot have arrived. That an earlier gateway failed says nothing about
# a message that another one has by now, and an earlier attempt nothing about this one. Whoever
# claimed the message meanwhile finds it taken.
_APPLY = text("""
    UPDATE message SET state = :state, provider = :provider, lease_until = NULL,
        settle_until = NULL,
        state_reason = CASE WHEN :state IN ('failed', 'bounced') THEN 'undelivered' ELSE '' END,
        provider_reference = coalesce(provider_reference, nullif(:reference, '')),
        accepted_at = CASE WHEN :state IN ('failed', 'bounced') THEN accepted_at
            ELSE coalesce(accepted_at, now()) END,
        delivered_at = CASE WHEN :state IN ('delivered', 'read')
            THEN coalesce(delivered_at, least(now(), greatest(
                CAST(:happened_at AS timestamptz), accepted_at, handed_over_at)))
            ELSE delivered_at END,
        parts = coalesce(CAST(:parts AS int), parts),
        cost = CASE WHEN provider = :provider AND (state IN ('delivered', 'read')
                OR (state IN ('failed', 'bounced') AND state_reason = 'undelivered')) THEN cost
            ELSE coalesce(cost + CAST(:cost AS numeric), CAST(:cost AS numeric), cost) END
    WHERE id = :id AND handed_over_at IS NOT NULL AND CASE :state
        WHEN 'accepted' THEN state IN ('queued', 'claimed', 'handing_over', 'unknown')
        WHEN 'delivered' THEN state NOT IN ('delivered', 'read')
        WHEN 'read' THEN state <> 'read'
        ELSE state IN ('handing_over', 'unknown', 'accepted') AND provider = :provider
            AND attempts = coalesce(CAST(:attempt AS int), attempts) END
    RETURNING class AS work_class, traceparent""")


class NothingToldThere(Exception):
    """No gateway of this name tells receipts."""


@dataclass(frozen=True, slots=True)
class Heard:
    """`again`: classes of work in which another channel has something to send now."""

    new: int = 0
    again: set[str] = field(default_factory=set)


def challenge(name: str, query: Mapping[str, str]) -> str | None:
    """The answer to a gateway that asks whether the address is ours; None when it does not ask.

    Raises `NothingToldThere`, `Forged`.
    """
    provider = registry.named(name)
    if isinstance(provider, AsksBack):
        return provider.challenge(query)
    if not isinstance(provider, TellsReceipts):
        raise NothingToldThere(name)
    return None


def hear(session: Session, name: str, callback: Callback) -> Heard:
    """Keep and apply what a gateway says. Raises `NothingToldThere`, `Forged`."""
    provider = registry.named(name)
    if provider is None or not isinstance(provider, TellsReceipts):
        raise NothingToldThere(name)
    try:
        told = provider.receipts(callback)
    except UNREADABLE as error:
        # It is really the gateway; a refusal would only make it say the same again.
        log.warning("receipt.unreadable", provider=name, error=type(error).__name__)
        return Heard()
    return keep(session, provider, told)


def keep(session: Session, provider: Provider, told: Iterable[Told]) -> Heard:
    """Write down what is new, and apply it."""
    new, again = 0, set()
    for one in sorted(told, key=lambda one: str(one.message_id)):  # one order, so no deadlock
        values = {
            "provider": provider.name,
            "digest": hashlib.sha256(one.raw.encode()).hexdigest(),
            "message_id": one.message_id,
            "state": one.state,
            "detail": one.detail.replace("\x00", "")[:DETAIL],
            "raw": one.raw.replace("\x00", ""),
            "happened_at": one.happened_at,
        }
        kept = session.execute(_KEEP, values).first()
        if kept:
            new += 1
            again |= apply(session, provider, kept.message_id, one) if kept.message_id else set()
    return Heard(new, again)


def apply(session: Session, provider: Provider, message_id: UUID, told: Told) -> set[str]:
    """Change a message's state if this ranks higher; see `Heard.again`.

    Cost is taken from the first final word only, and where the settings know no price: else it was
    written down with the answer.
    """
    is_counted = provider.price is None and told.state != "accepted"
    values = {
        "id": message_id,
        "provider": provider.name,
        "state": told.state,
        "reference": told.reference,
        "happened_at": told.happened_at,
        "parts": told.parts,
        "cost": told.cost if is_counted else None,
        "attempt": told.attempt,
    }
    changed = session.execute(_APPLY, values).first()
    if changed is None:
        return set()
    with span(changed.traceparent):
        log.info(
            "message.told",
            message=str(message_id),
            provider=provider.name,
            state=told.state,
            detail=told.detail,
        )
    fails = told.state in {"failed", "bounced"}
    return {changed.work_class} if fails and messages.fall_back(session, [message_id]) else set()
