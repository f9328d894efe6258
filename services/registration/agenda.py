"""The agenda of a meeting: its sessions, on the venue's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import audit
from services.registration.audit import Change
from services.registration.hosting_schemas import SessionForm
from services.registration.models import AgendaSession, Meeting
from shared.security import Caller


class SessionNotFound(LookupError):
    """The meeting has no session with this id."""


class OutsideMeeting(Exception):
    """A session begins before its meeting, or ends after it."""


class SessionInUse(Exception):
    """Somebody was checked in for this session, and that stays."""


@dataclass(frozen=True, slots=True)
class Day:
    """The sessions of one day at the venue."""

    day: date
    sessions: list[AgendaSession]


def of(session: Session, meeting_id: UUID) -> list[AgendaSession]:
    """All sessions of a meeting by time."""
    query = (
        select(AgendaSession)
        .where(AgendaSession.meeting_id == meeting_id)
        .order_by(AgendaSession.starts_at, AgendaSession.ends_at, AgendaSession.id)
    )
    return list(session.scalars(query))


def by_day(sessions: Sequence[AgendaSession], zone: str) -> list[Day]:
    """Sessions that come by time, parted by the days of the venue's clock."""
    clock = ZoneInfo(zone)
    days = groupby(sessions, key=lambda each: each.starts_at.astimezone(clock).date())
    return [Day(day, list(group)) for day, group in days]


def overlapping(sessions: Sequence[AgendaSession]) -> dict[UUID, list[AgendaSession]]:
    """By session id, the others that run at the same time; allowed, but worth telling."""
    found: dict[UUID, list[AgendaSession]] = {}
    for one in sessions:
        others = [
            other
            for other in sessions
            if other.id != one.id
            and other.starts_at < one.ends_at
            and one.starts_at < other.ends_at
        ]
        if others:
            found[one.id] = others
    return found


def outside(sessions: Sequence[AgendaSession], meeting: Meeting) -> list[AgendaSession]:
    """Those that no longer lie in the meeting's time, since the meeting was moved."""
    return [
        one
        for one in sessions
        if one.starts_at < meeting.starts_at or one.ends_at > meeting.ends_at
    ]


def find(session: Session, meeting: Meeting, session_id: UUID) -> AgendaSession:
    """One session of this meeting. Raises `SessionNotFound`."""
    found = session.get(AgendaSession, session_id)
    if found is None or found.meeting_id != meeting.id:
        raise SessionNotFound(session_id)
    return found


def add(
    session: Session, caller: Caller, meeting: Meeting, form: SessionForm, session_id: UUID
) -> AgendaSession:
    """Add a session, once by its id. Raises `OutsideMeeting`."""
    earlier = session.get(AgendaSession, session_id)
    if earlier is not None:
        return earlier
    added = AgendaSession(id=session_id, meeting_id=meeting.id, **_fields(meeting, form))
    session.add(added)
    session.flush()
    audit.record(session, caller, "created", _change(meeting, added, None, _facts(added)))
    return added


def change(
    session: Session, caller: Caller, meeting: Meeting, item: AgendaSession, form: SessionForm
) -> None:
    """Write what the host typed. Raises `OutsideMeeting`."""
    before = _facts(item)
    for name, value in _fields(meeting, form).items():
        setattr(item, name, value)
    session.flush()
    after = _facts(item)
    if after != before:
        audit.record(session, caller, "changed", _change(meeting, item, before, after))


def remove(session: Session, caller: Caller, meeting: Meeting, item: AgendaSession) -> None:
    """Take a session out. Raises `SessionInUse` once somebody was checked in for it."""
    before = _facts(item)
    try:
        with session.begin_nested():
            session.execute(delete(AgendaSession).where(AgendaSession.id == item.id))
    except IntegrityError as error:
        raise SessionInUse(item.id) from error
    session.expunge(item)
    audit.record(session, caller, "deleted", _change(meeting, item, before, None))


def move(session: Session, meeting: Meeting, by: timedelta) -> int:
    """Move all sessions of a locked meeting with it; returns how many there are."""
    moving = (
        update(AgendaSession)
        .where(AgendaSession.meeting_id == meeting.id)
        .values(starts_at=AgendaSession.starts_at + by, ends_at=AgendaSession.ends_at + by)
        .returning(AgendaSession.id)
    )
    return len(session.scalars(moving).all())


def copy(session: Session, source: Meeting, target: Meeting) -> int:
    """Give another meeting the same sessions, moved with its days, on its own clock.

    Those that would end after it are left out; returns how many were.
    """
    old, new = ZoneInfo(source.zone), ZoneInfo(target.zone)
    moved_by = target.starts_at.astimezone(new).date() - source.starts_at.astimezone(old).date()
    left_out = 0
    for item in of(session, source.id):
        starts_at, ends_at = (
            (moment.astimezone(old).replace(tzinfo=None) + moved_by).replace(tzinfo=new)
            for moment in (item.starts_at, item.ends_at)
        )
        if starts_at < target.starts_at or ends_at > target.ends_at:
            left_out += 1
            continue
        session.add(
            AgendaSession(
                id=uuid7(),
                meeting_id=target.id,
                starts_at=starts_at,
                ends_at=ends_at,
                title=item.title,
                place=item.place,
                speakers=item.speakers,
                check_in=item.check_in,
            )
        )
    session.flush()
    return left_out


def _fields(meeting: Meeting, form: SessionForm) -> dict[str, Any]:
    clock = ZoneInfo(meeting.zone)
    starts_at = datetime.combine(form.day, form.starts, clock)
    ends_at = datetime.combine(form.day, form.ends, clock)
    if starts_at < meeting.starts_at or ends_at > meeting.ends_at:
        raise OutsideMeeting
    return {
        "starts_at": starts_at,
        "ends_at": ends_at,
        "title": form.title,
        "place": form.place,
        "speakers": [speaker.model_dump() for speaker in form.speakers],
        "check_in": form.check_in,
    }


def _facts(item: AgendaSession) -> dict[str, Any]:
    return {
        "starts_at": item.starts_at.astimezone(ZoneInfo("UTC")).isoformat(),
        "ends_at": item.ends_at.astimezone(ZoneInfo("UTC")).isoformat(),
        "title": item.title,
        "place": item.place,
        "speakers": item.speakers,
        "check_in": item.check_in,
    }


def _change(
    meeting: Meeting,
    item: AgendaSession,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> Change:
    return Change("agenda_session", str(item.id), meeting.province_code, before, after)
