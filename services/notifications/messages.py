"""Messages: write them down, find them again, forget what they said."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, case, func, null, select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications.contents import Contents, render
from services.notifications.models import Attempt, Message
from services.notifications.providers import registry
from services.notifications.providers.base import Channel
from services.notifications.resources import database
from services.notifications.rules import ENDING, GOES_AGAIN, OWN_LINKS, Rule
from services.notifications.settings import settings
from shared import regions
from shared.security import Caller, in_scope
from shared.tracing import new_traceparent
from shared.web.formats import Language

log = structlog.get_logger()

PAGE = 50
CAPITAL = "Asia/Jakarta"  # the clock of whoever belongs to no region
CHUNK = 1000  # rows in one transaction of the purge


class MessageNotFound(LookupError):
    """No message has this id, or none that the caller may see."""


@dataclass(frozen=True, slots=True)
class Intent:
    """Somebody is to be told something. `values` fill the rule's template.

    It goes by the rule's channels. `about` is the event's subject; of two messages about one thing
    the one of the lower `version` is the older. `person` is whose address it is.
    """

    event_id: UUID
    about: str
    version: int | None
    traceparent: str
    email: str | None
    phone: str | None
    language: Language
    region_code: str
    expires_at: datetime
    values: Mapping[str, Any]
    person: str | None = None
    meeting_slug: str | None = None


# Writers share it, an erasure has it alone: so it sees all that was written before it, and whoever
# writes after it sees the erasure.
_WRITERS = "hashtext('notifications.message')"
_AMONG_WRITERS = text(f"SELECT pg_advisory_xact_lock_shared({_WRITERS})")
_ALONE = text(f"SELECT pg_advisory_xact_lock({_WRITERS})")

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

_REMEMBER_ERASED = text("""
    INSERT INTO erased_subject (about) SELECT unnest(CAST(:about AS text[])) AS about ORDER BY about
    ON CONFLICT DO NOTHING""")

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

# What a worker is just handing over can no longer be held back; it does not go again. The lists of
# links that went to the same addresses name the person as well.
_ERASE = text("""
    WITH mine AS (
        SELECT id, recipient FROM message WHERE about = ANY (CAST(:about AS text[]))
    ), erased AS (
        UPDATE message SET subject = NULL, text = NULL, html = NULL, recipient = '', person = NULL,
            parameters = NULL, attachments = NULL, fallbacks = NULL, unsubscribe = NULL,
            settle_until = NULL, state_reason = CASE
                WHEN state IN ('queued', 'claimed') THEN 'erased' ELSE state_reason END,
            state = CASE WHEN state IN ('queued', 'claimed') THEN 'suppressed' ELSE state END,
            lease_until = CASE WHEN state = 'claimed' THEN NULL ELSE lease_until END,
            expires_at = least(expires_at, now())
        WHERE id IN (SELECT id FROM mine)
           OR rule = :own_links AND lower(recipient) IN (
                  SELECT lower(recipient) FROM mine WHERE recipient <> '')
        RETURNING id
    )
    UPDATE attempt SET detail = '', reply = '' FROM erased WHERE message_id = erased.id""")

# Nothing that is still to be sent loses its contents.
_PURGE = text("""
    UPDATE message SET subject = NULL, text = NULL, html = NULL, parameters = NULL,
        attachments = NULL, fallbacks = NULL, unsubscribe = NULL
    WHERE id = ANY (ARRAY(
        SELECT id FROM message
        WHERE text IS NOT NULL AND created_at < now() - make_interval(days => :days)
          AND state NOT IN ('queued', 'claimed', 'handing_over')
        ORDER BY created_at LIMIT :chunk FOR UPDATE SKIP LOCKED))
    RETURNING id""")

# A code that is over is not sent either.
_PURGE_CODES = text("""
    UPDATE message SET subject = NULL, text = NULL, html = NULL, parameters = NULL,
        attachments = NULL, fallbacks = NULL, unsubscribe = NULL
    WHERE class = 'code' AND text IS NOT NULL AND expires_at <= now()""")


def write(session: Session, rule: Rule, intents: Iterable[Intent]) -> int:
    """Write messages down, each once; returns how many are new.

    One that comes after its time, or after what ended the thing it is about, is kept as `expired`
    and never sent; of whom we were told to forget nothing is kept at all.
    """
    rows = json.dumps([row for intent in intents if (row := _row(rule, intent))])
    session.execute(_AMONG_WRITERS)
    added = len(session.execute(_WRITE, {"rows": rows, "ending": list(ENDING)}).all())
    if rule.ends:
        session.execute(_OVERTAKE, {"rows": rows})
    return added


def fall_back(session: Session, ids: Collection[UUID]) -> int:
    """Tell by the next channel what these messages could not; returns for how many there is one."""
    return len(session.execute(_FALL_BACK, {"ids": list(ids)}).all())


def erase(session: Session, about: Iterable[str]) -> None:
    """Delete recipients and contents of all messages about these; that they were sent stays.

    What is still queued is dropped, and what comes later is not written down.
    """
    values = {"about": sorted(set(about)), "own_links": OWN_LINKS.name}
    session.execute(_ALONE)
    session.execute(_REMEMBER_ERASED, values)
    session.execute(_ERASE, values)


def _row(rule: Rule, intent: Intent) -> dict[str, Any] | None:
    """One message, with all its ways out; None when there is none to this person."""
    addresses = {"email": intent.email, "whatsapp": intent.phone, "sms": intent.phone}
    ways = [
        _way(rule, intent, channel, address)
        for channel in rule.channels
        if (address := addresses[channel]) and channel in registry.ways()
    ]
    if not ways:
        return None
    return {
        "id": str(uuid7()),
        "event_id": str(intent.event_id),
        "about": intent.about,
        "version": intent.version,
        "person": intent.person,
        "meeting_slug": intent.meeting_slug,
        "rule": rule.name,
        "class": rule.work_class,
        "region_code": intent.region_code,
        "zone": None if rule.work_class in GOES_AGAIN else _zone(intent.region_code),
        "language": intent.language,
        "template": rule.template,
        **ways[0],
        "fallbacks": ways[1:] or None,
        "traceparent": new_traceparent(intent.traceparent),
        "expires_at": intent.expires_at.isoformat(),
    }


def _way(rule: Rule, intent: Intent, channel: Channel, address: str) -> dict[str, Any]:
    contents = render(rule.template, channel, intent.language, intent.values)
    return {
        "channel": channel,
        "recipient": address,
        "subject": contents.subject,
        "text": contents.text,
        "html": contents.html,
    }


def _zone(region_code: str) -> str:
    region = regions.find(region_code)
    return region.zone if region else CAPITAL


_SUMMARY = (
    Message.id,
    Message.created_at,
    Message.rule,
    Message.channel,
    Message.recipient,
    Message.work_class,
    Message.region_code,
    Message.language,
    # A code is nobody's but its recipient's.
    case((Message.work_class == "code", null()), else_=Message.subject).label("subject"),
    Message.state,
    Message.attempts,
    Message.next_attempt_at,
    Message.accepted_at,
    Message.expires_at,
    Message.provider,
)


def page(
    session: Session,
    caller: Caller,
    *,
    recipient: str = "",
    state: str | None = None,
    after: UUID | None = None,
) -> tuple[Sequence[Row[*tuple[Any, ...]]], UUID | None]:
    """What the caller may see, newest first, and the id after which the next page begins.

    `recipient` is the beginning of an address or number; 08.. finds +628.. as well.
    """
    query = select(*_SUMMARY).where(in_scope(Message.region_code, caller))
    if recipient.strip():
        begins = re.sub(r"^0(?=8)", "+62", recipient.strip().lower())
        query = query.where(func.lower(Message.recipient).startswith(begins, autoescape=True))
    if state:
        query = query.where(Message.state == state)
    if after:
        query = query.where(Message.id < after)
    rows = session.execute(query.order_by(Message.id.desc()).limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def find(session: Session, caller: Caller, message_id: UUID) -> Message:
    """One message, to be read only. Raises `MessageNotFound`."""
    query = select(Message).where(Message.id == message_id, in_scope(Message.region_code, caller))
    message = session.scalars(query).one_or_none()
    if message is None:
        raise MessageNotFound(message_id)
    return message


def attempts(session: Session, message_id: UUID) -> Sequence[Attempt]:
    """Every try to hand a message over, oldest first."""
    query = select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.id)
    return session.scalars(query).all()


# Every link into registration, as keys stand in some of them: what it is for stays.
_KEY = re.compile(r"""(/registration/[\w-]+)[^\s"'<>]*""")


def seen_by_officials(message: Message) -> Contents | None:
    """What a message said, for an official's eyes: its links open nothing, a code is not there.

    Whoever holds a link acts as the registrant or gets the account, and that is not the official's
    right. None when the contents are deleted, or secret as a whole.
    """
    if message.text is None or message.work_class == "code":
        return None
    words, html = (_KEY.sub(r"\1/…", part or "") for part in (message.text, message.html))
    return Contents(words, message.subject, html or None)


def purge_contents() -> int:
    """Remove what messages said after `keep_content_days`; who was told when stays."""
    purged = 0
    values = {"days": settings().keep_content_days, "chunk": CHUNK}
    while True:
        with database.sessions.begin() as session:
            rows = len(session.execute(_PURGE, values).all())
        purged += rows
        if rows < CHUNK:
            log.info("contents.purged", messages=purged)
            return purged


def purge_codes(session: Session) -> None:
    """Remove the codes whose time is over, sent or not."""
    session.execute(_PURGE_CODES)
