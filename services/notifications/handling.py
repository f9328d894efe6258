"""What officials do with messages: cancel, send again, send the same once more as a new one.

Each is one conditional statement, so that whoever comes second changes nothing; and each leaves in
`message_action` who did it, when and why. A code is its reader's alone: who did not get one asks
for another.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid5

import structlog
from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications import archive, messages
from services.notifications.console_schemas import MessageFilter, MessageSelection, Note
from services.notifications.messages import OVERTAKEN, OVERTAKERS, WAY, WHAT
from services.notifications.models import Message
from services.notifications.suppressions import HOLDS
from shared.security import Caller

log = structlog.get_logger()

Action = Literal["cancel", "retry", "replay"]
REPLAYS = 3  # of one message on one day
MOST = 10_000  # messages in one action on a selection
RETRIED = ("failed", "expired", "bounced", "suppressed", "unknown")
UNDER_WAY = ("queued", "claimed", "handing_over")

# A class of work that does not lose its use with its hour gets another day; a reminder that came
# after the meeting would only confuse.
_KEEPS = "class IN ('transactional', 'bulk')"
_UNTIL = f"""CASE WHEN {_KEEPS} THEN greatest(expires_at, now() + interval '1 day')
    ELSE expires_at END"""
_USEFUL = f"""class <> 'code' AND text IS NOT NULL AND recipient <> ''
    AND ({_KEEPS} OR expires_at > now())
    AND NOT {OVERTAKEN.format(message="message")}"""
# What would be held back again is left as it is: first the address must be taken off the list.
_WELCOME = f"""NOT EXISTS (SELECT FROM suppression
        WHERE suppression.channel = message.channel AND address = lower(recipient)
          AND {HOLDS.format(message="message")})
    AND NOT EXISTS (SELECT FROM preference
        WHERE address = lower(recipient) AND preference.class = message.class)"""

_NOTED = """INSERT INTO message_action (message_id, action, actor, subject, note)
    SELECT id, '{action}', :actor, :subject, :note FROM changed"""

_CANCEL = text(f"""
    WITH changed AS (
        UPDATE message SET state = 'cancelled', state_reason = 'official'
        WHERE id = ANY (CAST(:ids AS uuid[])) AND state = 'queued' AND class <> 'code'
          AND (announcement_id IS NULL OR :region = '' OR EXISTS (
              SELECT FROM announcement WHERE announcement.id = announcement_id
                AND (announcement.region_code = :region
                     OR announcement.region_code LIKE :region || '.%')))
        RETURNING id, class
    ), noted AS ({_NOTED.format(action="cancelled")})
    SELECT id, class FROM changed""")

_RETRY = text(f"""
    WITH changed AS (
        UPDATE message SET state = 'queued', state_reason = 'official', next_attempt_at = now(),
            refusals = 0, expires_at = {_UNTIL}
        WHERE id = ANY (CAST(:ids AS uuid[])) AND state = ANY (CAST(:states AS text[]))
          AND settle_until IS NULL AND {_USEFUL} AND {_WELCOME}
        RETURNING id, class
    ), noted AS ({_NOTED.format(action="retried")})
    SELECT id, class FROM changed""")

# To the same address only: its links open somebody's registration or account. And not without end,
# as each costs something and rings somewhere.
_REPLAY = text(f"""
    WITH made AS (
        INSERT INTO message ({WHAT}, {WAY}, id, event_id, expires_at, state)
        SELECT {WHAT}, {WAY}, :new_id, :event_id, {_UNTIL}, 'queued'
        FROM message
        WHERE id = :id AND state <> ALL (CAST(:under_way AS text[])) AND settle_until IS NULL
          AND {_USEFUL} AND {_WELCOME}
          AND (SELECT count(*) FROM message_action
               WHERE message_id = :id AND action = 'replayed'
                 AND created_at > now() - interval '1 day') < :most
        ON CONFLICT (event_id, rule, recipient, channel) DO NOTHING RETURNING id
    )
    INSERT INTO message_action (message_id, action, actor, subject, note, other_id)
    SELECT :id, 'replayed', :actor, :subject, :note, id FROM made RETURNING other_id""")

_REPLAYED = text("""
    SELECT other_id FROM message_action JOIN message ON message.id = other_id
    WHERE message_id = :id AND event_id = :event_id""")


class NotPossible(Exception):
    """This cannot be done with the message as it is now."""


class CountChanged(Exception):
    """There are not as many messages as were counted before. `found` is how many there are."""

    def __init__(self, found: int) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True, slots=True)
class Selection:
    """How many messages an action on a selection concerns, and how many of them may come twice."""

    messages: int
    unknown: int


def possible(message: Message) -> tuple[Action, ...]:
    """What may be done with a message by its state; the statements look closer."""
    if message.work_class == "code":
        return ()
    if message.state == "queued":
        return ("cancel",)
    if message.text is None or not message.recipient:
        return ()
    if message.state in UNDER_WAY or message.settle_until:
        return ()
    return ("retry", "replay") if message.state in RETRIED else ("replay",)


def act(
    session: Session,
    caller: Caller,
    message_id: UUID,
    action: Literal["cancel", "retry"],
    note: str,
) -> str:
    """Cancel or send again; returns its class of work.

    Raises `MessageNotFound`, and `NotPossible` when somebody or something was faster, its address
    is held back, or it has no use any more.
    """
    archive.find(session, caller, message_id)
    done = _done(session, caller, [message_id], action, note)
    if not done:
        raise NotPossible
    return done[0]


def replay(
    session: Session, caller: Caller, message_id: UUID, key: UUID, wish: Note
) -> tuple[UUID, str]:
    """The same again as a new message; returns its id and class of work.

    The same `key` again is the same new message. To the same address only: another one is
    corrected where it belongs, and gets links of its own. Raises `MessageNotFound`, `NotPossible`.
    """
    message = archive.find(session, caller, message_id)
    values = _who(caller, wish.note) | {
        "id": message_id,
        "new_id": uuid7(),
        "event_id": uuid5(message_id, str(key)),
        "most": REPLAYS,
        "under_way": list(UNDER_WAY),
        **OVERTAKERS,
    }
    messages.join_writers(session)  # what an erasure has taken away cannot be copied
    made = session.execute(_REPLAY, values).scalar() or session.execute(_REPLAYED, values).scalar()
    if made is None:
        raise NotPossible
    log.info("message.replayed", message=str(message_id), new=str(made), actor=caller.subject)
    return made, message.work_class


def count(session: Session, caller: Caller, wanted: MessageFilter, action: Action) -> Selection:
    """How many messages of a selection an action would concern, up to `MOST`."""
    chosen = _chosen(caller, wanted, action).subquery()
    unknown = func.count().filter(chosen.c.state == "unknown")
    return Selection(*session.execute(select(func.count(), unknown).select_from(chosen)).one())


def act_on_all(
    session: Session,
    caller: Caller,
    action: Literal["cancel", "retry"],
    selection: MessageSelection,
) -> list[str]:
    """Cancel or send again what is wanted; the class of work of each that was changed.

    Raises `CountChanged` when there are not as many as expected: what nobody saw is not touched,
    nor is everything there is, when nothing is asked for.
    """
    if not selection.filter.asked():
        raise CountChanged(0)
    ids = [row.id for row in session.execute(_chosen(caller, selection.filter, action))]
    if len(ids) != selection.expected:
        raise CountChanged(len(ids))
    return _done(session, caller, ids, action, selection.note)


def _chosen(caller: Caller, wanted: MessageFilter, action: Action) -> Any:
    states = ("queued",) if action == "cancel" else RETRIED
    fit: list[ColumnElement[bool]] = [Message.state.in_(states)]
    if action == "retry":
        fit += [
            Message.work_class != "code",
            Message.text.is_not(None),
            Message.settle_until.is_(None),
            or_(Message.work_class.in_(("transactional", "bulk")), Message.expires_at > func.now()),
        ]
    query = select(Message.id, Message.state).where(*archive.conditions(wanted, caller), *fit)
    return query.order_by(Message.id).limit(MOST)


def _done(
    session: Session, caller: Caller, ids: Collection[UUID], action: str, note: str
) -> list[str]:
    values = _who(caller, note) | {"ids": list(ids)}
    if action == "cancel":  # somebody else's announcement is not theirs to stop
        values |= {"region": "" if caller.role == "national" else caller.region_code or "-"}
    else:
        values |= {"states": list(RETRIED), **OVERTAKERS}
    changed = session.execute(_CANCEL if action == "cancel" else _RETRY, values).all()
    log.info("messages.handled", action=action, messages=len(changed), actor=caller.subject)
    return [row[1] for row in changed]


def _who(caller: Caller, note: str) -> dict[str, Any]:
    return {"actor": caller.name, "subject": caller.subject, "note": note.strip()}
