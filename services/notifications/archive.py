"""What was sent to whom, for officials: find it again, and look at it."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, case, false, func, null, or_, select
from sqlalchemy.orm import Session

from services.notifications.console_schemas import MessageFilter
from services.notifications.contents import Contents
from services.notifications.models import NAME_WORDS, Message
from shared.security import Caller, in_scope

PAGE = 50
CLOCK = ZoneInfo("Asia/Jakarta")  # in which the days of the console begin


class MessageNotFound(LookupError):
    """No message has this id, or none that the caller may see."""


_SUMMARY = (
    Message.id,
    Message.created_at,
    Message.rule,
    Message.channel,
    Message.recipient,
    Message.person,
    Message.meeting_slug,
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


def conditions(wanted: MessageFilter, caller: Caller) -> list[ColumnElement[bool]]:
    """What a message must be like to be wanted by, and shown to, the caller.

    The beginning of a number is found as it is typed: 08.. finds +628.. as well; of a name, that of
    each of its words.
    """
    found = [in_scope(Message.region_code, caller)]
    if wanted.q.strip():
        found.append(or_(_begins(Message.recipient, wanted.q), _named(wanted.q)))
    if wanted.recipient.strip():
        found.append(_begins(Message.recipient, wanted.recipient))
    if wanted.person.strip():
        found.append(_named(wanted.person))
    exact = {
        Message.state: wanted.state,
        Message.work_class: wanted.work_class,
        Message.rule: wanted.rule,
        Message.template: wanted.template,
        Message.channel: wanted.channel,
        Message.meeting_slug: wanted.meeting,
    }
    found += [column == value for column, value in exact.items() if value]
    # Ids sort by time, and the list is in their order: so a range of days is a part of it.
    if wanted.since:
        found.append(Message.id >= first_id(wanted.since))
    if wanted.until:
        found.append(Message.id < first_id(wanted.until + timedelta(days=1)))
    return found


def page(
    session: Session, caller: Caller, wanted: MessageFilter, *, after: UUID | None = None
) -> tuple[Sequence[Row[*tuple[Any, ...]]], UUID | None]:
    """What the caller may see, newest first, and the id after which the next page begins."""
    query = select(*_SUMMARY).where(*conditions(wanted, caller))
    if after:
        query = query.where(Message.id < after)
    rows = session.execute(query.order_by(Message.id.desc()).limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def first_id(day: date) -> UUID:
    """The least id (UUID version 7) that a message of this day can have, in Jakarta."""
    begins = datetime.combine(day, time(), CLOCK)
    return UUID(int=int(begins.timestamp() * 1000) << 80)


def _begins(column: Any, typed: str) -> ColumnElement[bool]:
    beginning = re.sub(r"^0(?=8)", "+62", typed.strip().lower())
    return func.lower(column).startswith(beginning, autoescape=True)


def _named(typed: str) -> ColumnElement[bool]:
    """Names of which each word typed begins one."""
    words = " & ".join(f"{word}:*" for word in re.findall(r"[^\W_]+", typed))
    return NAME_WORDS.op("@@")(func.to_tsquery("simple", words)) if words else false()


def find(session: Session, caller: Caller, message_id: UUID) -> Message:
    """One message, to be read only. Raises `MessageNotFound`."""
    query = select(Message).where(Message.id == message_id, in_scope(Message.region_code, caller))
    message = session.scalars(query).one_or_none()
    if message is None:
        raise MessageNotFound(message_id)
    return message


# Every link to us, as keys stand in some of them: what it is for stays.
_KEY = re.compile(r"""(/(?:registration|reporting|notifications)/[\w-]+)[^\s"'<>]*""")


def seen_by_officials(message: Message) -> Contents | None:
    """What a message said, for an official's eyes: its links open nothing, a code is not there.

    Whoever holds a link acts as the registrant or gets the account, and that is not the official's
    right. None when the contents are deleted, or secret as a whole.
    """
    if message.text is None or message.work_class == "code":
        return None
    words, html = (_KEY.sub(r"\1/…", part or "") for part in (message.text, message.html))
    return Contents(words, message.subject, html or None)
