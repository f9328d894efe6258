"""Which kab/kota take part, and which do not: by meeting, by round, or by year."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, extract, func, or_, select
from sqlalchemy.orm import Session

from services.registration.models import Library, Meeting, Registration, Round, Training
from shared import regions
from shared.security import Caller, in_scope

RECENT = 60  # meetings to choose from


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is looked at; the first that is not empty counts."""

    meeting: str = ""  # slug
    round: str = ""  # slug
    year: int = 0  # in which meetings begin, on the venue's clock


@dataclass(frozen=True, slots=True)
class Covered:
    """One kab/kota: people whom a meeting approved, libraries, and those with somebody trained."""

    code: str
    name: str
    participants: int
    libraries: int
    trained: int


@dataclass(frozen=True, slots=True)
class Province:
    """A province with its kab/kota; `at_large` are the participants of the province as a whole."""

    code: str
    name: str
    at_large: int
    rows: Sequence[Covered]

    @property
    def missing(self) -> list[Covered]:
        """The kab/kota that nobody came from."""
        return [row for row in self.rows if not row.participants]

    @property
    def participants(self) -> int:
        """All of the province."""
        return self.at_large + sum(row.participants for row in self.rows)


def choices(session: Session, caller: Caller) -> tuple[list[Row[Any]], list[Row[Any]], list[int]]:
    """Meetings (the newest first), rounds and years that the caller may look at."""
    year = _year().label("year")
    mine = _visible(caller)
    meetings = select(Meeting.slug, Meeting.title, Meeting.starts_at).where(mine)
    rounds = select(Round.slug, Round.title).where(
        Round.id.in_(select(Meeting.round_id).where(mine))
    )
    years = select(year).where(mine).distinct().order_by(year.desc())
    return (
        list(session.execute(meetings.order_by(Meeting.starts_at.desc()).limit(RECENT))),
        list(session.execute(rounds.order_by(Round.created_at.desc()))),
        [int(found) for found in session.scalars(years)],
    )


def usual(session: Session, caller: Caller) -> Chosen:
    """The last meeting that has begun, or the first there is."""
    begun = case((Meeting.starts_at <= func.now(), 0), else_=1)
    newest = select(Meeting.slug).where(_visible(caller)).order_by(begun, Meeting.starts_at.desc())
    return Chosen(meeting=session.scalars(newest.limit(1)).first() or "")


def of(session: Session, caller: Caller, chosen: Chosen) -> list[Province]:
    """The provinces of these meetings with their kab/kota, as far as the caller sees them."""
    meetings = _meetings(caller, chosen)
    codes = set(session.scalars(meetings.with_only_columns(Meeting.province_code)))
    ids = meetings.with_only_columns(Meeting.id)
    people = _participants(session, caller, ids)
    libraries = _libraries(session, caller, codes)
    trained = _trained(session, caller, ids)
    return [_province(caller, code, people, libraries, trained) for code in sorted(codes)]


def _province(
    caller: Caller,
    code: str,
    people: dict[str, int],
    libraries: dict[str, int],
    trained: dict[str, int],
) -> Province:
    rows = [
        Covered(
            region.code,
            region.label.partition(",")[0],
            people.get(region.code, 0),
            libraries.get(region.code, 0),
            trained.get(region.code, 0),
        )
        for region in regions.children(code)
        if caller.may_see(region.code)
    ]
    rows.sort(key=lambda row: (row.participants > 0, row.code))
    return Province(code, regions.get(code).name, people.get(code, 0), rows)


def _visible(caller: Caller) -> ColumnElement[bool]:
    # A kab/kota sees the meetings of its province, for its own part of them.
    own = Meeting.province_code == caller.region_code[:2]
    return and_(
        Meeting.status.not_in(("draft", "cancelled")),
        or_(in_scope(Meeting.province_code, caller), own),
    )


def _meetings(caller: Caller, chosen: Chosen) -> Select[Any]:
    query = select(Meeting).where(_visible(caller))
    if chosen.meeting:
        return query.where(Meeting.slug == chosen.meeting)
    if chosen.round:
        rounds = select(Round.id).where(Round.slug == chosen.round)
        return query.where(Meeting.round_id.in_(rounds))
    return query.where(_year() == chosen.year)


def _year() -> ColumnElement[Any]:
    return extract("year", func.timezone(Meeting.zone, Meeting.starts_at))


def _participants(session: Session, caller: Caller, meetings: Select[Any]) -> dict[str, int]:
    regency = func.left(Registration.region_code, 5)
    query = (
        select(regency, func.count())
        .where(Registration.meeting_id.in_(meetings), Registration.status == "approved")
        .where(in_scope(Registration.region_code, caller))
        .group_by(regency)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _libraries(session: Session, caller: Caller, provinces: set[str]) -> dict[str, int]:
    regency = func.left(Library.region_code, 5)
    query = (
        select(regency, func.count())
        .where(Library.merged_into.is_(None), in_scope(Library.region_code, caller))
        .where(func.left(Library.region_code, 2).in_(provinces))
        .group_by(regency)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _trained(session: Session, caller: Caller, meetings: Select[Any]) -> dict[str, int]:
    regency = func.left(Library.region_code, 5)
    query = (
        select(regency, func.count(Library.id.distinct()))
        .join(Registration, Registration.library_id == Library.id)
        .join(Training, Training.registration_id == Registration.id)
        .where(Registration.meeting_id.in_(meetings), in_scope(Library.region_code, caller))
        .group_by(regency)
    )
    return {row[0]: row[1] for row in session.execute(query)}
