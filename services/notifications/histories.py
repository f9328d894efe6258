"""One message's whole story, in order: tries, receipts, what officials did, other channels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.notifications.models import Attempt, Message, MessageAction, Receipt


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened. `kind` is a key of `words.EVENTS`; `word` of a table of its own.

    `details` are words of providers and officials; `other` is the message that it leads to.
    """

    at: datetime
    kind: str
    word: str = ""
    details: tuple[str, ...] = ()
    other: UUID | None = None


def attempts(session: Session, message_id: UUID) -> Sequence[Attempt]:
    """Every try to hand a message over, oldest first."""
    query = select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.id)
    return session.scalars(query).all()


def receipts(session: Session, message_id: UUID) -> Sequence[Receipt]:
    """What its provider told afterwards, as it came."""
    query = select(Receipt).where(Receipt.message_id == message_id).order_by(Receipt.id)
    return session.scalars(query).all()


def actions(session: Session, message_id: UUID) -> Sequence[MessageAction]:
    """What officials did with it, and the replay that it is itself, if it is one."""
    concerns = or_(MessageAction.message_id == message_id, MessageAction.other_id == message_id)
    return session.scalars(select(MessageAction).where(concerns).order_by(MessageAction.id)).all()


def history(session: Session, message: Message) -> list[Entry]:
    """All of it, oldest first."""
    entries = [
        Entry(message.created_at, "written"),
        *(_attempt(one) for one in attempts(session, message.id)),
        *(_receipt(one) for one in receipts(session, message.id)),
        *(_action(one, message.id) for one in actions(session, message.id)),
        *_channels(session, message),
    ]
    if message.settle_until:
        entries.append(Entry(message.handed_over_at or message.created_at, "settling"))
    elif message.state == "handing_over" and message.handed_over_at:
        entries.append(Entry(message.handed_over_at, "handing_over", message.provider or ""))
    return sorted(entries, key=lambda entry: entry.at)


def _attempt(attempt: Attempt) -> Entry:
    said = (attempt.provider or "", attempt.reply, attempt.detail)
    return Entry(attempt.ended_at, "attempt", attempt.outcome, tuple(filter(None, said)))


def _receipt(receipt: Receipt) -> Entry:
    told = (receipt.provider, receipt.detail)
    # In the order in which they came to us: a provider's clock may be wrong.
    return Entry(receipt.received_at, "receipt", receipt.state, tuple(filter(None, told)))


def _action(action: MessageAction, message_id: UUID) -> Entry:
    kind, other = action.action, action.other_id
    if other == message_id:
        kind, other = "replay_of", action.message_id
    said = tuple(filter(None, (action.actor, action.note)))
    return Entry(action.created_at, kind, details=said, other=other)


def _channels(session: Session, message: Message) -> Iterable[Entry]:
    """The message on another channel that came before this one, and the one that came after."""
    query = select(Message.id, Message.created_at, Message.channel, Message.fallback_of).where(
        or_(Message.id == message.fallback_of, Message.fallback_of == message.id)
    )
    for other in session.execute(query).all():
        if other.fallback_of == message.id:
            yield Entry(other.created_at, "fallback_to", other.channel, other=other.id)
        else:
            yield Entry(message.created_at, "fallback_from", other.channel, other=other.id)
