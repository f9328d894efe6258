"""The desk: the meetings of an official's scope, who asked to come, and the decisions on them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, text, tuple_
from sqlalchemy.orm import Session

from services.registration import seats
from services.registration.meetings import MeetingNotFound
from services.registration.models import (
    AuditEntry,
    Booth,
    Consent,
    Meeting,
    Question,
    Registration,
    Upload,
)
from services.registration.registrations import RegistrationNotFound
from services.registration.seats import Outcome
from services.registration.uploads import LETTER
from shared import regions
from shared.database import like_literal
from shared.security import HOSTS, Caller, in_scope, within

PAGE = 50  # registrations; a form that ticks them all stays under a hundred fields
MEETINGS_PAGE = 20
HISTORY = 50

ACTIONS = ("approve", "send_back", "reject", "wait", "withdraw")
NEEDS_REASON = ("send_back", "reject", "withdraw")
"""The person reads why, in the message."""

ALLOWED: dict[str, tuple[str, ...]] = {
    "submitted": ("approve", "send_back", "wait", "reject"),
    "needs_correction": ("approve", "wait", "reject"),
    "approved": ("withdraw",),
    "waiting": ("reject",),
    "offered": ("approve", "withdraw"),
}
"""What a host may decide, by status."""

FOR_ALL = ("approve", "send_back", "reject")
"""What can be decided on all that fit a filter, however many."""

# Which meetings a filter shows.
STATES: dict[str, tuple[str, ...]] = {
    "current": ("draft", "published", "closed", "running"),
    "done": ("done",),
    "cancelled": ("cancelled",),
    "all": ("draft", "published", "closed", "running", "done", "cancelled"),
}

_R = Registration.__table__.c


class ReasonMissing(Exception):
    """This decision must tell the person why."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a meeting's registrations to show; empty is all."""

    status: str = ""
    participant_type: str = ""
    region: str = ""
    q: str = ""


# The page is cut out first: people are counted for its meetings only.
_MEETINGS = """
    WITH shown AS (
        SELECT * FROM meeting
        WHERE (:national OR province_code = :province) AND status = ANY (:states)
          AND (status <> 'draft' OR :host)
          AND (:words = '' OR title ILIKE :like OR venue ILIKE :like
               OR province_code = ANY (:provinces))
          AND (CAST(:after AS text) IS NULL OR (starts_at, slug) {beyond} (
               SELECT a.starts_at, a.slug FROM meeting a WHERE a.slug = :after))
        ORDER BY starts_at {direction}, slug {direction} LIMIT :limit
    )
    SELECT shown.id, slug, title, province_code, venue, zone, starts_at, ends_at, closes_at,
        status, (status = 'published' AND now() < closes_at) AS open,
        coalesce((SELECT capacity - taken FROM quota
                  WHERE meeting_id = shown.id AND kind = 'meeting'), 0) AS seats_left,
        people.*
    FROM shown, LATERAL (
        SELECT count(*) FILTER (WHERE status = 'submitted') AS submitted,
               count(*) FILTER (WHERE status = 'approved') AS approved,
               count(*) FILTER (WHERE status = 'waiting') AS waiting,
               count(*) FILTER (WHERE status = 'offered') AS offered
        FROM registration WHERE meeting_id = shown.id
          AND (:national OR region_code = :own OR region_code LIKE :below)
    ) AS people
    ORDER BY starts_at {direction}, slug {direction}"""
_NEAREST_FIRST = text(_MEETINGS.format(beyond=">", direction="ASC"))
_LATEST_FIRST = text(_MEETINGS.format(beyond="<", direction="DESC"))


def meetings_page(
    session: Session, caller: Caller, *, words: str = "", show: str = "current", after: str | None
) -> tuple[list[Row[Any]], str | None]:
    """Meetings in scope with how many people of the caller's region are at which point.

    Those to come by date, others the latest first; and the slug after which the next page begins.
    """
    show = show if show in STATES else "current"
    values = _scope(caller) | {
        "host": caller.role in HOSTS,
        "states": list(STATES[show]),
        "words": words,
        "like": f"%{like_literal(words)}%",
        "provinces": sorted({found.code[:2] for found in regions.search(words)}) if words else [],
        "after": after,
        "limit": MEETINGS_PAGE + 1,
    }
    query = _NEAREST_FIRST if show == "current" else _LATEST_FIRST
    rows = list(session.execute(query, values))
    following = rows[MEETINGS_PAGE - 1].slug if len(rows) > MEETINGS_PAGE else None
    return rows[:MEETINGS_PAGE], following


def find_meeting(session: Session, caller: Caller, slug: str) -> Meeting:
    """A meeting of the caller's province; drafts are for hosts. Raises `MeetingNotFound`."""
    meeting = session.scalars(select(Meeting).where(Meeting.slug == slug)).one_or_none()
    if meeting is None or not may_work_at(caller, meeting):
        raise MeetingNotFound(slug)
    return meeting


def may_work_at(caller: Caller, meeting: Meeting | Row[Any]) -> bool:
    """Whether a meeting is one of the caller's province, and out for the caller to see."""
    near = caller.role == "national" or caller.region_code[:2] == meeting.province_code
    return near and (meeting.status != "draft" or caller.role in HOSTS)


def page(  # noqa: PLR0913 - what a page of the queue is asked by
    session: Session,
    caller: Caller,
    meeting: Meeting,
    filters: Filters,
    *,
    after: UUID | None = None,
    limit: int = PAGE,
) -> tuple[list[Row[Any]], UUID | None]:
    """Registrations in the order they came, and the id after which the next page begins.

    Order and place never change, so nobody is skipped or shown twice while rows change.
    """
    query = _people(caller, meeting).where(*_conditions(filters))
    if after:
        before = select(_R.submitted_at, _R.id).where(_R.id == after).scalar_subquery()
        query = query.where(tuple_(_R.submitted_at, _R.id) > before)
    rows = list(session.execute(query.order_by(_R.submitted_at, _R.id).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def participants(
    session: Session, caller: Caller, meeting: Meeting, words: str, after: UUID | None = None
) -> tuple[list[Row[Any]], UUID | None]:
    """Who is approved, by name, and the id after which the next page begins."""
    query = _people(caller, meeting).where(*_conditions(Filters(status="approved", q=words)))
    if after:
        before = select(_R.name, _R.id).where(_R.id == after).scalar_subquery()
        query = query.where(tuple_(_R.name, _R.id) > before)
    rows = list(session.execute(query.order_by(_R.name, _R.id).limit(PAGE + 1)))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def status_counts(session: Session, caller: Caller, meeting: Meeting) -> Counter[str]:
    """How many people of the caller's region are at which point."""
    query = (
        select(_R.status, func.count())
        .where(_R.meeting_id == meeting.id, in_scope(_R.region_code, caller))
        .group_by(_R.status)
    )
    return Counter({row[0]: row[1] for row in session.execute(query)})


def find(session: Session, caller: Caller, meeting: Meeting, registration_id: UUID) -> Registration:
    """A registration of the caller's region at this meeting. Raises `RegistrationNotFound`."""
    query = select(Registration).where(
        Registration.id == registration_id,
        Registration.meeting_id == meeting.id,
        in_scope(Registration.region_code, caller),
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise RegistrationNotFound(registration_id)
    return found


def chosen(
    session: Session, caller: Caller, meeting: Meeting, ids: Sequence[UUID]
) -> list[Row[Any]]:
    """Those of some registrations that the caller sees, in the order they came."""
    query = _people(caller, meeting).where(_R.id.in_(ids))
    return list(session.execute(query.order_by(_R.submitted_at, _R.id)))


def matching_counts(
    session: Session, caller: Caller, meeting: Meeting, filters: Filters, seen: datetime
) -> Counter[str]:
    """How many that fit a filter are at which point, of those who were there at `seen`."""
    fits = _matching(caller, meeting, filters, seen)
    query = select(_R.status, func.count()).where(*fits).group_by(_R.status)
    return Counter({row[0]: row[1] for row in session.execute(query)})


def matching(  # noqa: PLR0913, PLR0917 - a filter, and what is done with it
    session: Session,
    caller: Caller,
    meeting: Meeting,
    filters: Filters,
    seen: datetime,
    action: str,
    limit: int,
) -> list[UUID]:
    """The next of them on whom one of `FOR_ALL` can be decided.

    Who waits is first: a seat that comes free must not be offered to who is turned away next.
    """
    statuses = [status for status, allowed in ALLOWED.items() if action in allowed]
    query = select(_R.id).where(*_matching(caller, meeting, filters, seen))
    query = query.where(_R.status.in_(statuses))
    order = (_R.status != "waiting", _R.submitted_at, _R.id)
    return list(session.scalars(query.order_by(*order).limit(limit)))


def answers(session: Session, person: Registration) -> list[tuple[Question, Any]]:
    """The meeting's own questions that this person answered, in their order."""
    query = select(Question).where(Question.meeting_id == person.meeting_id)
    asked = session.scalars(query.order_by(Question.position, Question.id))
    return [(one, person.answers[one.key]) for one in asked if person.answers.get(one.key)]


def history(session: Session, registration_id: UUID) -> list[AuditEntry]:
    """What happened to a registration, the latest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.noun.in_(("registration", "booth")))
        .where(AuditEntry.noun_id == str(registration_id))
        .order_by(AuditEntry.id.desc())
        .limit(HISTORY)
    )
    return list(session.scalars(query))


def consents(session: Session, registration_id: UUID) -> list[Consent]:
    """What the person agreed to."""
    query = select(Consent).where(Consent.registration_id == registration_id)
    return list(session.scalars(query.order_by(Consent.given_at, Consent.purpose)))


def decide(  # noqa: PLR0913, PLR0917 - a decision
    session: Session,
    caller: Caller,
    meeting: Meeting,
    action: str,
    ids: Sequence[UUID],
    reason: str = "",
) -> Outcome:
    """Take one of `ACTIONS` on some of a meeting's registrations, as far as the caller sees them.

    Raises `ReasonMissing` or `seats.NotPossible`.
    """
    if action in NEEDS_REASON and not reason.strip():
        raise ReasonMissing(action)
    match action:
        case "approve":
            return seats.approve(session, caller, meeting, ids)
        case "wait":
            return seats.put_to_wait(session, caller, meeting, ids)
        case "send_back":
            return seats.send_back(session, caller, meeting, ids, reason.strip())
        case "reject":
            return seats.reject(session, caller, meeting, ids, reason.strip())
        case _:
            return seats.withdraw(session, caller, meeting, ids, reason.strip())


def statuses(session: Session, ids: Sequence[UUID]) -> Counter[str]:
    """How many of these are at which point now."""
    query = select(_R.status, func.count()).where(_R.id.in_(ids)).group_by(_R.status)
    return Counter({row[0]: row[1] for row in session.execute(query)})


def _people(caller: Caller, meeting: Meeting) -> Select[Any]:
    """Registrations in scope, each with whether it has a booth and an assignment letter."""
    booth = select(Booth.state).where(Booth.registration_id == _R.id).scalar_subquery()
    letter = select(Upload.id).where(Upload.registration_id == _R.id, Upload.kind == LETTER)
    return select(
        *(_R[name] for name in _SHOWN), booth.label("booth"), letter.exists().label("letter")
    ).where(_R.meeting_id == meeting.id, in_scope(_R.region_code, caller))


_SHOWN = (
    *("id", "code", "status", "name", "email", "phone", "participant_type", "region_code"),
    *("library_name", "position", "submitted_at", "decided_at", "reason", "origin"),
    *("waiting_since", "offer_expires_at", "erased_at", "answers"),
)


def _matching(
    caller: Caller, meeting: Meeting, filters: Filters, seen: datetime
) -> list[ColumnElement[bool]]:
    return [
        _R.meeting_id == meeting.id,
        in_scope(_R.region_code, caller),
        _R.erased_at.is_(None),
        _R.submitted_at <= seen,
        *_conditions(filters),
    ]


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.status:
        found.append(_R.status == filters.status)
    if filters.participant_type:
        found.append(_R.participant_type == filters.participant_type)
    if filters.region:
        found.append(within(_R.region_code, filters.region))
    if words := filters.q.strip():
        columns = (_R.name, _R.code, _R.library_name, _R.email)
        fits = [column.icontains(words, autoescape=True) for column in columns]
        found.append(or_(*fits, *(_R.phone.contains(part) for part in _of_phone(words))))
    return found


def _of_phone(words: str) -> set[str]:
    """How the digits of a number, or four or more out of it, may stand in E.164: 0812 is 62812."""
    digits = re.sub(r"[\s().+-]", "", words)
    if not re.fullmatch("[0-9]{4,15}", digits):
        return set()
    return {digits, re.sub("^(62)?0+", "62", digits)}


def _scope(caller: Caller) -> dict[str, Any]:
    own = caller.region_code or "-"  # no region, no rows
    return {
        "national": caller.role == "national",
        "own": own,
        "below": f"{own}.%",
        "province": own[:2],
    }
