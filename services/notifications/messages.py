"""Messages: write them down, find them again, forget what they said."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications.contents import Channel, render
from services.notifications.models import Attempt, Message
from services.notifications.resources import database
from services.notifications.rules import Rule
from services.notifications.settings import settings
from shared.security import Caller, in_scope
from shared.tracing import new_traceparent
from shared.web.formats import Language

log = structlog.get_logger()

PAGE = 50
CHUNK = 1000  # rows in one transaction of the purge


class MessageNotFound(LookupError):
    """No message has this id, or none that the caller may see."""


@dataclass(frozen=True, slots=True)
class Intent:
    """Somebody is to be told something. `values` fill the rule's template.

    It goes by e-mail if there is an address, and by SMS otherwise.
    """

    event_id: UUID
    traceparent: str
    email: str | None
    phone: str | None
    language: Language
    region_code: str
    expires_at: datetime
    values: Mapping[str, str]


# One statement and one value for any number of messages. A message that is there already, from an
# earlier delivery of its event, stays as it is.
_WRITE = text("""
    INSERT INTO message (id, event_id, rule, channel, recipient, class, region_code, language,
        template, subject, text, html, traceparent, expires_at, state)
    SELECT id, event_id, rule, channel, recipient, class, region_code, language,
        template, subject, text, html, traceparent, expires_at,
        CASE WHEN expires_at <= now() THEN 'expired' ELSE 'queued' END
    FROM json_populate_recordset(NULL::message, CAST(:rows AS json)) ORDER BY event_id
    ON CONFLICT (event_id, rule, recipient, channel) DO NOTHING RETURNING id""")

# Nothing that is still to be sent loses its contents.
_PURGE = text("""
    UPDATE message SET subject = NULL, text = NULL, html = NULL
    WHERE id = ANY (ARRAY(
        SELECT id FROM message
        WHERE text IS NOT NULL AND created_at < now() - make_interval(days => :days)
          AND state NOT IN ('queued', 'claimed', 'handing_over')
        ORDER BY created_at LIMIT :chunk FOR UPDATE SKIP LOCKED))
    RETURNING id""")


def write(session: Session, rule: Rule, intents: Iterable[Intent]) -> int:
    """Write messages down, each once; returns how many are new.

    One that comes after its time is kept as `expired` and never sent.
    """
    rows = [_row(rule, intent) for intent in intents if intent.email or intent.phone]
    return len(session.execute(_WRITE, {"rows": json.dumps(rows)}).all())


def _row(rule: Rule, intent: Intent) -> dict[str, Any]:
    channel: Channel = "email" if intent.email else "sms"
    contents = render(rule.template, channel, intent.language, intent.values)
    return {
        "id": str(uuid7()),
        "event_id": str(intent.event_id),
        "rule": rule.name,
        "channel": channel,
        "recipient": intent.email or intent.phone,
        "class": rule.work_class,
        "region_code": intent.region_code,
        "language": intent.language,
        "template": rule.template,
        "subject": contents.subject,
        "text": contents.text,
        "html": contents.html,
        "traceparent": new_traceparent(intent.traceparent),
        "expires_at": intent.expires_at.isoformat(),
    }


_SUMMARY = (
    Message.id,
    Message.created_at,
    Message.rule,
    Message.channel,
    Message.recipient,
    Message.work_class,
    Message.region_code,
    Message.language,
    Message.subject,
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


_KEY = re.compile(r"(/r/)[\w.\-]+")


def without_keys(contents: str | None) -> str | None:
    """What a message said, for an official's eyes: its signed links open nothing.

    Whoever holds the own link acts as the registrant, and that is not the official's right.
    """
    return contents and _KEY.sub(r"\1…", contents)


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
