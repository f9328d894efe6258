"""Messages of which nobody knows whether the gateway has them: asked for, then settled by class.

Two minutes after its hand-over each is settled, or shown to people as unknown for good.
"""

import math
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from sqlalchemy import Row, text

from services.notifications import claims, receipts
from services.notifications.providers import registry
from services.notifications.providers.base import Fate, LooksUp
from services.notifications.providers.callbacks import Told
from services.notifications.resources import database
from services.notifications.rules import GOES_AGAIN
from shared.tracing import span

log = structlog.get_logger()

MISSING_S = 10  # after the hand-over; sooner a gateway may not have it in its books yet
MOST = 100  # asked about in one run, `WIDTH` at once
WIDTH = 20

_DUE = text("""
    SELECT id, attempts AS number, provider, recipient, traceparent,
        handed_over_at <= now() - make_interval(secs => :missing_s) AS may_be_missing
    FROM message WHERE settle_until IS NOT NULL AND state = 'unknown'
    ORDER BY settle_until LIMIT :most""")

# A receipt that came meanwhile has ended the question. What it was reckoned to cost it did not.
_MISSING = text("""
    UPDATE message SET settle_until = NULL, next_attempt_at = now(),
        cost = CASE WHEN cost > 0
            THEN greatest(cost - coalesce(CAST(:price AS numeric), 0) * coalesce(parts, 1), 0) END,
        state = CASE WHEN expires_at > now() THEN 'queued' ELSE 'expired' END,
        state_reason = CASE WHEN expires_at > now() THEN 'missing' ELSE 'late' END
    WHERE id = :id AND attempts = :number AND state = 'unknown' AND settle_until IS NOT NULL
    RETURNING id, class AS work_class, state, traceparent""")

# What was unknown twice does not go a third time.
_GIVE_UP = text("""
    UPDATE message SET settle_until = NULL, next_attempt_at = now(), state_reason = 'unsettled',
        state = CASE WHEN class = ANY (CAST(:goes_again AS text[])) AND expires_at > now()
             AND NOT EXISTS (SELECT FROM attempt WHERE message_id = message.id
                AND attempt.number < message.attempts AND attempt.outcome = 'unknown')
            THEN 'queued' ELSE 'unknown' END
    WHERE state = 'unknown' AND settle_until <= now()
    RETURNING id, class AS work_class, state, traceparent""")


def settle(until: float = math.inf) -> set[str]:
    """Ask about what is unknown; returns classes of work that have something to send now.

    Whom it has not come to at `until` (monotonic) is asked about in the next run.
    """
    claims.settle((), registry.providers())  # so that none waits for a shift of its class
    with database.sessions.begin() as session:
        due = session.execute(_DUE, {"missing_s": MISSING_S, "most": MOST}).all()
    again: set[str] = set()
    for place in range(0, len(due), WIDTH):
        if time.monotonic() >= until:
            break
        again |= _settle_some(due[place : place + WIDTH])
    return again | _give_up()


def _settle_some(due: Sequence[Row[Any]]) -> set[str]:
    """Ask about a few at once."""
    asked = {one.name: one for one in registry.providers() if isinstance(one, LooksUp)}
    with ThreadPoolExecutor(WIDTH) as threads:
        fates = list(threads.map(lambda row: _ask(asked.get(row.provider), row), due))
    again: set[str] = set()
    for row, fate in zip(due, fates, strict=True):
        again |= _settle(row, fate) if fate else set()
    return again


def _ask(provider: LooksUp | None, row: Row[Any]) -> Fate | None:
    return provider.look_up(row.id, row.recipient) if provider else None


def _settle(row: Row[Any], fate: Fate) -> set[str]:
    provider = registry.named(row.provider)
    if provider is None or (fate.state == "missing" and not row.may_be_missing):
        return set()
    with database.sessions.begin() as session:
        if fate.state == "missing":
            values = {"id": row.id, "number": row.number, "price": provider.price}
            return _settled(session.execute(_MISSING, values).all(), "missing")
        told = Told(fate.state, "", row.id, "", fate.detail, fate.happened_at)
        return receipts.apply(session, provider, row.id, told)


def _give_up() -> set[str]:
    with database.sessions.begin() as session:
        rows = session.execute(_GIVE_UP, {"goes_again": list(GOES_AGAIN)}).all()
    return _settled(rows, "unsettled")


def _settled(rows: Iterable[Row[Any]], why: str) -> set[str]:
    """Tell the log; the classes of what goes again."""
    again = set()
    for row in rows:
        with span(row.traceparent):
            log.warning(
                "message.settled", message=str(row.id), was="unknown", state=row.state, why=why
            )
        if row.state == "queued":
            again.add(row.work_class)
    return again
