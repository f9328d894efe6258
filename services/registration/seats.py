"""Seats: what a registration may become, and who gets a seat that comes free.

A registration holds a seat in every quota that applies to it, or in none. All changes of one
meeting happen under the lock of its quota rows, taken in one order, as `registrations.submit`
takes them too: no quota is ever exceeded, and no seat stays empty while somebody waits who fits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.registration import audit, lost_contacts, quotas, registrations
from services.registration.audit import REGISTRANT, SYSTEM, Change
from services.registration.models import Meeting, Registration
from services.registration.quotas import HOLDING, Board
from services.registration.resources import bus
from shared import events
from shared.security import Caller, in_scope

LIVE = (*HOLDING, "waiting")
ENDED = ("done", "cancelled")  # states of a meeting in which nothing changes any more

NO_SEAT_CAME = (
    "Semua kursi terisi sampai pertemuan dimulai. / All seats were taken until the meeting began."
)

Tell = Callable[[events.RegistrationFacts], events.Event]


class NotPossible(Exception):
    """The registration's or the meeting's state does not allow this step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of status: its name in the audit log, from where, to what, and the event of it."""

    action: str
    before: tuple[str, ...]
    after: str
    tell: Tell
    reason: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of many: the ids that changed, and those that could not."""

    done: list[UUID] = field(default_factory=list)
    skipped: list[UUID] = field(default_factory=list)


def decide(
    session: Session, caller: Caller, meeting: Meeting, step: Step, ids: Sequence[UUID]
) -> Outcome:
    """Take one step with some of the meeting's registrations, as far as the caller sees them.

    Those in another state are skipped. Raises `NotPossible` when the meeting is over.
    """
    _must_go_on(meeting)
    board = Board.lock(session, meeting)
    query = (
        select(Registration)
        .where(Registration.meeting_id == meeting.id, Registration.id.in_(ids))
        .where(in_scope(Registration.region_code, caller))
        .order_by(Registration.submitted_at, Registration.id)
    )
    outcome, stories = Outcome(), []
    for person in session.scalars(query).all():
        if person.status in step.before:
            stories.append(_change(board, person, step))
            outcome.done.append(person.id)
        else:
            outcome.skipped.append(person.id)
    _tell(session, caller, step, stories)
    give_on(board)
    return outcome


def approve(session: Session, caller: Caller, meeting: Meeting, ids: Sequence[UUID]) -> Outcome:
    """The host lets them come; who was offered a seat is spared the answer."""
    step = Step(
        "approved",
        ("submitted", "needs_correction", "offered"),
        "approved",
        lambda facts: events.RegistrationApproved(registration=facts),
    )
    return decide(session, caller, meeting, step, ids)


def send_back(
    session: Session, caller: Caller, meeting: Meeting, ids: Sequence[UUID], reason: str
) -> Outcome:
    """The host asks for a correction; the seats are kept."""
    step = Step(
        "returned",
        ("submitted",),
        "needs_correction",
        lambda facts: events.RegistrationReturned(registration=facts, reason=reason),
        reason,
    )
    return decide(session, caller, meeting, step, ids)


def reject(
    session: Session, caller: Caller, meeting: Meeting, ids: Sequence[UUID], reason: str
) -> Outcome:
    """The host says no; their seats are given on."""
    step = Step(
        "rejected",
        ("submitted", "needs_correction", "waiting"),
        "rejected",
        lambda facts: events.RegistrationRejected(registration=facts, reason=reason),
        reason,
    )
    return decide(session, caller, meeting, step, ids)


def put_to_wait(session: Session, caller: Caller, meeting: Meeting, ids: Sequence[UUID]) -> Outcome:
    """The host lets others go first: to the end of the waiting list; their seats are given on.

    With nobody else waiting the seat comes back to them as an offer.
    """
    step = Step(
        "waitlisted",
        ("submitted", "needs_correction"),
        "waiting",
        lambda facts: events.RegistrationWaitlisted(registration=facts),
    )
    return decide(session, caller, meeting, step, ids)


def withdraw(
    session: Session, caller: Caller, meeting: Meeting, ids: Sequence[UUID], reason: str
) -> Outcome:
    """The host ends places that were promised already; the seats are given on."""
    return decide(session, caller, meeting, _cancelling("host", reason), ids)


def cancel(session: Session, registration_id: UUID, reason: str = "") -> Registration:
    """The registrant does not come. Raises `NotPossible` or `RegistrationNotFound`."""
    return _own_step(session, registration_id, _cancelling("registrant", reason))


def accept(session: Session, registration_id: UUID) -> Registration:
    """The registrant takes the offered seat. Raises `NotPossible` when the offer is over."""
    step = Step(
        "accepted",
        ("offered",),
        "approved",
        lambda facts: events.RegistrationApproved(registration=facts),
    )
    return _own_step(session, registration_id, step)


def correct(session: Session, registration_id: UUID, changes: Mapping[str, Any]) -> Registration:
    """The registrant changes what they wrote; a seat moves with type, region and institution.

    Who was sent back is submitted again; who was approved is too, when the seat moved. Raises
    `QuotaFull` when there is no seat where they want to be, `AlreadyRegistered`, `NotPossible` or
    `RegistrationNotFound`, and then has changed nothing.
    """
    person, board = _own(session, registration_id)
    if person.status not in {"submitted", "needs_correction", "approved", "waiting"}:
        raise NotPossible(person.status)
    changes = {**changes, "status": person.status}  # stays, or follows from the rest
    before = {name: getattr(person, name) for name in changes}
    try:
        with session.begin_nested():
            _rewrite(board, person, changes)
    except IntegrityError as error:
        if registrations.PERSON_INDEX not in str(error.orig):
            raise
        raise registrations.AlreadyRegistered from error
    _log_correction(session, person, before, changes)
    facts = registrations.facts(person, board.meeting)
    lost = lost_contacts.told(before, person, board.meeting)
    bus.publish(session, events.RegistrationCorrected(registration=facts), *lost)
    give_on(board)
    return person


def _rewrite(board: Board, person: Registration, changes: Mapping[str, Any]) -> None:
    """Write the changes and move the seat with them. Raises `QuotaFull`."""
    place, holds = _place(person), person.status in HOLDING
    if holds:
        board.release(person)
    for name, value in changes.items():
        setattr(person, name, value)
    person.institution = registrations.institution_key(person.library_name, person.region_code)
    person.person_key = registrations.person_key(
        person.name, person.email, person.phone, person.region_code
    )
    board.add_institution(person)
    if holds:
        if full := board.full(person):
            raise registrations.QuotaFull(full)
        board.take(person)
        if person.status == "needs_correction" or _place(person) != place:
            person.status = "submitted"
    person.version += 1


def _log_correction(
    session: Session, person: Registration, before: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    secret = {"nik", "nik_fingerprint"}  # that they changed is told, not to what
    differing = [name for name in changes if before[name] != getattr(person, name)]
    told = [name for name in differing if name not in secret]
    change = Change(
        "registration",
        str(person.id),
        person.region_code,
        {name: before[name] for name in told},
        {name: getattr(person, name) for name in told}
        | dict.fromkeys(secret & set(differing), "…"),
    )
    audit.record(session, REGISTRANT, "corrected", change)


def late_offers(session: Session) -> list[UUID]:
    """The meetings in which an offer is over; each is then looked at in its own transaction."""
    query = select(Registration.meeting_id).where(
        Registration.status == "offered", Registration.offer_expires_at <= func.now()
    )
    return list(session.scalars(query.distinct()))


def expire_offers(session: Session, meeting: Meeting) -> int:
    """End the offers of a meeting whose time is over, and give the seats on; returns how many."""
    board = Board.lock(session, meeting)
    query = (
        select(Registration)
        .where(Registration.meeting_id == meeting.id, Registration.status == "offered")
        .where(Registration.offer_expires_at <= datetime.now(UTC))
        .order_by(Registration.offer_expires_at, Registration.id)
    )
    step = _cancelling("expiry", "offer-expired", before=("offered",))
    stories = [_change(board, person, step) for person in session.scalars(query).all()]
    _tell(session, SYSTEM, step, stories)
    give_on(board)
    return len(stories)


def end_waiting(session: Session, meeting: Meeting) -> int:
    """Tell those who wait for a meeting that has begun that no seat came; returns how many."""
    board = Board.lock(session, meeting)
    query = select(Registration).where(
        Registration.meeting_id == meeting.id, Registration.status == "waiting"
    )
    step = Step(
        "rejected",
        ("waiting",),
        "rejected",
        lambda facts: events.RegistrationRejected(registration=facts, reason=NO_SEAT_CAME),
        NO_SEAT_CAME,
    )
    stories = [_change(board, person, step) for person in session.scalars(query).all()]
    _tell(session, SYSTEM, step, stories)
    return len(stories)


def give_on(board: Board) -> int:
    """Offer every free seat to the first who waits and fits, in order; returns how many.

    Called at the end of whatever may free a seat, under the same locks.
    """
    session, meeting = board.session, board.meeting
    session.flush()
    now = datetime.now(UTC)
    if meeting.status not in {"published", "closed"} or now >= meeting.starts_at:
        return 0
    query = (
        select(Registration)
        .where(Registration.meeting_id == meeting.id, Registration.status == "waiting")
        .order_by(Registration.waiting_since, Registration.id)
        .execution_options(populate_existing=True)
    )
    expires_at = min(now + timedelta(hours=meeting.offer_hours), meeting.starts_at)
    step = Step(
        "offered",
        ("waiting",),
        "offered",
        lambda facts: events.SeatOffered(registration=facts, expires_at=expires_at),
    )
    stories = []
    for person in session.scalars(query).all() if not board.is_full else ():
        board.add_institution(person)
        if not board.full(person):
            person.offer_expires_at = expires_at
            stories.append(_change(board, person, step))
    _tell(session, SYSTEM, step, stories)
    return len(stories)


Story = tuple[Change, events.Event]
"""What one step is in the audit log, and the event of it."""


def _change(board: Board, person: Registration, step: Step) -> Story:
    """Take a step with one person; `_tell` must follow, once for all of them."""
    before = person.status
    if before in HOLDING and step.after not in HOLDING:
        board.release(person)
    elif before not in HOLDING and step.after in HOLDING:
        board.take(person)
    now = datetime.now(UTC)
    person.status, person.reason, person.decided_at = step.after, step.reason, now
    person.version += 1
    if step.after == "waiting":
        person.waiting_since = now
    if step.after != "offered":
        person.offer_expires_at = None
    change = Change(
        "registration",
        str(person.id),
        person.region_code,
        {"status": before},
        {"status": step.after, "reason": step.reason},
    )
    return change, step.tell(registrations.facts(person, board.meeting))


def _tell(session: Session, caller: Caller, step: Step, stories: Sequence[Story]) -> None:
    """Log and publish many at once: the locks are held, and others wait for them."""
    session.flush()
    audit.record(session, caller, step.action, *(change for change, _ in stories))
    bus.publish(session, *(event for _, event in stories))


def _own_step(session: Session, registration_id: UUID, step: Step) -> Registration:
    person, board = _own(session, registration_id)
    late = person.offer_expires_at is not None and person.offer_expires_at <= datetime.now(UTC)
    if person.status not in step.before or (step.action == "accepted" and late):
        raise NotPossible(person.status)
    _tell(session, REGISTRANT, step, [_change(board, person, step)])
    give_on(board)
    return person


def _own(session: Session, registration_id: UUID) -> tuple[Registration, Board]:
    """One registration under the locks of its meeting, which has not begun."""
    found = session.get(Registration, registration_id)
    if found is None or found.erased_at:
        raise registrations.RegistrationNotFound(registration_id)
    meeting = session.get_one(Meeting, found.meeting_id)
    _must_go_on(meeting)
    if datetime.now(UTC) >= meeting.starts_at:
        raise NotPossible(meeting.status)
    board = Board.lock(session, meeting)
    session.refresh(found)  # as it is now that nobody else may change it
    return found, board


def _cancelling(by: Any, reason: str, before: tuple[str, ...] = LIVE) -> Step:
    said = "" if by == "expiry" else reason  # that one is no sentence of anybody's
    return Step(
        "cancelled" if by != "expiry" else "offer_expired",
        before,
        "cancelled",
        lambda facts: events.RegistrationCancelled(registration=facts, by=by, reason=said),
        reason,
    )


def _must_go_on(meeting: Meeting) -> None:
    if meeting.status in ENDED:
        raise NotPossible(meeting.status)


def _place(person: Registration) -> tuple[str, str, str]:
    return (person.participant_type, person.region_code[:5], person.institution)


def set_quotas(
    session: Session,
    caller: Caller,
    meeting: Meeting,
    capacities: Mapping[quotas.Key, int],
    per_institution: int | None,
) -> None:
    """Change a meeting's quotas, see `quotas.change`, and give on the seats that came free.

    Raises `QuotaBelowTaken`, and then has changed nothing.
    """
    board = Board.lock(session, meeting)
    with session.begin_nested():
        quotas.change(board, caller, capacities, per_institution)
    give_on(board)
