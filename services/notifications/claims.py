"""Who has a message: the statements that claim, mark, release and take back.

`claimed` says who has the message; if its worker dies, nothing was sent, and another may take it.
`handing_over` is committed just before the last byte; if the worker dies after that, nobody can
tell whether the provider has the message. The number of the attempt is the proof of a claim.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from services.notifications import messages
from services.notifications.providers.base import LooksUp, Outgoing, Provider
from services.notifications.resources import database
from services.notifications.rules import CAPPED, CLOSES, GOES_AGAIN, OPENS, WorkClass
from services.notifications.settings import settings
from services.notifications.suppressions import HOLDS
from shared.tracing import span

log = structlog.get_logger()

BATCH = 50  # messages claimed at once: the claim costs as much for one
# Longer than what comes before a hand-over, and longer than what comes after it. Together with the
# time to the next sweep and that for a look-up less than the two minutes in which all is settled.
LEASE_S = 60
LOOK_UP_S = 40
# How long what somebody waits for waits for a channel that is away, before it takes the next one.
PATIENCE_S: Mapping[WorkClass, float] = {"code": 30, "transactional": 15 * 60}
MOST_TURNED_AWAY = 1000  # in one statement; the next shift goes on

_EXPIRE = text("""
    UPDATE message SET state = 'expired', state_reason = 'late'
    WHERE state = 'queued' AND class = ANY (CAST(:classes AS text[])) AND expires_at <= now()
      AND (next_attempt_at <= now() OR next_attempt_at = 'infinity')
    RETURNING id""")

# Leases that are over: their workers are dead, or as good as dead. What was not handed over goes
# back; of the rest what can be looked up, and else only what may come twice: once more, and then it
# is shown, lest it kill one worker after another. Each hand-over is reckoned at its provider's
# price, which `unknowns` takes off again where it turns out to be missing.
_SETTLE = text("""
    WITH stale AS (
        SELECT id, attempts, state, class, expires_at, provider, handed_over_at, lease_until
        FROM message WHERE lease_until <= now() ORDER BY lease_until FOR UPDATE SKIP LOCKED
    ), told AS (
        INSERT INTO attempt (message_id, number, provider, started_at, outcome, detail, reply)
        SELECT id, attempts, provider, lease_until - make_interval(secs => :lease),
               CASE state WHEN 'claimed' THEN 'lost' ELSE 'unknown' END, 'the lease is over', ''
        FROM stale ON CONFLICT (message_id, number, outcome) DO NOTHING
    )
    UPDATE message SET lease_until = NULL, next_attempt_at = now(),
        refusals = refusals + CASE stale.state WHEN 'handing_over' THEN 1 ELSE 0 END,
        cost = CASE WHEN stale.state = 'handing_over' AND CAST(:prices AS jsonb) ? stale.provider
            THEN coalesce(cost, 0)
                + CAST(CAST(:prices AS jsonb) ->> stale.provider AS numeric) * coalesce(parts, 1)
            ELSE cost END,
        settle_until = CASE WHEN stale.state = 'handing_over'
            AND stale.provider = ANY (CAST(:look_up AS text[]))
            THEN now() + make_interval(secs => :look_up_s) END,
        state = CASE
            WHEN stale.state = 'claimed' THEN 'queued'
            WHEN stale.provider = ANY (CAST(:look_up AS text[])) THEN 'unknown'
            WHEN stale.class = ANY (CAST(:goes_again AS text[])) AND stale.expires_at > now()
             AND NOT EXISTS (SELECT FROM attempt WHERE message_id = stale.id
                AND attempt.number < stale.attempts AND attempt.outcome = 'unknown')
                THEN 'queued'
            ELSE 'unknown' END
    FROM stale WHERE message.id = stale.id
    RETURNING message.id, message.traceparent, stale.state AS was, message.state""")

# What somebody does not want, what comes at night and what is too much for one day is judged here,
# as late as can be. `told` counts what went to the same person since midnight where they live; a
# reminder is neither counted nor held back: tomorrow it would be no use.
_CLAIM = text(f"""
    WITH due AS (
        SELECT id, channel, class, recipient, region_code, zone,
            now() AT TIME ZONE coalesce(zone, 'UTC') AS clock
        FROM message
        WHERE state = 'queued' AND class = :class AND next_attempt_at <= now()
          AND expires_at > now() AND channel <> ALL (CAST(:away AS text[]))
          AND (announcement_id IS NULL OR NOT EXISTS (SELECT FROM announcement
              WHERE announcement.id = announcement_id
                AND announcement.state IN ('paused', 'cancelled')))
        ORDER BY next_attempt_at LIMIT :batch FOR UPDATE OF message SKIP LOCKED
    ), judged AS (
        SELECT due.*, CASE
            WHEN EXISTS (SELECT FROM suppression
                WHERE suppression.channel = due.channel AND address = lower(recipient)
                  AND {HOLDS.format(message="due")}) THEN 'suppressed'
            WHEN EXISTS (SELECT FROM preference
                WHERE address = lower(recipient) AND preference.class = due.class) THEN 'unwanted'
            WHEN zone IS NULL THEN 'claimed'
            WHEN extract(hour FROM clock) NOT BETWEEN :opens AND :closes - 1 THEN 'night'
            WHEN due.class = ANY (CAST(:capped AS text[]))
             AND (SELECT count(*) FROM message AS told
                  WHERE lower(told.recipient) = lower(due.recipient) AND told.zone IS NOT NULL
                    AND told.class = ANY (CAST(:capped AS text[]))
                    AND (told.state IN ('claimed', 'handing_over')
                         OR told.state IN ('accepted', 'delivered', 'read', 'unknown')
                        AND told.handed_over_at
                            >= date_trunc('day', clock) AT TIME ZONE due.zone))
                 + row_number() OVER (PARTITION BY lower(recipient)) > :cap THEN 'cap'
            ELSE 'claimed' END AS verdict
        FROM due
    )
    UPDATE message SET
        state = CASE verdict WHEN 'claimed' THEN 'claimed'
            WHEN 'suppressed' THEN 'suppressed' WHEN 'unwanted' THEN 'suppressed'
            ELSE 'queued' END,
        state_reason = CASE verdict WHEN 'claimed' THEN '' ELSE verdict END,
        attempts = attempts + CASE verdict WHEN 'claimed' THEN 1 ELSE 0 END,
        lease_until = CASE verdict WHEN 'claimed'
            THEN now() + make_interval(secs => :lease) END,
        next_attempt_at = CASE
            WHEN verdict = 'night' AND extract(hour FROM clock) < :opens
                THEN (date_trunc('day', clock) + make_interval(hours => :opens))
                     AT TIME ZONE judged.zone
            WHEN verdict IN ('night', 'cap')
                THEN (date_trunc('day', clock) + make_interval(days => 1, hours => :opens))
                     AT TIME ZONE judged.zone
            ELSE next_attempt_at END
    FROM judged WHERE message.id = judged.id
    RETURNING message.id, attempts AS number, message.channel, message.class AS work_class,
        message.recipient, language, template, coalesce(subject, '') AS subject,
        coalesce(text, '') AS text, coalesce(html, '') AS html,
        coalesce(parameters, '[]') AS parameters, coalesce(attachments, '[]') AS attachments,
        unsubscribe, coalesce(parts, 1) AS parts, provider AS last_provider, refusals,
        traceparent, verdict""")

# Whoever was told by the next channel already waits for this one: an official wants it so.
_TURN_AWAY = text("""
    WITH waiting AS (
        SELECT id FROM message
        WHERE state = 'queued' AND class = :class AND channel = ANY (CAST(:away AS text[]))
          AND created_at <= now() - make_interval(secs => :seconds) AND expires_at > now()
          AND fallbacks IS NOT NULL AND EXISTS (
            SELECT FROM jsonb_array_elements(fallbacks) AS way
            WHERE way ->> 'channel' <> ALL (CAST(:closed AS text[])))
          AND NOT EXISTS (SELECT FROM message AS next WHERE next.fallback_of = message.id)
        ORDER BY next_attempt_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE message SET state = 'failed', state_reason = 'away'
    FROM waiting WHERE message.id = waiting.id RETURNING message.id""")

# Two workers must not both see that one more is allowed to somebody.
_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtext('notifications.claims'))")

_RELEASE = text("""
    UPDATE message SET state = 'queued', attempts = attempts - 1, lease_until = NULL,
        next_attempt_at = greatest(next_attempt_at, now() + make_interval(secs => mine.wait))
    FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[]), CAST(:waits AS float[]))
        AS mine(id, number, wait)
    WHERE message.id = mine.id AND attempts = mine.number AND state = 'claimed'""")

_MARK = text("""
    UPDATE message SET state = 'handing_over', provider = :provider, handed_over_at = now(),
        lease_until = now() + make_interval(secs => :lease)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[])) AS mine(id, number)
    WHERE message.id = mine.id AND attempts = mine.number AND state = 'claimed'
    RETURNING message.id""")


@dataclass(frozen=True, slots=True)
class Batch:
    """What was due: the messages that are ours now, and how many were looked at in all."""

    messages: list[Outgoing] = field(default_factory=list)
    seen: int = 0


def claim(work_class: WorkClass, away: Collection[str], most: int = BATCH) -> Batch:
    """Take what is due of one class and may go now, the oldest first."""
    values = {
        "class": work_class,
        "away": sorted(away),
        "batch": most,
        "lease": LEASE_S,
        "opens": OPENS,
        "closes": CLOSES,
        "cap": settings().daily_cap,
        "capped": list(CAPPED),
    }
    with database.sessions.begin() as session:
        if work_class in CAPPED:
            session.execute(_ONE_BY_ONE)
        rows = [dict(row) for row in session.execute(_CLAIM, values).mappings()]
        rows.sort(key=itemgetter("id"))  # what was updated comes back in any order
        verdicts = {row["id"]: row.pop("verdict") for row in rows}
        held = [identity for identity, verdict in verdicts.items() if verdict == "suppressed"]
        if held:
            messages.fall_back(session, held)
    mine = [Outgoing(**row) for row in rows if verdicts[row["id"]] == "claimed"]
    return Batch(mine, len(rows))


def release(batch: Sequence[Outgoing], waits: Mapping[UUID, float] | None = None) -> None:
    """Put back what was not begun, for now or for so many seconds."""
    if not batch:
        return
    values = _mine(batch) | {"waits": [(waits or {}).get(one.id, 0.0) for one in batch]}
    with database.autocommit() as connection:
        connection.execute(_RELEASE, values)


def mark(batch: Sequence[Outgoing], provider: Provider) -> set[UUID]:
    """Commit the hand-over marks; returns those that are still ours."""
    values = _mine(batch) | {"provider": provider.name, "lease": LEASE_S}
    with database.autocommit() as connection:
        return set(connection.execute(_MARK, values).scalars())


def settle(work_classes: Sequence[WorkClass], providers: Collection[Provider]) -> None:
    """Take back what dead workers had, and drop what is too late."""
    values = {
        "lease": LEASE_S,
        "goes_again": list(GOES_AGAIN),
        "look_up": [one.name for one in providers if isinstance(one, LooksUp)],
        "look_up_s": LOOK_UP_S,
        "prices": json.dumps({one.name: str(one.price) for one in providers if one.price}),
    }
    with database.sessions.begin() as session:
        settled = session.execute(_SETTLE, values).all()
        expired = session.execute(_EXPIRE, {"classes": list(work_classes)}).all()
    for row in settled:
        with span(row.traceparent):
            log.warning("message.settled", message=str(row.id), was=row.was, state=row.state)
    if expired:
        log.warning("messages.expired", messages=len(expired))


def turn_away(work_class: WorkClass, away: Collection[str], closed: Collection[str]) -> int:
    """Tell by the next channel what has waited too long for one that is away; returns how much.

    `closed` are the channels that nothing can go by now: there is no use in moving to another of
    them, when none after it is open.
    """
    values = {
        "class": work_class,
        "away": sorted(away),
        "closed": sorted(closed),
        "seconds": PATIENCE_S[work_class],
        "most": MOST_TURNED_AWAY,
    }
    with database.sessions.begin() as session:
        turned = list(session.execute(_TURN_AWAY, values).scalars())
        messages.fall_back(session, turned)
    if turned:
        log.warning("messages.turned_away", channels=sorted(away), messages=len(turned))
    return len(turned)


def _mine(batch: Sequence[Outgoing]) -> dict[str, Any]:
    return {"ids": [one.id for one in batch], "numbers": [one.number for one in batch]}
