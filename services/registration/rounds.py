"""A round opens one meeting in every chosen province from one template."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import agenda, audit, hosting, meetings, question_editing
from services.registration.audit import SYSTEM, Change
from services.registration.hosting_schemas import LONGEST_KEPT, RoundForm
from services.registration.meetings import QuotaPlan
from services.registration.models import Meeting, Round
from services.registration.resources import bus
from shared import regions
from shared.events import MeetingPublished
from shared.regions import Region
from shared.security import Caller

PAGE = 20


class RoundNotFound(LookupError):
    """No round has this slug."""


class NameTaken(Exception):
    """Another round has this name in its address."""


class SourceNotFound(LookupError):
    """The meeting to copy from is not there."""


@dataclass(frozen=True, slots=True)
class RoundPlan:
    """A template: provinces in waves of equal length, each wave some days after the last.

    Capacities are per meeting, per participant type, and for each kab/kota of the province; none
    is no limit. `copy_from` is the slug of a meeting whose agenda, questions and papers are taken
    over; `certificate` and `letter` then say what differs.
    """

    name: str
    first_day: date
    waves: int
    capacity: int
    per_type: dict[str, int]
    per_regency: int | None
    closes_before: timedelta = timedelta(days=7)
    title: str = ""
    meeting_title: str = "Peer Learning Meeting {province} {year}"
    days_between: int = 7
    length_days: int = 2
    starts: time = time(8, 0)
    ends: time = time(16, 0)
    per_institution: int | None = None
    waiting_list: bool = True
    offer_hours: int = 48
    keep_days: int = LONGEST_KEPT
    copy_from: str = ""
    certificate: dict[str, Any] = field(default_factory=dict)
    letter: dict[str, Any] = field(default_factory=dict)


def plan_of(form: RoundForm) -> RoundPlan:
    """The template that somebody filled in."""
    papers = form.model_dump(include={"signer_prefix", "signer_office", "signer_name"})
    papers["signer_title"] = form.signer_title
    same = "name first_day waves capacity per_regency title meeting_title days_between length_days"
    same += " starts ends per_institution waiting_list offer_hours keep_days copy_from"
    return RoundPlan(
        **{name: getattr(form, name) for name in same.split()},
        per_type={str(k): seats for k, seats in form.per_type.items() if seats is not None},
        closes_before=timedelta(days=form.closes_before),
        certificate=papers | {"jp": form.jp, "min_days": form.min_days},
        letter=papers | {"body": form.letter_body},
    )


def dates(plan: RoundPlan, provinces: Sequence[Region]) -> list[tuple[Region, int, date]]:
    """Which province meets in which wave (from 1), from which day on."""
    size = -(-len(provinces) // plan.waves) or 1
    return [
        (
            province,
            at // size + 1,
            plan.first_day + timedelta(days=plan.days_between) * (at // size),
        )
        for at, province in enumerate(provinces)
    ]


def check(session: Session, plan: RoundPlan, round_id: UUID) -> None:
    """Whether the round could be opened. Raises `NameTaken` or `SourceNotFound`."""
    _source(session, plan)
    query = select(Round.id).where(Round.slug == plan.name, Round.id != round_id)
    if session.scalars(query).first():
        raise NameTaken(plan.name)


def open_round(  # noqa: PLR0913 - each says something else about how it is opened
    session: Session,
    plan: RoundPlan,
    provinces: Sequence[Region],
    caller: Caller = SYSTEM,
    *,
    publish: bool = True,
    round_id: UUID | None = None,
) -> int:
    """Open one meeting `<plan.name>-<province code>` in each province; returns how many.

    Twice with one `round_id` is once: it returns 0. Raises `NameTaken` or `SourceNotFound`.
    """
    source = _source(session, plan)
    made = Round(
        id=round_id or uuid7(), slug=plan.name, title=plan.title or plan.name, plan=_stored(plan)
    )
    # A double click waits here for the first one, and then finds its row.
    row = {"id": made.id, "slug": made.slug, "title": made.title, "plan": made.plan}
    try:
        with session.begin_nested():
            adding = insert(Round).values(row).on_conflict_do_nothing(index_elements=["id"])
            if session.execute(adding.returning(Round.id)).first() is None:
                return 0
    except IntegrityError as error:
        raise NameTaken(plan.name) from error
    after = {"title": made.title, "provinces": [province.code for province in provinces]}
    audit.record(session, caller, "created", Change("round", made.slug, "", None, after))
    for province, _, first_day in dates(plan, provinces):
        _open(
            session, caller, made.id, replace(plan, first_day=first_day), province, source, publish
        )
    return len(provinces)


def add_province(  # noqa: PLR0913, PLR0917 - as open_round
    session: Session,
    caller: Caller,
    made: Round,
    province: Region,
    first_day: date,
    publish: bool,
) -> Meeting:
    """Open the meeting of one more province, or give the one that is there."""
    session.execute(select(Round.id).where(Round.id == made.id).with_for_update())
    query = select(Meeting).where(
        Meeting.round_id == made.id,
        Meeting.province_code == province.code,
        Meeting.status != "cancelled",
    )
    if earlier := session.scalars(query).first():
        return earlier
    plan = replace(read_plan(made), first_day=first_day)
    return _open(session, caller, made.id, plan, province, _source(session, plan), publish)


def find(session: Session, slug: str) -> Round:
    """One round. Raises `RoundNotFound`."""
    found = session.scalars(select(Round).where(Round.slug == slug)).first()
    if found is None:
        raise RoundNotFound(slug)
    return found


def page(
    session: Session, *, words: str = "", after: str | None = None
) -> tuple[list[tuple[Round, int]], str | None]:
    """Rounds with the number of their meetings, newest first, and after which the page ends."""
    count = select(func.count()).where(Meeting.round_id == Round.id).scalar_subquery()
    query = select(Round, count).order_by(Round.created_at.desc(), Round.id.desc())
    if words:
        query = query.where(Round.title.icontains(words, autoescape=True))
    last = session.scalars(select(Round).where(Round.slug == after)).first() if after else None
    if last is not None:
        edge = (last.created_at, last.id)
        query = query.where(func.row(Round.created_at, Round.id) < func.row(*edge))
    rows = [(row[0], row[1]) for row in session.execute(query.limit(PAGE + 1))]
    return rows[:PAGE], rows[PAGE - 1][0].slug if len(rows) > PAGE else None


def meetings_of(session: Session, made: Round) -> list[Meeting]:
    """The meetings of a round by date."""
    query = select(Meeting).where(Meeting.round_id == made.id)
    return list(session.scalars(query.order_by(Meeting.starts_at, Meeting.province_code)))


def publish_drafts(session: Session, caller: Caller, made: Round) -> int:
    """Open all drafts of a round to the public; returns how many."""
    query = (
        select(Meeting)
        .where(Meeting.round_id == made.id, Meeting.status == "draft")
        .where(Meeting.ends_at > func.now())
        .order_by(Meeting.id)
        .with_for_update(key_share=True)
    )
    drafts = list(session.scalars(query))
    for meeting in drafts:
        hosting.publish(session, caller, meeting)
    return len(drafts)


def read_plan(made: Round) -> RoundPlan:
    """The template as it was stored."""
    stored = dict(made.plan)
    return RoundPlan(
        **stored
        | {
            "first_day": date.fromisoformat(stored["first_day"]),
            "starts": time.fromisoformat(stored["starts"]),
            "ends": time.fromisoformat(stored["ends"]),
            "closes_before": timedelta(days=stored["closes_before"]),
        }
    )


def _stored(plan: RoundPlan) -> dict[str, Any]:
    return asdict(plan) | {
        "first_day": plan.first_day.isoformat(),
        "starts": plan.starts.isoformat(),
        "ends": plan.ends.isoformat(),
        "closes_before": plan.closes_before.days,
    }


def _source(session: Session, plan: RoundPlan) -> Meeting | None:
    if not plan.copy_from:
        return None
    found = session.scalars(select(Meeting).where(Meeting.slug == plan.copy_from)).first()
    if found is None:
        raise SourceNotFound(plan.copy_from)
    return found


def _open(  # noqa: PLR0913, PLR0917 - as open_round
    session: Session,
    caller: Caller,
    round_id: UUID,
    plan: RoundPlan,
    province: Region,
    source: Meeting | None,
    publish: bool,
) -> Meeting:
    meeting = template_meeting(plan, province, plan.first_day)
    meeting.round_id = round_id
    meeting.status = "published" if publish else "draft"
    if source:
        meeting.description = source.description
        meeting.certificate = _common(source.certificate) | meeting.certificate
        kept = {k: v for k, v in source.letter.items() if k in {"nature", "subject", "body"}}
        meeting.letter = kept | {k: v for k, v in meeting.letter.items() if v}
    slug = f"{plan.name}-{province.code}"
    hosting.add_draft(session, caller, meeting, _quotas(plan, province), slug)
    if source:
        question_editing.copy(session, source.id, meeting.id)
        agenda.copy(session, source, meeting)
    if publish:
        bus.publish(session, MeetingPublished(meeting=meetings.facts(meeting)))
    return meeting


def _common(certificate: Mapping[str, Any]) -> dict[str, Any]:
    """What the certificates of several provinces may have in common: not who signs, nor where."""
    kept = {k: v for k, v in certificate.items() if k in {"jp", "min_days", "role_texts"}}
    pattern = certificate.get("number_pattern", "")
    return kept | ({"number_pattern": pattern} if "{meeting}" in pattern else {})


def template_meeting(plan: RoundPlan, province: Region, first_day: date) -> Meeting:
    """The meeting of a province as the template has it; not added to anything."""
    zone = ZoneInfo(province.zone)
    last_day = first_day + timedelta(days=plan.length_days - 1)
    starts_at = datetime.combine(first_day, plan.starts, zone)
    names = {"{province}": province.name, "{year}": str(first_day.year)}
    title = plan.meeting_title
    for placeholder, name in names.items():
        title = title.replace(placeholder, name)
    return Meeting(
        id=uuid7(),
        title=title,
        province_code=province.code,
        venue=f"Dinas Perpustakaan dan Kearsipan Provinsi {province.name}",
        zone=province.zone,
        starts_at=starts_at,
        ends_at=datetime.combine(last_day, plan.ends, zone),
        closes_at=starts_at - plan.closes_before,
        per_institution=plan.per_institution,
        waiting_list=plan.waiting_list,
        offer_hours=plan.offer_hours,
        keep_days=plan.keep_days,
        certificate=dict(plan.certificate),
        letter=dict(plan.letter),
    )


def _quotas(plan: RoundPlan, province: Region) -> list[QuotaPlan]:
    regencies = regions.children(province.code) if plan.per_regency is not None else []
    return [
        QuotaPlan("meeting", "", plan.capacity),
        *(QuotaPlan("participant_type", key, seats) for key, seats in plan.per_type.items()),
        *(QuotaPlan("region", regency.code, plan.per_regency or 0) for regency in regencies),
    ]
