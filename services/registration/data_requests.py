"""What people ask about their own data, and the hosts' answers within 3x24 hours.

UU 27/2022, articles 30 and 32: correction, deletion and the end of processing each have that time.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session

from services.registration import audit, consents, meetings, nik, registrations, seats
from services.registration.audit import REGISTRANT, Change
from services.registration.models import AuditEntry, Consent, DataRequest, Meeting, Registration
from services.registration.registrations import RegistrationNotFound
from services.registration.resources import bus
from shared.events import DataRequestAnswered, DataRequestAsked
from shared.security import Caller, in_scope

PAGE = 25
TIME = timedelta(hours=72)
URGENT = timedelta(hours=24)  # of these are left, or none
ASKED_BY_FORM = ("correct", "delete", "stop")
NIK_SEEN = "nik_seen"
DONE = "done"  # the outcome of what was carried out; anything else is the reason why not


class DataRequestNotFound(LookupError):
    """No request has this id, or none that the caller may see."""


class AlreadyAnswered(Exception):
    """Somebody else answered this request."""


def ask(
    session: Session, registration_id: UUID, kind: str, note: str, request_id: UUID
) -> DataRequest:
    """Ask the hosts; asked again while one of the kind is open, it stays that one.

    Who asks to be deleted before the meeting gives the seat up at once. Raises
    `RegistrationNotFound`.
    """
    # Locks the quotas before the registration, as everybody does.
    if kind == "delete":
        _give_up_seat(session, registration_id)
    found = session.get(Registration, registration_id, with_for_update=True)
    if found is None or found.erased_at:
        raise RegistrationNotFound(registration_id)
    waiting = select(DataRequest).where(
        DataRequest.registration_id == registration_id,
        DataRequest.kind == kind,
        DataRequest.done_at.is_(None),
    )
    earlier = session.get(DataRequest, request_id) or session.scalars(waiting).first()
    if earlier:
        return earlier
    now = datetime.now(UTC)
    request = DataRequest(
        id=request_id,
        registration_id=registration_id,
        region_code=found.region_code,
        kind=kind,
        note=note,
        asked_at=now,
        due_at=now + TIME,
    )
    session.add(request)
    session.flush()
    audit.record(session, REGISTRANT, f"asked_{kind}", _change(request))
    meeting = session.get_one(Meeting, found.meeting_id)
    asked = DataRequestAsked(**_told(request, meeting), due_at=request.due_at)
    bus.publish(session, asked)
    return request


def of(session: Session, registration_id: UUID) -> list[DataRequest]:
    """What one registrant asked, the newest first."""
    query = select(DataRequest).where(DataRequest.registration_id == registration_id)
    return list(session.scalars(query.order_by(DataRequest.asked_at.desc(), DataRequest.id)))


def page(
    session: Session, caller: Caller, *, done: bool = False, after: UUID | None = None
) -> tuple[list[Row[Any]], UUID | None]:
    """Open requests of the caller's region, the most urgent first; or those done, newest first."""
    query = _listed().where(in_scope(DataRequest.region_code, caller))
    column = DataRequest.done_at if done else DataRequest.due_at
    key = tuple_(column, DataRequest.id)
    if after:
        last = select(column, DataRequest.id).where(DataRequest.id == after).scalar_subquery()
        query = query.where(key < last if done else key > last)
    if done:
        query = query.where(DataRequest.done_at.is_not(None))
        query = query.order_by(column.desc(), DataRequest.id.desc())
    else:
        query = query.where(DataRequest.done_at.is_(None)).order_by(column, DataRequest.id)
    rows = list(session.execute(query.limit(PAGE + 1)))
    return rows[:PAGE], rows[PAGE - 1].DataRequest.id if len(rows) > PAGE else None


def waiting(session: Session, caller: Caller) -> tuple[int, int]:
    """How many are open in the caller's region, and for how many of them time is running out."""
    soon = func.count().filter(DataRequest.due_at < datetime.now(UTC) + URGENT)
    query = select(func.count(), soon).where(
        DataRequest.done_at.is_(None), in_scope(DataRequest.region_code, caller)
    )
    waiting, urgent = session.execute(query).one()
    return waiting, urgent


def find(session: Session, caller: Caller, request_id: UUID) -> Row[Any]:
    """One request with code, name and status. Raises `DataRequestNotFound`."""
    query = _listed().where(DataRequest.id == request_id)
    mine = query.where(in_scope(DataRequest.region_code, caller))
    row: Row[Any] | None = session.execute(mine).one_or_none()
    if row is None:
        raise DataRequestNotFound(request_id)
    return row


def carry_out(session: Session, caller: Caller, request_id: UUID) -> None:
    """Do what was asked: delete the data, end their use, or note that they were corrected.

    Data go right after, by `jobs.forget_expired`: here others may be waiting for the seats.
    Raises `DataRequestNotFound` and `AlreadyAnswered`, and then has changed nothing.
    """
    with session.begin_nested():
        before = find(session, caller, request_id).DataRequest
        if before.kind in {"delete", "stop"} and before.done_at is None:
            _give_up_seat(session, before.registration_id)
        request = _open(session, caller, request_id)
        if request.kind == "stop":
            for purpose in consents.WITHDRAWABLE:
                consents.withdraw(session, request.registration_id, purpose, caller)
            _withdraw_registration(session, request.registration_id)
        _close(session, caller, request, DONE)


def decline(session: Session, caller: Caller, request_id: UUID, reason: str) -> None:
    """Say why it is not done. Raises `DataRequestNotFound` and `AlreadyAnswered`."""
    _close(session, caller, _open(session, caller, request_id), reason)


def registration(session: Session, caller: Caller, registration_id: UUID) -> Row[Any]:
    """What a host sees of one registration's data, with its meeting.

    Raises `RegistrationNotFound`.
    """
    query: Any = (
        select(Registration, Meeting.title, Meeting.slug)
        .join(Meeting, Meeting.id == Registration.meeting_id)
        .where(Registration.id == registration_id, in_scope(Registration.region_code, caller))
    )
    row: Row[Any] | None = session.execute(query).one_or_none()
    if row is None:
        raise RegistrationNotFound(registration_id)
    return row


def look_at_nik(session: Session, caller: Caller, registration_id: UUID, reason: str) -> str | None:
    """The sixteen digits, if there are any; who looks and why is logged, and the owner can read it.

    Raises `RegistrationNotFound` and `nik.Unreadable`.
    """
    found = registration(session, caller, registration_id).Registration
    if found.nik is None:
        return None
    digits = nik.decrypt(found.nik)
    told = Change("registration", str(found.id), found.region_code, after={"reason": reason})
    audit.record(session, caller, NIK_SEEN, told)
    return digits


def same_nik(session: Session, found: Registration) -> bool:
    """Whether another registration for the meeting has the same NIK."""
    query = select(Registration.id).where(
        Registration.meeting_id == found.meeting_id,
        Registration.nik_fingerprint == found.nik_fingerprint,  # with none it is never true
        Registration.id != found.id,
    )
    return session.scalars(query.limit(1)).first() is not None


def looks(session: Session, registration_id: UUID) -> list[AuditEntry]:
    """Who looked at the NIK of a registration, the last first."""
    query = select(AuditEntry).where(
        AuditEntry.noun == "registration",
        AuditEntry.noun_id == str(registration_id),
        AuditEntry.action == NIK_SEEN,
    )
    return list(session.scalars(query.order_by(AuditEntry.id.desc())))


def masked(token: bytes | None) -> str:
    """A NIK for a page; a dash where there is none or no key opens it."""
    try:
        return nik.mask(nik.decrypt(token)) if token else "–"
    except nik.Unreadable:
        return "–"


def _listed() -> Any:
    return (
        select(
            DataRequest, Registration.code, Registration.name, Registration.status, Meeting.title
        )
        .join(Registration, Registration.id == DataRequest.registration_id)
        .join(Meeting, Meeting.id == Registration.meeting_id)
    )


def _open(session: Session, caller: Caller, request_id: UUID) -> DataRequest:
    query = select(DataRequest).where(
        DataRequest.id == request_id, in_scope(DataRequest.region_code, caller)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    request = session.scalars(locked).one_or_none()
    if request is None:
        raise DataRequestNotFound(request_id)
    if request.done_at:
        raise AlreadyAnswered
    return request


def _close(session: Session, caller: Caller, request: DataRequest, outcome: str) -> None:
    request.done_at, request.done_by = datetime.now(UTC), caller.name
    request.outcome = outcome
    session.flush()
    action = "request_done" if outcome == DONE else "request_declined"
    audit.record(session, caller, action, _change(request))
    _tell_answer(session, request)


def _tell_answer(session: Session, request: DataRequest) -> None:
    """Tell who asked, while we still know how: granted a deletion, it is the last they hear.

    The event is about the request, not the registration, so the erasure that follows at once does
    not take it back before it is told; `retention.forget_letters` deletes it here afterwards.
    """
    person = session.get_one(Registration, request.registration_id)
    meeting = session.get_one(Meeting, person.meeting_id)
    done = request.outcome == DONE
    forgotten = done and request.kind == "delete"
    answered = DataRequestAnswered(
        **_told(request, meeting),
        done=done,
        reason="" if done else request.outcome,
        name=person.name,
        email=person.email,
        phone=person.phone,
        language="en" if person.language == "en" else "id",
        own_link="" if forgotten else registrations.own_link(person.id, meeting.ends_at),
    )
    bus.publish(session, answered)


def _told(request: DataRequest, meeting: Meeting) -> dict[str, Any]:
    return {
        "request_id": request.id,
        "kind": request.kind,
        "region_code": request.region_code,
        "meeting": meetings.facts(meeting),
    }


def _change(request: DataRequest) -> Change:
    # What was written stays with the request: the log outlives it.
    after = {"kind": request.kind, "due_at": request.due_at, "done_at": request.done_at}
    return Change("data_request", str(request.id), request.region_code, after=after)


def _give_up_seat(session: Session, registration_id: UUID) -> None:
    """Cancel a registration whose meeting is still to come; any other stays as it is."""
    try:
        with session.begin_nested():
            seats.cancel(session, registration_id)
    except seats.NotPossible:
        return


def _withdraw_registration(session: Session, registration_id: UUID) -> None:
    """The consent to use the data for the registration ends; the proof of it stays."""
    found = session.get(Consent, (registration_id, "registration"))
    if found and found.withdrawn_at is None:
        found.withdrawn_at = func.now()
