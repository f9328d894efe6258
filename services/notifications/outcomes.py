"""How attempts ended: written down in one statement for a whole round."""

import json
import random
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from services.notifications import breakers, messages, suppressions
from services.notifications.claims import LOOK_UP_S
from services.notifications.providers.base import Answer, LooksUp, Outgoing, Provider
from services.notifications.resources import database
from services.notifications.rules import GOES_AGAIN
from shared.tracing import trace_id

log = structlog.get_logger()

RETRY_S = (0, 30, 120, 600, 1800, 7200)  # after the first refusal, the second, ...; then the last
# So often a message is refused before it takes its next way, if it has one. What that is in time
# stands in `RETRY_S`: a code tries for half a minute, a confirmation for 13 minutes (longer than a
# relay keeps strangers out, which greylists), all else for 43.
NEXT_WAY_AFTER = {"code": 2, "transactional": 4}
NEXT_WAY_ELSE = 5
# And so often at all, three days of trying: nobody empties that mailbox any more, and whoever waits
# for the message should see that it failed. (RFC 5321 asks senders to go on for some days.)
MOST_REFUSALS = 40
RECORD_S = 30.0  # how long outcomes wait for a database that is away
_LOGGED_AS = {"email": "mail"}
# Whoever has one of these states may still get an answer; another state has its own last word.
_OPEN = [
    *("queued", "claimed", "handing_over", "unknown"),
    *("accepted", "delivered", "read", "bounced"),
]

# A worker that slept through its lease may still say how it went, until somebody else has claimed
# the message. A receipt may be faster than the answer: then the state is its.
#
# The mark is on disk before the last byte goes out; the outcome need not wait for the disk. A
# killed worker cannot take it back, and the next mark takes it to the disk.
#
# What an attempt cost, and that it was refused, is counted with the row that says so: once, even
# when this is written again because nobody heard that it was, or when `claims` had given the
# attempt up before its answer came. An unknown one is tried again once, and then shown.
_RECORD = text("""
    WITH said AS (
        SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS said(
            id uuid, number int, state text, refused int, next_way bool, delay float,
            too_late text, settle float, provider text, reference text, started_at timestamptz,
            outcome text, detail text, reply text, parts int, cost numeric)
    ), kept AS (
        INSERT INTO attempt (message_id, number, provider, started_at, outcome, detail, reply)
        SELECT id, number, said.provider, started_at, outcome, detail, reply
        FROM said JOIN message USING (id)
        WHERE message.attempts = said.number AND (message.state = ANY (CAST(:open AS text[]))
            OR message.state = 'failed' AND said.state = 'accepted')
        ON CONFLICT (message_id, number, outcome) DO NOTHING RETURNING message_id AS id, number
    ), first AS (
        SELECT id FROM kept WHERE NOT EXISTS (
            SELECT FROM attempt WHERE message_id = kept.id AND attempt.number = kept.number
              AND attempt.outcome <> 'lost')
    ), answer AS (
        SELECT id, number, delay, too_late, settle, provider, reference, outcome, parts,
            CASE WHEN state = 'queued' AND outcome = 'retryable' AND EXISTS (
                SELECT FROM message WHERE message.id = said.id AND fallbacks IS NOT NULL
                  AND expires_at > now()
                  AND (next_way OR expires_at <= now() + make_interval(secs => delay)))
                THEN 'failed' ELSE state END AS state,
            CASE WHEN first.id IS NULL THEN 0 ELSE refused END AS refused,
            CASE WHEN first.id IS NOT NULL THEN cost END AS cost
        FROM said LEFT JOIN first USING (id)
    ), told AS (
        UPDATE message SET lease_until = NULL, provider = answer.provider,
            provider_reference = coalesce(nullif(reference, ''), provider_reference),
            accepted_at = CASE WHEN answer.state = 'accepted' THEN now() ELSE accepted_at END,
            next_attempt_at = now() + make_interval(secs => delay),
            refusals = refusals + refused,
            settle_until = now() + make_interval(secs => settle),
            parts = coalesce(answer.parts, message.parts),
            cost = coalesce(message.cost + answer.cost, answer.cost, message.cost),
            state = CASE
                WHEN answer.state = 'queued'
                 AND now() + make_interval(secs => delay) >= expires_at THEN too_late
                WHEN answer.state = 'queued' AND answer.outcome = 'unknown' AND EXISTS (
                    SELECT FROM attempt WHERE message_id = answer.id
                      AND attempt.number < answer.number AND attempt.outcome = 'unknown')
                    THEN 'unknown'
                ELSE answer.state END,
            state_reason = CASE answer.state WHEN 'failed' THEN 'refused' ELSE '' END
        FROM answer
        WHERE message.id = answer.id AND message.attempts = answer.number
          AND message.state IN ('claimed', 'handing_over', 'queued', 'unknown')
        RETURNING message.id, message.state
    ), overtaken AS (
        UPDATE message SET accepted_at = coalesce(
                accepted_at, CASE WHEN answer.state = 'accepted' THEN now() END),
            provider_reference = coalesce(nullif(reference, ''), provider_reference),
            parts = coalesce(answer.parts, message.parts),
            cost = coalesce(message.cost + answer.cost, answer.cost, message.cost)
        FROM answer
        WHERE message.id = answer.id AND message.attempts = answer.number
          AND (message.state IN ('accepted', 'delivered', 'read', 'bounced')
            OR message.state = 'failed' AND answer.state = 'accepted')
        RETURNING message.id, message.state
    )
    SELECT id, state, set_config('synchronous_commit', 'off', true)
    FROM (SELECT * FROM told UNION ALL SELECT * FROM overtaken) AS all_told""")


def record(
    provider: Provider,
    batch: Sequence[Outgoing],
    answers: Mapping[UUID, Answer],
    started_at: datetime,
) -> None:
    """Write down how the attempts of one round ended, and what it says about the provider."""
    rows = [_row(provider, one, answers[one.id], started_at) for one in batch if one.id in answers]
    if not rows:
        return
    states = _write(provider, rows, {one.id: answers[one.id] for one in batch if one.id in answers})
    quiet = 0
    for message in batch:
        answer = answers.get(message.id)
        if answer is None:
            continue
        if message.work_class == "bulk" and answer.outcome == "accepted":
            quiet += 1
        else:
            _log(provider, message, answer, states.get(message.id))
    # Of an announcement each line would be the same; what differs is in the attempts.
    if quiet:
        log.info("bulk.accepted", provider=provider.name, messages=quiet)


def _row(
    provider: Provider, message: Outgoing, answer: Answer, started_at: datetime
) -> dict[str, Any]:
    state, delay = _fate(provider, message, answer)
    looks_up = state == "unknown" and isinstance(provider, LooksUp)
    return {
        "id": str(message.id),
        "number": message.number,
        "state": state,
        "refused": int(answer.outcome in {"retryable", "unknown"} and not answer.away),
        "next_way": message.refusals >= NEXT_WAY_AFTER.get(message.work_class, NEXT_WAY_ELSE)
        and not answer.away,
        "delay": delay,
        "too_late": "unknown" if answer.outcome == "unknown" else "expired",
        "settle": LOOK_UP_S if looks_up else None,
        "provider": provider.name,
        "reference": answer.reference,
        "started_at": started_at.isoformat(),
        "outcome": answer.outcome,
        "detail": answer.detail,
        "reply": answer.reply,
        "parts": answer.parts,
        "cost": _cost(provider, message, answer),
    }


def _cost(provider: Provider, message: Outgoing, answer: Answer) -> str | None:
    """Rupiah: what the provider says, or else its price for so many parts."""
    if answer.outcome not in {"accepted", "unknown"}:
        return None
    if answer.cost is not None or provider.price is None:
        return str(answer.cost) if answer.cost is not None else None
    return str(provider.price * Decimal(answer.parts or message.parts))


def _fate(provider: Provider, message: Outgoing, answer: Answer) -> tuple[str, float]:
    """The message's next state, and the seconds until its next try."""
    if answer.outcome == "accepted":
        return "accepted", 0
    if answer.outcome == "permanent":
        return "failed", 0
    if answer.outcome == "unknown" and (
        isinstance(provider, LooksUp) or message.work_class not in GOES_AGAIN
    ):
        return "unknown", 0
    # That is not the message's fault: another provider may have it at once. The breaker keeps it
    # away from this one.
    if answer.away or answer.outcome == "throttled":
        return "queued", 0
    if answer.outcome == "retryable" and message.refusals >= MOST_REFUSALS:
        return "failed", 0
    delay: float = RETRY_S[min(message.refusals, len(RETRY_S) - 1)]
    # Spread, so that what failed together does not come back together.
    delay *= random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return "queued", max(delay, answer.retry_after or 0)


def _write(
    provider: Provider, rows: list[dict[str, Any]], answers: Mapping[UUID, Answer]
) -> dict[UUID, str]:
    """Record outcomes; the new states of those that nobody else has by now.

    A database that is away for a moment must not make a known outcome an unknown one.
    """
    values = {"rows": json.dumps(rows), "open": _OPEN}
    all_taken = all(answer.outcome == "accepted" for answer in answers.values())
    give_up = time.monotonic() + RECORD_S
    while True:
        try:
            if all_taken and breakers.is_known_well(provider.name):  # one statement, one round trip
                with database.autocommit() as connection:
                    return {row.id: row.state for row in connection.execute(_RECORD, values)}
            with database.sessions.begin() as session:
                written = session.execute(_RECORD, values).all()
                failed = [row.id for row in written if row.state == "failed"]
                if failed:
                    suppressions.learn_dead(session, _dead(answers))
                    messages.fall_back(session, failed)
                breakers.learn(session, {provider.name: answers.values()})
                return {row.id: row.state for row in written}
        except OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)


def _dead(answers: Mapping[UUID, Answer]) -> dict[UUID, str]:
    return {one: answer.reply for one, answer in answers.items() if answer.dead_address}


def _log(provider: Provider, message: Outgoing, answer: Answer, state: str | None) -> None:
    write = log.info if answer.outcome == "accepted" else log.warning
    write(
        f"{_LOGGED_AS.get(message.channel, message.channel)}.{answer.outcome}",
        message=str(message.id),
        provider=provider.name,
        code=answer.code,
        attempt=message.number,
        state=state,
        detail=answer.detail,
        traceparent=message.traceparent,
        trace_id=trace_id(message.traceparent),
    )
