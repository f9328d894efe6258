"""Messages: written down once, each in the words of its reader."""

import json
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications import contents, rule_settings, ways
from services.notifications.intents import Intent
from services.notifications.rules import ENDING, GOES_AGAIN, Rule
from shared import regions
from shared.tracing import new_traceparent

CAPITAL = "Asia/Jakarta"  # the clock of whoever belongs to no region

# Writers share it, an erasure has it alone: so it sees all that was written before it, and whoever
# writes after it sees the erasure.
_WRITERS = "hashtext('notifications.message')"
_AMONG_WRITERS = text(f"SELECT pg_advisory_xact_lock_shared({_WRITERS})")

# One statement and one value for any number of messages. A message that is there already, from an
# earlier delivery of its event, stays as it is; what its end has overtaken comes too late.
_WRITE = text("""
    INSERT INTO message (id, event_id, about, version, person, meeting_slug, announcement_id, rule,
        class, region_code, zone, language, template, template_version, channel, recipient, subject,
        text, html, parameters, attachments, unsubscribe, parts, fallbacks, traceparent, expires_at,
        state)
    SELECT id, event_id, about, version, person, meeting_slug, announcement_id, rule,
        class, region_code, zone, language, template, template_version, channel, recipient, subject,
        text, html, parameters, attachments, unsubscribe, parts, fallbacks, traceparent, expires_at,
        CASE WHEN expires_at <= now() OR EXISTS (
            SELECT FROM message AS ending
            WHERE ending.about = told.about AND ending.version > told.version
              AND ending.rule = ANY (CAST(:ending AS text[])))
        THEN 'expired' ELSE 'queued' END
    FROM json_populate_recordset(NULL::message, CAST(:rows AS json)) AS told
    WHERE NOT EXISTS (SELECT FROM erased_subject WHERE erased_subject.about = told.about)
    ORDER BY event_id
    ON CONFLICT (event_id, rule, recipient, channel) DO NOTHING RETURNING id""")

_OVERTAKE = text("""
    UPDATE message SET state = 'expired'
    FROM json_to_recordset(CAST(:rows AS json)) AS told(about text, version int)
    WHERE message.about = told.about AND message.version < told.version
      AND message.state = 'queued'""")

# Its contents were made when the message was written, for every channel that its rule allows.
_FALL_BACK = text("""
    INSERT INTO message (id, event_id, about, version, person, rule, channel, recipient, class,
        region_code, zone, language, template, template_version, subject, text, html, parameters,
        attachments, unsubscribe, parts, fallbacks, fallback_of, meeting_slug, announcement_id,
        traceparent, expires_at, state)
    SELECT uuidv7(), event_id, about, version, person, rule, way ->> 'channel',
        way ->> 'recipient', class, region_code, zone, language, template, template_version,
        way ->> 'subject', way ->> 'text', way ->> 'html', way -> 'parameters',
        way -> 'attachments', way ->> 'unsubscribe', CAST(way ->> 'parts' AS int),
        nullif(fallbacks - 0, '[]'), id, meeting_slug, announcement_id, traceparent, expires_at,
        'queued'
    FROM message, LATERAL (SELECT fallbacks -> 0) AS next(way)
    WHERE id = ANY (CAST(:ids AS uuid[])) AND way IS NOT NULL AND expires_at > now()
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


def fall_back(session: Session, ids: Collection[UUID]) -> int:
    """Tell by the next channel what these messages could not; returns for how many there is one."""
    return len(session.execute(_FALL_BACK, {"ids": list(ids)}).all())


def _row(rule: Rule, intent: Intent, wording: contents.Wording) -> dict[str, Any] | None:
    """One message, with all its ways out; None when there is none to this person."""
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
        "zone": None if rule.work_class in GOES_AGAIN else _zone(intent.region_code),
        "language": intent.language,
        "template": rule.template,
        "template_version": wording.version,
        **found[0],
        "fallbacks": found[1:] or None,
        "traceparent": new_traceparent(intent.traceparent),
        "expires_at": intent.expires_at.isoformat(),
    }


def _zone(region_code: str) -> str:
    province = regions.find(region_code[:2])  # it is known even when a village is newer than we
    return province.zone if province else CAPITAL
