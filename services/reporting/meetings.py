"""Meetings as reporting knows them: find one, list them, sum one up, each within a scope."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from services.reporting.models import Meeting, Participant
from services.reporting.words import PARTICIPANT_TYPES
from shared import regions
from shared.regions import Region
from shared.security import Caller, in_scope

PAGE = 20
COMING = "approved"  # who has this status is on the list and in the counts
UNDECIDED = ("submitted", "needs_correction")
WAITING = ("waiting", "offered")

_MEETING = Meeting.__table__.c
_PERSON = Participant.__table__.c

Source = Session | Connection


class MeetingNotFound(LookupError):
    """No meeting that the caller may see has this slug."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of those who come; `by_region` by kab/kota, or by the province for its own people.

    Who waits for the host's decision, or for a seat, is counted by itself.
    """

    total: int
    awaiting_decision: int
    waiting_list: int
    by_type: dict[str, int]
    by_region: dict[str, int]
    missing: list[Region]
    as_of: datetime

    @property
    def regencies(self) -> int:
        """How many kab/kota have a participant."""
        return sum("." in code for code in self.by_region)


def coming(slug: str, caller: Caller) -> ColumnElement[bool]:
    """The condition for a meeting's participants: the approved, as far as the caller sees."""
    return and_(_registered(slug, caller), _PERSON.status == COMING)


def _registered(slug: str, caller: Caller) -> ColumnElement[bool]:
    return and_(_PERSON.meeting_slug == slug, in_scope(_PERSON.region_code, caller))


def find(source: Source, slug: str, caller: Caller) -> Row[Any]:
    """One meeting of the caller's province. Raises `MeetingNotFound`."""
    if "\x00" in slug:  # from a form; PostgreSQL cannot even be asked
        raise MeetingNotFound(slug)
    query = select(Meeting.__table__).where(_MEETING.slug == slug, _in_province(caller))
    row = source.execute(query).first()
    if row is None:
        raise MeetingNotFound(slug)
    return row


def status(meeting: Row[Any], now: datetime) -> str:
    """In registration's words, which lets a meeting begin and end by the clock and tells nobody."""
    if meeting.status == "cancelled" or now < meeting.starts_at:
        return str(meeting.status)
    return "done" if meeting.ends_at <= now else "running"


def summarise(session: Session, meeting: Row[Any], caller: Caller) -> Summary:
    """Count in one statement, so that all figures are of one moment."""
    region = func.coalesce(_PERSON.regency_code, _PERSON.province_code)
    query = (
        select(_PERSON.status, _PERSON.participant_type, region, func.count())
        .where(_registered(meeting.slug, caller))
        .group_by(_PERSON.status, _PERSON.participant_type, region)
    )
    by_status: Counter[str] = Counter()
    by_type: Counter[str] = Counter()
    by_region: Counter[str] = Counter()
    for status, kind, code, count in session.execute(query):
        by_status[status] += count
        if status == COMING:
            by_type[kind] += count
            by_region[code] += count
    return Summary(
        total=by_type.total(),
        awaiting_decision=sum(by_status[status] for status in UNDECIDED),
        waiting_list=sum(by_status[status] for status in WAITING),
        by_type={kind: by_type[kind] for kind in PARTICIPANT_TYPES if kind in by_type},
        by_region=dict(sorted(by_region.items())),
        missing=[
            regency
            for regency in regions.children(meeting.province_code)
            if caller.may_see(regency.code) and regency.code not in by_region
        ],
        as_of=session.execute(select(func.now())).scalar_one(),
    )


def page(
    session: Session, caller: Caller, *, words: str = "", after: str | None = None
) -> tuple[list[Row[Any]], str | None]:
    """Meetings, newest first, each with its participants; and after which the next page begins.

    `words` may be part of a title, a venue or a province's name.
    """
    count = (
        select(func.count())
        .where(coming(_MEETING.slug, caller))  # type: ignore[arg-type]
        .correlate(Meeting.__table__)
        .scalar_subquery()
    )
    query = (
        select(Meeting.__table__, count.label("participants"))
        .where(_in_province(caller), _matches(words))
        .order_by(_MEETING.starts_at.desc(), _MEETING.slug.desc())
        .limit(PAGE + 1)
    )
    if after:
        last = Meeting.__table__.alias().c
        place = select(last.starts_at, last.slug).where(last.slug == after).scalar_subquery()
        query = query.where(tuple_(_MEETING.starts_at, _MEETING.slug) < place)
    rows = list(session.execute(query))
    return rows[:PAGE], rows[PAGE - 1].slug if len(rows) > PAGE else None


def region_name(code: str) -> str:
    """A region's full name; its code when it is newer than our list."""
    region = regions.find(code)
    return region.name if region else code


def _in_province(caller: Caller) -> ColumnElement[bool]:
    """A meeting belongs to its province, and everybody below it may see that it takes place."""
    if caller.role == "national":
        return true()
    return _MEETING.province_code == (caller.region_code.split(".")[0] or "-")


def _matches(words: str) -> ColumnElement[bool]:
    if not words:
        return true()
    provinces = [region.code for region in regions.search(words) if region.level == 1]
    return or_(
        _MEETING.title.icontains(words, autoescape=True),
        _MEETING.venue.icontains(words, autoescape=True),
        _MEETING.province_code.in_(provinces),
    )
