"""Messages: written down once, each in the words of its reader."""

import json
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications import contents, rule_settings, ways
from services.notifications.intents import Intent
from services.notifications.rules import GOES_AGAIN, OVERTAKEN_BY, Rule
from shared import regions
from shared.tracing import new_traceparent

log = structlog.get_logger()

# Writers share it, an erasure has it alone: so it sees all that was written before it, and whoever
# writes after it sees the erasure.
_WRITERS = "hashtext('notifications.message')"
_AMONG_WRITERS = text(f"SELECT pg_advisory_xact_lock_shared({_WRITERS})")
_ALONE = text(f"SELECT pg_advisory_xact_lock({_WRITERS})")

WHAT = """about, version, person, rule, class, region_code, zone, language, template,
        template_version, meeting_slug, announcement_id, traceparent"""
"""The columns of a message that stay the same whichever way it goes."""
WAY = """channel, recipient, subject, text, html, parameters, attachments, unsubscribe, parts,
        fallbacks"""

# Whether there is later news of what `{message}` tells, whatever became of it.
OVERTAKEN = """EXISTS (SELECT FROM message AS newer
        WHERE newer.about = {message}.about AND newer.version > {message}.version
          AND CAST(:overtaken_by AS jsonb) -> {message}.rule ? newer.rule)"""
OVERTAKERS = {"overtaken_by": json.dumps(OVERTAKEN_BY)}
"""The values of `OVERTAKEN`."""

# One statement and one value for any number of messages. A message that is there already, from an
# earlier delivery of its event, stays as it is; what is overtaken comes too late.
_WRITE = text(f"""
    INSERT INTO message ({WHAT}, {WAY}, id, event_id, expires_at, state, state_reason)
    SELECT {WHAT}, {WAY}, id, event_id, expires_at,
        CASE WHEN expires_at <= now() OR overtaken THEN 'expired'
            ELSE coalesce(state, 'queued') END,
        CASE WHEN overtaken THEN 'overtaken' ELSE coalesce(state_reason, '') END
    FROM json_populate_recordset(NULL::message, CAST(:rows AS json)) AS told,
        LATERAL (SELECT {OVERTAKEN.format(message="told")} AS overtaken) AS later
    WHERE NOT EXISTS (SELECT FROM erased_subject WHERE erased_subject.about = told.about)
    ORDER BY event_id
    ON CONFLICT (event_id, rule, recipient, channel) DO NOTHING RETURNING state""")

# What a worker has in its hands it may still send; if it puts it back, its time is over. Two that
# are written in the same moment do not see each other: there is always time between two changes of
# a registration, and of what is queued the older one goes first.
_OVERTAKE = text("""
    UPDATE message SET state = CASE state WHEN 'queued' THEN 'expired' ELSE state END,
        state_reason = 'overtaken', expires_at = least(expires_at, now())
    WHERE id = ANY (ARRAY(
        SELECT message.id
        FROM json_to_recordset(CAST(:rows AS json)) AS told(about text, version int)
        JOIN message ON message.about = told.about AND message.version < told.version
        WHERE message.rule = ANY (CAST(:rules AS text[]))
          AND message.state IN ('queued', 'claimed', 'handing_over')
        ORDER BY message.id FOR UPDATE OF message))""")

# Its contents were made when the message was written, for every channel that its rule allows.
_FALL_BACK = text(f"""
    INSERT INTO message ({WHAT}, {WAY}, id, event_id, fallback_of, expires_at, state)
    SELECT {WHAT}, way ->> 'channel', way ->> 'recipient', way ->> 'subject', way ->> 'text',
        way ->> 'html', way -> 'parameters', way -> 'attachments', way ->> 'unsubscribe',
        CAST(way ->> 'parts' AS int), nullif(fallbacks - 0, '[]'),
        uuidv7(), event_id, id, expires_at, 'queued'
    FROM message, LATERAL (SELECT fallbacks -> 0) AS next(way)
    WHERE id = ANY (CAST(:ids AS uuid[])) AND way IS NOT NULL AND expires_at > now()
      AND NOT {OVERTAKEN.format(message="message")}
      AND NOT EXISTS (SELECT FROM announcement
          WHERE announcement.id = announcement_id AND announcement.state = 'cancelled')
      AND (class <> 'reminder' OR NOT EXISTS (SELECT FROM meeting
          WHERE slug = meeting_slug AND cancelled))
    ON CONFLICT (event_id, rule, recipient, channel) DO NOTHING RETURNING id""")


def write(
    session: Session,
    rule: Rule,
    intents: Iterable[Intent],
    wording: contents.Wording | None = None,
) -> int:
    """Write messages down, each once; returns how many are new and have a way to go.

    One that comes after its time, or after later news of the same sort, is kept as `expired` and
    never sent, as are older ones that still wait (`rules.OVERTAKEN_BY`); of whom we were told to
    forget nothing is kept at all. What no way leads to is kept as `failed` (`no_way`), so that
    somebody can see it. Without a `wording` it is the one in use.
    """
    wording = wording or contents.in_use(session, rule.template)
    state = rule_settings.in_force(session, rule)
    rows = json.dumps([_row(state.rule, intent, wording) for intent in intents])
    join_writers(session)
    added = 0
    if state.enabled:
        written = session.scalars(_WRITE, {"rows": rows, **OVERTAKERS})
        added = sum(one != "failed" for one in written)
    if older := [name for name, newer in OVERTAKEN_BY.items() if rule.name in newer]:
        session.execute(_OVERTAKE, {"rows": rows, "rules": older})
    return added


def join_writers(session: Session) -> None:
    """Hold erasures back until this transaction ends; before the first lock on any row."""
    session.execute(_AMONG_WRITERS)


def keep_writers_out(session: Session) -> None:
    """Write alone until this transaction ends.

    Before `join_writers` in the same transaction: of two that have joined, and both want to be
    alone, one is killed.
    """
    session.execute(_ALONE)


def fall_back(session: Session, ids: Collection[UUID]) -> int:
    """Tell by the next channel what these messages could not; returns for how many there is one."""
    return len(session.execute(_FALL_BACK, {"ids": list(ids), **OVERTAKERS}).all())


def _row(rule: Rule, intent: Intent, wording: contents.Wording) -> dict[str, Any]:
    """One message, with all its ways out."""
    try:
        found = ways.ways(rule, intent, wording)
    except contents.FAILURES as error:
        if wording.version is None:
            raise
        # One reader whom an edited wording does not fit must not keep it from all the others.
        log.warning(
            "template.fell_back",
            template=rule.template,
            version=wording.version,
            error=type(error).__name__,
        )
        wording = contents.base(rule.template)
        found = ways.ways(rule, intent, wording)
    return {
        "id": str(uuid7()),
        "event_id": str(intent.event_id),
        "about": intent.about,
        "version": intent.version,
        "person": intent.person,
        "meeting_slug": intent.meeting_slug,
        "announcement_id": intent.announcement_id and str(intent.announcement_id),
        "rule": rule.name,
        "class": rule.work_class,
        "region_code": intent.region_code,
        "zone": None if rule.work_class in GOES_AGAIN else regions.zone_of(intent.region_code),
        "language": intent.language,
        "template": rule.template,
        "template_version": wording.version,
        **(found[0] if found else _no_way(rule, intent)),
        "fallbacks": found[1:] or None,
        "traceparent": new_traceparent(intent.traceparent),
        "expires_at": intent.expires_at.isoformat(),
    }


def _no_way(rule: Rule, intent: Intent) -> dict[str, Any]:
    """What is kept of a message that cannot go: by which address we would know the person."""
    return {
        "channel": rule.channels[0],
        "recipient": intent.email or intent.phone or "-",
        "state": "failed",
        "state_reason": "no_way",
    }
