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
from services.notifications.rules import ENDING, GOES_AGAIN, Rule
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

# One statement and one value for any number of messages. A message that is there already, from an
# earlier delivery of its event, stays as it is; what its end has overtaken comes too late.
_WRITE = text(f"""
    INSERT INTO message ({WHAT}, {WAY}, id, event_id, expires_at, state)
    SELECT {WHAT}, {WAY}, id, event_id, expires_at,
        CASE WHEN expires_at <= now() OR EXISTS (
            SELECT FROM message AS ending
            WHERE ending.about = told.about AND ending.version > told.version
              AND ending.rule = ANY (CAST(:ending AS text[])))
        THEN 'expired' ELSE 'queued' END
    FROM json_populate_recordset(NULL::message, CAST(:rows AS json)) AS told
    WHERE NOT EXISTS (SELECT FROM erased_subject WHERE erased_subject.about = told.about)
    ORDER BY event_id
    ON CONFLICT (event_id, rule, recipient, channel) DO NOTHING RETURNING id""")

# What a worker has in its hands it may still send; if it puts it back, its time is over.
_OVERTAKE = text("""
    UPDATE message SET state = CASE state WHEN 'queued' THEN 'expired' ELSE state END,
        expires_at = least(expires_at, now())
    FROM json_to_recordset(CAST(:rows AS json)) AS told(about text, version int)
    WHERE message.about = told.about AND message.version < told.version
      AND message.state IN ('queued', 'claimed', 'handing_over')""")

# Its contents were made when the message was written, for every channel that its rule allows.
_FALL_BACK = text(f"""
    INSERT INTO message ({WHAT}, {WAY}, id, event_id, fallback_of, expires_at, state)
    SELECT {WHAT}, way ->> 'channel', way ->> 'recipient', way ->> 'subject', way ->> 'text',
        way ->> 'html', way -> 'parameters', way -> 'attachments', way ->> 'unsubscribe',
        CAST(way ->> 'parts' AS int), nullif(fallbacks - 0, '[]'),
        uuidv7(), event_id, id, expires_at, 'queued'
    FROM message, LATERAL (SELECT fallbacks -> 0) AS next(way)
    WHERE id = ANY (CAST(:ids AS uuid[])) AND way IS NOT NULL AND expires_at > now()
      AND NOT EXISTS (SELECT FROM message AS ending
          WHERE ending.about = message.about AND ending.version > message.version
            AND ending.rule = ANY (CAST(:ending AS text[])))
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
    """Write messages down, each once; returns how many are new.

    One that comes after its time, or after what ended the thing it is about, is kept as `expired`
    and never sent; of whom we were told to forget nothing is kept at all. Without a `wording` it is
    the one in use.
    """
    wording = wording or contents.in_use(session, rule.template)
    state = rule_settings.in_force(session, rule)
    rows = json.dumps([row for intent in intents if (row := _row(state.rule, intent, wording))])
    join_writers(session)
    added = 0
    if state.enabled:
        added = len(session.execute(_WRITE, {"rows": rows, "ending": list(ENDING)}).all())
    if rule.ends:
        session.execute(_OVERTAKE, {"rows": rows})
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
    return len(session.execute(_FALL_BACK, {"ids": list(ids), "ending": list(ENDING)}).all())


def _row(rule: Rule, intent: Intent, wording: contents.Wording) -> dict[str, Any] | None:
    """One message, with all its ways out; None when there is none to this person."""
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
    if not found:
        return None
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
        **found[0],
        "fallbacks": found[1:] or None,
        "traceparent": new_traceparent(intent.traceparent),
        "expires_at": intent.expires_at.isoformat(),
    }
