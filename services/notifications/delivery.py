"""The engine: takes what is due from PostgreSQL and hands it to a provider, once.

    queued -> claimed -> handing_over -> accepted
                 |            |-------> failed | queued again | unknown
                 |-> queued again

Two marks are committed before anything can go wrong behind them. `claimed` says who has the
message; if its worker dies, nothing was sent, and another may take it. `handing_over` is committed
just before the last byte; if the worker dies after that, nobody can tell whether the provider has
the message, and its class decides. No transaction and no connection to the database is open while
a provider talks: a slow mail server must not use up what everybody shares.
"""

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from services.notifications.providers import Answer, LogOnly, Outgoing, Provider
from services.notifications.resources import database
from services.notifications.rules import WorkClass
from services.notifications.smtp import mail_server
from shared.tracing import span

log = structlog.get_logger()

BATCH = 50  # messages claimed at once: the claim costs as much for one
LEASE_S = 60
RETRY_S = (0, 30, 120, 600, 1800, 7200)  # after the first try, the second, ...; then the last
RECORD_S = 30.0  # how long the outcome of a hand-over waits for a database that is away
GOES_AGAIN: tuple[WorkClass, ...] = ("code", "transactional")

PROVIDERS: dict[str, Provider] = {"email": mail_server, "sms": LogOnly()}
_LOGGED_AS = {"email": "mail"}

_EXPIRE = text("""
    UPDATE message SET state = 'expired'
    WHERE state = 'queued' AND class = ANY (CAST(:classes AS text[]))
      AND next_attempt_at <= now() AND expires_at <= now()
    RETURNING id""")

# Leases that are over: their workers are dead, or as good as dead. What was not handed over goes
# back; of the rest only what may come twice.
_SETTLE = text("""
    WITH stale AS (
        SELECT id, attempts, state, class, expires_at, provider, handed_over_at, lease_until
        FROM message WHERE lease_until <= now() ORDER BY lease_until FOR UPDATE SKIP LOCKED
    ), told AS (
        INSERT INTO attempt (message_id, number, provider, started_at, outcome, detail, reply)
        SELECT id, attempts, provider, lease_until - make_interval(secs => :lease),
               CASE state WHEN 'claimed' THEN 'lost' ELSE 'unknown' END, 'the lease is over', ''
        FROM stale
    )
    UPDATE message SET lease_until = NULL, next_attempt_at = now(), state = CASE
        WHEN stale.state = 'claimed' THEN 'queued'
        WHEN stale.class = ANY (CAST(:goes_again AS text[])) AND stale.expires_at > now()
            THEN 'queued'
        ELSE 'unknown' END
    FROM stale WHERE message.id = stale.id
    RETURNING message.id, message.traceparent, stale.state AS was, message.state""")

_CLAIM = text("""
    WITH due AS (
        SELECT id FROM message
        WHERE state = 'queued' AND class = :class AND next_attempt_at <= now()
          AND expires_at > now() AND channel <> ALL (CAST(:away AS text[]))
        ORDER BY next_attempt_at LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    UPDATE message SET state = 'claimed', attempts = attempts + 1,
        lease_until = now() + make_interval(secs => :lease)
    FROM due WHERE message.id = due.id
    RETURNING message.id, attempts AS number, channel, class AS work_class, recipient, language,
        template, coalesce(subject, '') AS subject, text, coalesce(html, '') AS html,
        traceparent""")

_RELEASE = text("""
    UPDATE message SET state = 'queued', attempts = attempts - 1, lease_until = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[])) AS mine(id, number)
    WHERE message.id = mine.id AND attempts = mine.number AND state = 'claimed'""")

# The number of the attempt is the proof that the claim is still ours.
_MARK = text("""
    UPDATE message SET state = 'handing_over', provider = :provider, handed_over_at = now(),
        lease_until = now() + make_interval(secs => :lease)
    WHERE id = :id AND attempts = :number AND state = 'claimed'""")

# The mark is on disk before the last byte goes out; the outcome need not wait for the disk. A
# killed worker cannot take it back, and the next mark takes it to the disk. A worker that slept
# through its lease may still say how it went, until somebody else has claimed the message.
_RECORD = text("""
    WITH told AS (
        UPDATE message SET lease_until = NULL, provider = :provider,
            provider_reference = nullif(:reference, ''),
            accepted_at = CASE WHEN CAST(:state AS text) = 'accepted' THEN now() END,
            next_attempt_at = now() + make_interval(secs => :delay),
            state = CASE
                WHEN :state = 'queued' AND now() + make_interval(secs => :delay) >= expires_at
                THEN CAST(:too_late AS text) ELSE :state END
        WHERE id = :id AND attempts = :number
          AND state IN ('claimed', 'handing_over', 'queued', 'unknown')
        RETURNING id, state
    ), kept AS (
        INSERT INTO attempt (message_id, number, provider, started_at, outcome, detail, reply)
        SELECT id, :number, :provider, :started_at, :outcome, :detail, :reply FROM told
    )
    SELECT state, set_config('synchronous_commit', 'off', true) FROM told""")


def send_due(work_classes: Sequence[WorkClass], until: float) -> bool:
    """Send what is due, until nothing is; False when the (monotonic) time was over first.

    A class is looked at again before each batch of those after it: a code that comes meanwhile
    waits for one batch at most.
    """
    _settle(work_classes)
    away: set[str] = set()
    while batch := next(filter(None, (_claim(name, away) for name in work_classes)), None):
        for place, message in enumerate(batch):
            if time.monotonic() > until:
                _release(batch[place:])
                return False
            if message.channel in away:
                _release([message])
            elif _send(message):
                away.add(message.channel)
    return True


def _settle(work_classes: Sequence[WorkClass]) -> None:
    values = {"lease": LEASE_S, "goes_again": list(GOES_AGAIN)}
    with database.sessions.begin() as session:
        settled = session.execute(_SETTLE, values).all()
        expired = session.execute(_EXPIRE, {"classes": list(work_classes)}).all()
    for row in settled:
        with span(row.traceparent):
            log.warning("message.settled", message=str(row.id), was=row.was, state=row.state)
    if expired:
        log.warning("messages.expired", messages=len(expired))


def _claim(work_class: WorkClass, away: set[str]) -> list[Outgoing]:
    values = {"class": work_class, "away": sorted(away), "batch": BATCH, "lease": LEASE_S}
    with database.autocommit() as connection:
        return [Outgoing(**row) for row in connection.execute(_CLAIM, values).mappings()]


def _release(messages: list[Outgoing]) -> None:
    values = {"ids": [m.id for m in messages], "numbers": [m.number for m in messages]}
    with database.autocommit() as connection:
        connection.execute(_RELEASE, values)


def _send(message: Outgoing) -> bool:
    """One message, from claimed to its outcome; True when its provider is away."""
    provider = PROVIDERS[message.channel]
    started_at = datetime.now(UTC)
    with span(message.traceparent):
        answer = _prepare(message, provider)
        if answer is None:
            if not _mark(message, provider):
                log.warning("message.claim_lost", message=str(message.id), attempt=message.number)
                return False
            answer = provider.hand_over()
        _record(message, provider, answer, started_at)
    return answer.away


def _prepare(message: Outgoing, provider: Provider) -> Answer | None:
    try:
        return provider.prepare(message)
    except Exception as error:  # one that breaks our own code must not stop its neighbours
        log.exception("message.not_prepared", message=str(message.id))
        provider.abandon()
        return Answer("retryable", detail=repr(error))


def _mark(message: Outgoing, provider: Provider) -> bool:
    """Commit the hand-over mark; False when the lease was over and the message is not ours."""
    values = {"id": message.id, "number": message.number, "provider": provider.name}
    marked = False
    try:
        with database.autocommit() as connection:
            marked = connection.execute(_MARK, values | {"lease": LEASE_S}).rowcount == 1
    finally:
        if not marked:
            provider.abandon()
    return marked


def _record(message: Outgoing, provider: Provider, answer: Answer, started_at: datetime) -> None:
    state, delay = _fate(message, answer)
    values = {
        "id": message.id,
        "number": message.number,
        "provider": provider.name,
        "reference": answer.reference,
        "state": state,
        "delay": delay,
        "too_late": "unknown" if answer.outcome == "unknown" else "expired",
        "started_at": started_at,
        "outcome": answer.outcome,
        "detail": answer.detail,
        "reply": answer.reply,
    }
    recorded = _write(values)
    write = log.info if answer.outcome == "accepted" else log.warning
    write(
        f"{_LOGGED_AS.get(message.channel, message.channel)}.{answer.outcome}",
        message=str(message.id),
        provider=provider.name,
        code=answer.code,
        attempt=message.number,
        state=recorded,
        detail=answer.detail,
    )


def _write(values: dict[str, Any]) -> str | None:
    """Record an outcome; the new state, or None when somebody else has the message by now.

    A database that is away for a moment must not make a known outcome an unknown one.
    """
    give_up = time.monotonic() + RECORD_S
    while True:
        try:
            with database.autocommit() as connection:
                row = connection.execute(_RECORD, values).first()
                return str(row.state) if row else None
        except OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)


def _fate(message: Outgoing, answer: Answer) -> tuple[str, float]:
    """The message's next state, and the seconds until its next try."""
    if answer.outcome == "accepted":
        return "accepted", 0
    if answer.outcome == "permanent":
        return "failed", 0
    if answer.outcome == "unknown" and message.work_class not in GOES_AGAIN:
        return "unknown", 0
    delay = RETRY_S[min(message.number, len(RETRY_S)) - 1]
    # Spread, so that what failed together does not come back together.
    return "queued", delay * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
