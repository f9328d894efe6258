"""Everybody is told: of a meeting's new time or place, or that it is called off.

In batches of one transaction each: whoever is told, and how far one is, become true together, so
a worker may be killed at any moment and nobody is told twice or forgotten.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import audit, registrations
from services.registration.audit import SYSTEM, Change
from services.registration.models import Meeting, Registration, Telling
from services.registration.quotas import HOLDING, Board
from services.registration.resources import bus, database
from services.registration.seats import LIVE
from shared.events import Event, RegistrationCancelled, RegistrationRescheduled

BATCH = 500
# Who was registering while the facts changed was confirmed with the old ones, and is told as well.
GRACE = timedelta(seconds=3)
LATE = timedelta(hours=1)  # so long a called-off meeting is looked at again for latecomers

_OPEN = text("""
    SELECT telling.id FROM telling JOIN meeting ON meeting.id = telling.meeting_id
    WHERE due_at <= clock_timestamp()
      AND (finished_at IS NULL
           OR (telling.kind = 'cancelled' AND finished_at > now() - :late AND EXISTS (
               SELECT FROM registration WHERE registration.meeting_id = meeting.id
                 AND registration.status = ANY (:live) AND erased_at IS NULL)))
    ORDER BY due_at, telling.id""")


def start(session: Session, meeting: Meeting, kind: Literal["rescheduled", "cancelled"]) -> None:
    """Begin to tell everybody; whatever else they were being told of this meeting is overtaken."""
    session.flush()
    now = datetime.now(UTC)
    session.execute(
        update(Telling)
        .where(Telling.meeting_id == meeting.id, Telling.finished_at.is_(None))
        .values(finished_at=now, total=Telling.done)
    )
    total = count(session, meeting.id)
    due_at = now + GRACE if kind == "rescheduled" else now
    session.add(
        Telling(id=uuid7(), meeting_id=meeting.id, kind=kind, total=total, done=0, due_at=due_at)
    )
    session.flush()


def count(session: Session, meeting_id: UUID) -> int:
    """How many would be told."""
    return session.scalar(select(func.count()).select_from(_live(meeting_id).subquery())) or 0


def latest(session: Session, meeting_id: UUID) -> Telling | None:
    """The last one of a meeting, done or not."""
    query = select(Telling).where(Telling.meeting_id == meeting_id)
    return session.scalars(query.order_by(Telling.id.desc()).limit(1)).first()


def work(until: datetime) -> bool:
    """Tell who is to be told; returns whether all were, before `until`."""
    with database.sessions.begin() as session:
        ids = list(session.scalars(_OPEN, {"late": LATE, "live": list(LIVE)}))
    for telling_id in ids:
        while True:
            if datetime.now(UTC) >= until:
                return False
            with database.sessions.begin() as session:
                if not tell_some(session, telling_id):
                    break
    return True


def tell_some(session: Session, telling_id: UUID, batch: int = BATCH) -> bool:
    """Tell the next batch; returns whether there may be more. Another worker's is left to it."""
    query = select(Telling).where(Telling.id == telling_id).with_for_update(skip_locked=True)
    telling = session.scalars(query).first()
    if telling is None or (telling.finished_at and telling.kind == "rescheduled"):
        return False  # another worker's, or overtaken since its id was read
    meeting = session.get_one(Meeting, telling.meeting_id)
    # From here on nobody else changes these registrations.
    board = Board.lock(session, meeting)
    people = list(session.scalars(_next(telling).limit(batch)))
    if telling.kind == "cancelled":
        events: list[Event] = list(_called_off(board, people))
    else:
        events = list(_moved(meeting, people))
    session.flush()
    bus.publish(session, *events)
    telling.done += len(people)
    if people:
        telling.after = people[-1].id
    if len(people) < batch:
        telling.total, telling.finished_at = telling.done, datetime.now(UTC)
    session.flush()
    return len(people) == batch


def _next(telling: Telling) -> Select[Registration]:
    query = _live(telling.meeting_id).order_by(Registration.id)
    if telling.kind == "cancelled":
        return query  # who was told is no longer live
    query = query.where(Registration.submitted_at <= telling.due_at)
    return query.where(Registration.id > telling.after) if telling.after else query


def _live(meeting_id: UUID) -> Select[Registration]:
    return select(Registration).where(
        Registration.meeting_id == meeting_id,
        Registration.status.in_(LIVE),
        Registration.erased_at.is_(None),
    )


def _moved(meeting: Meeting, people: list[Registration]) -> Iterator[Event]:
    for person in people:
        person.version += 1
        yield RegistrationRescheduled(registration=registrations.facts(person, meeting))


def _called_off(board: Board, people: list[Registration]) -> Iterator[Event]:
    meeting, now = board.meeting, datetime.now(UTC)
    changes = []
    for person in people:
        before = person.status
        if before in HOLDING:
            board.release(person)
        person.status, person.reason, person.decided_at = "cancelled", meeting.cancel_reason, now
        person.offer_expires_at = None
        person.version += 1
        changes.append(
            Change(
                "registration",
                str(person.id),
                person.region_code,
                {"status": before},
                {"status": "cancelled", "reason": meeting.cancel_reason},
            )
        )
        yield RegistrationCancelled(
            registration=registrations.facts(person, meeting),
            by="meeting",
            reason=meeting.cancel_reason,
        )
    audit.record(board.session, SYSTEM, "cancelled", *changes)
