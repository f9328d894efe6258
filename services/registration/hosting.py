"""The organiser's side of meetings: make, change, publish, close, copy, call off.

Every change of a meeting happens under the lock of its row, raises its `version`, and leaves an
audit row that holds the version it made: so a second editor can be told what the first one did.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.registration import agenda, audit, meetings, question_editing, seats, tellings
from services.registration.audit import SYSTEM, Change
from services.registration.hosting_schemas import CloneForm, MeetingForm, QuotaForm
from services.registration.meetings import MeetingNotFound, QuotaPlan
from services.registration.models import AuditEntry, Meeting, Quota
from services.registration.quotas import Board
from services.registration.resources import bus
from services.registration.seats import ENDED, NotPossible
from shared.events import MeetingCancelled, MeetingPublished
from shared.names import plain_name
from shared.security import Caller

FACTS = ("title", "venue", "zone", "starts_at", "ends_at")  # what other services are told
SCHEDULE = ("venue", "address", "zone", "starts_at", "ends_at")  # what participants are told
ACTIONS = {
    "published": "published",
    "closed": "closed",
    "cancelled": "cancelled",
    "running": "began",
    "done": "ended",
}  # what the audit log calls it to come into a state
SEATS = 60  # of a new draft, until the host says otherwise
LESSON_HOURS = 8  # a day, until the host says otherwise
RESERVED = ("new",)  # addresses that are pages of their own
SLUG_LENGTH = 60


class Outdated(Exception):
    """Somebody changed the same since the form was opened; `entries` of the audit log say what."""

    def __init__(self, entries: Sequence[AuditEntry]) -> None:
        super().__init__(len(entries))
        self.entries = entries


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change of the facts brought about: people are being told, sessions moved along."""

    told: bool = False
    sessions_moved: int = 0


def find(session: Session, caller: Caller, slug: str, *, lock: bool = False) -> Meeting:
    """A meeting that the caller organises, drafts too. Raises `MeetingNotFound`."""
    query = select(Meeting).where(Meeting.slug == slug)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    meeting = session.scalars(query).first()
    if meeting is None or not meetings.may_host(caller, meeting.province_code):
        raise MeetingNotFound(slug)
    return meeting


def create(
    session: Session, caller: Caller, form: MeetingForm, province_code: str, meeting_id: UUID
) -> Meeting:
    """A new draft with `SEATS`, once by its id. Raises `MeetingNotFound` outside one's region."""
    if not meetings.may_host(caller, province_code):
        raise MeetingNotFound(province_code)
    if earlier := _made_before(session, meeting_id):
        return earlier
    written = form.model_dump(
        include={"title", "description", "organiser", "venue", "address", "keep_days"}
    )
    count = len(meetings.days(form.times["starts_at"], form.times["ends_at"], form.zone))
    meeting = Meeting(
        id=meeting_id,
        province_code=province_code,
        status="draft",
        zone=form.zone,
        certificate={"min_days": count, "jp": min(count * LESSON_HOURS, 200)},
        **written,
        **form.times,
    )
    add_draft(session, caller, meeting, [QuotaPlan("meeting", "", SEATS)])
    return meeting


def add_draft(
    session: Session, caller: Caller, meeting: Meeting, quotas: list[QuotaPlan], slug: str = ""
) -> None:
    """Add a meeting under a readable address that is still free."""
    wanted = slug or new_slug(meeting)
    for number in range(1, 100):
        meeting.slug = wanted if number == 1 else f"{wanted}-{number}"
        try:
            with session.begin_nested():
                meetings.add(session, meeting, quotas)
        except IntegrityError as error:
            if "uq_meeting_slug" not in str(error.orig):
                raise
            continue
        after = {"version": meeting.version, "title": meeting.title, "status": meeting.status}
        _log(session, caller, "created", meeting, None, after)
        return
    raise NotPossible(wanted)


def _made_before(session: Session, meeting_id: UUID) -> Meeting | None:
    """The meeting that the same form made; a double click waits here for the first one."""
    lock = func.pg_advisory_xact_lock(func.hashtextextended(str(meeting_id), 0))
    session.execute(select(lock))
    return session.get(Meeting, meeting_id)


def new_slug(meeting: Meeting) -> str:
    """`peer-learning-meeting-riau-2027`, from the title and the year."""
    words = re.sub(r"[^a-z0-9]+", "-", plain_name(meeting.title)).strip("-")
    year = str(meeting.starts_at.astimezone(ZoneInfo(meeting.zone)).year)
    slug = words if year in words.split("-") else f"{words}-{year}"
    slug = slug[:SLUG_LENGTH].strip("-")
    return f"{slug}-plm" if slug in RESERVED or not words else slug


def change(session: Session, caller: Caller, meeting: Meeting, form: MeetingForm) -> Changed:
    """Write the facts of a locked meeting; its agenda moves with its start.

    Raises `NotPossible` once the meeting is over.
    """
    if meeting.status in ENDED:
        raise NotPossible(meeting.status)
    after = form.model_dump(
        include={"title", "description", "organiser", "venue", "address", "zone", "keep_days"}
    ) | dict(form.times)
    before = {name: getattr(meeting, name) for name in after}
    changed = {name for name in after if after[name] != before[name]}
    if not changed:
        return Changed()
    for name in changed:
        setattr(meeting, name, after[name])
    if meeting.status == "running" and meeting.starts_at > datetime.now(UTC):
        meeting.status = "published"  # it was put off on its first day
    by = after["starts_at"] - before["starts_at"]
    moved = agenda.move(session, meeting, by) if by else 0
    along = {"agenda_moved": moved} if moved else {}
    record(session, caller, "changed", meeting, before, after | along)
    if "starts_at" in changed:
        seats.give_on(Board.lock(session, meeting))  # seats that came free while it was running
    if meeting.status == "draft":
        return Changed(sessions_moved=moved)
    if changed & set(FACTS):
        bus.publish(session, MeetingPublished(meeting=meetings.facts(meeting)))
    told = bool(changed & set(SCHEDULE))
    if told:
        tellings.start(session, meeting, "rescheduled")
    return Changed(told, moved)


def keep(session: Session, caller: Caller, meeting: Meeting, days: int) -> None:
    """Keep the people of a locked meeting for so many days after its end, also once it is over.

    Those whose time is over by it are forgotten in the next night, see `retention.work`.
    """
    before, meeting.keep_days = meeting.keep_days, days
    if before != days:
        kept = {"keep_days": before}, {"keep_days": days}
        record(session, caller, "changed", meeting, *kept)


def set_quotas(session: Session, caller: Caller, meeting: Meeting, form: QuotaForm) -> None:
    """Write the quotas and the terms of waiting of a locked meeting, and give on what came free.

    Raises `QuotaBelowTaken`, and then has changed nothing; `NotPossible` once it is over.
    """
    if meeting.status in ENDED:
        raise NotPossible(meeting.status)
    before = {"waiting_list": meeting.waiting_list, "offer_hours": meeting.offer_hours}
    after = {"waiting_list": form.waiting_list, "offer_hours": form.offer_hours}
    with session.begin_nested():
        meeting.waiting_list, meeting.offer_hours = form.waiting_list, form.offer_hours
        record(session, caller, "waiting_changed", meeting, before, after)
        seats.set_quotas(session, caller, meeting, form.capacities, form.per_institution)


def publish(session: Session, caller: Caller, meeting: Meeting) -> None:
    """Open a locked draft to the public. Raises `NotPossible` when it is over before it opens."""
    if meeting.status != "draft" or meeting.ends_at <= datetime.now(UTC):
        raise NotPossible(meeting.status)
    set_status(session, caller, meeting, "published")
    bus.publish(session, MeetingPublished(meeting=meetings.facts(meeting)))


def missing(session: Session, meeting: Meeting) -> list[str]:
    """What a meeting that is to be published still lacks: its agenda, letter or quotas."""
    query = select(Quota.kind, Quota.capacity).where(Quota.meeting_id == meeting.id).limit(2)
    lacks = {
        "agenda": not agenda.of(session, meeting.id),
        "letter": not meeting.letter.get("number"),
        "quotas": [tuple(row) for row in session.execute(query)] == [("meeting", SEATS)],
    }
    return [name for name, lacking in lacks.items() if lacking]


def close(session: Session, caller: Caller, meeting: Meeting) -> None:
    """Take no more registrations. Raises `NotPossible`."""
    if meeting.status != "published":
        raise NotPossible(meeting.status)
    set_status(session, caller, meeting, "closed")


def reopen(session: Session, caller: Caller, meeting: Meeting) -> None:
    """Take registrations again until it closes by itself. Raises `NotPossible`."""
    if meeting.status != "closed" or meeting.starts_at <= datetime.now(UTC):
        raise NotPossible(meeting.status)
    set_status(session, caller, meeting, "published")


def cancel(session: Session, caller: Caller, meeting: Meeting, reason: str) -> None:
    """Call a locked meeting off; everybody is told in the background. Raises `NotPossible`."""
    if meeting.status in ENDED:
        raise NotPossible(meeting.status)
    was_public = meeting.status != "draft"
    meeting.cancel_reason = reason
    set_status(session, caller, meeting, "cancelled", {"reason": reason})
    if was_public:
        bus.publish(session, MeetingCancelled(meeting=meetings.facts(meeting), reason=reason))
        tellings.start(session, meeting, "cancelled")


def clone(
    session: Session, caller: Caller, source: Meeting, form: CloneForm, meeting_id: UUID
) -> tuple[Meeting, int]:
    """A draft like `source` that begins on another day, once by its id.

    Agenda, questions, quotas and papers come with it, but for the letter's number and date.
    Returns it, and how many sessions of the agenda did not fit.
    """
    if earlier := _made_before(session, meeting_id):
        return earlier, 0
    clock = ZoneInfo(source.zone)
    by = form.first_day - source.starts_at.astimezone(clock).date()
    kept = "province_code organiser description venue address zone per_institution waiting_list"
    kept += " offer_hours certificate keep_days"
    meeting = Meeting(
        id=meeting_id,
        title=form.title,
        status="draft",
        letter={k: v for k, v in source.letter.items() if k not in {"number", "issued_on"}},
        **{name: getattr(source, name) for name in kept.split()},
        **{name: _moved(getattr(source, name), by, clock) for name in TIMES},
    )
    query = select(Quota).where(Quota.meeting_id == source.id, Quota.kind != "institution")
    plans = [
        QuotaPlan(q.kind, q.key, q.capacity) for q in session.scalars(query.order_by(Quota.id))
    ]
    add_draft(session, caller, meeting, plans)
    question_editing.copy(session, source.id, meeting.id)
    return meeting, agenda.copy(session, source, meeting)


TIMES = ("starts_at", "ends_at", "closes_at")


def _moved(moment: datetime, by: timedelta, clock: ZoneInfo) -> datetime:
    return moment.astimezone(clock) + by


def advance(session: Session) -> int:
    """Let meetings begin and end by the clock; returns how many did."""
    now = datetime.now(UTC)
    query = (
        select(Meeting)
        .where(
            (Meeting.status.in_(("published", "closed")) & (Meeting.starts_at <= now))
            | ((Meeting.status == "running") & (Meeting.ends_at <= now))
        )
        .with_for_update(key_share=True, skip_locked=True)
        .limit(500)
    )
    due = list(session.scalars(query))
    for meeting in due:
        over = meeting.ends_at <= now
        set_status(session, SYSTEM, meeting, "done" if over else "running")
        seats.end_waiting(session, meeting)
    return len(due)


def set_status(
    session: Session,
    caller: Caller,
    meeting: Meeting,
    status: str,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Move a locked meeting on."""
    before, meeting.status = {"status": meeting.status}, status
    after = {"status": status, **(more or {})}
    record(session, caller, ACTIONS[status], meeting, before, after)


def record(  # noqa: PLR0913, PLR0917 - what an audit row is made of
    session: Session,
    caller: Caller,
    action: str,
    meeting: Meeting,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    """Raise the version of a locked meeting, and log what differs with it."""
    meeting.version += 1
    session.flush()
    differing = [name for name in after if before.get(name) != after[name]]
    _log(
        session,
        caller,
        action,
        meeting,
        {name: before.get(name) for name in differing},
        {name: after[name] for name in differing} | {"version": meeting.version},
    )


def expect(session: Session, meeting: Meeting, version: int, actions: Sequence[str]) -> None:
    """Raise `Outdated` if one of these actions changed the locked meeting after that version."""
    if meeting.version == version:
        return
    query = (
        select(AuditEntry)
        .where(AuditEntry.noun == "meeting", AuditEntry.noun_id == meeting.slug)
        .where(AuditEntry.action.in_(actions))
        .order_by(AuditEntry.id.desc())
        .limit(20)
    )
    entries = [e for e in session.scalars(query) if (e.after or {}).get("version", 0) > version]
    if entries:
        raise Outdated(entries[::-1])


def _log(  # noqa: PLR0913, PLR0917 - as record
    session: Session,
    caller: Caller,
    action: str,
    meeting: Meeting,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    change = Change("meeting", meeting.slug, meeting.province_code, before, after)
    audit.record(session, caller, action, change)
