"""What was sent to whom, for officials: find it again, and look at it."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, case, func, null, select
from sqlalchemy.orm import Session

from services.notifications.contents import Contents
from services.notifications.models import Attempt, Message
from shared.security import Caller, in_scope

PAGE = 50


class MessageNotFound(LookupError):
    """No message has this id, or none that the caller may see."""


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
