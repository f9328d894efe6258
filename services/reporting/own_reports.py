"""What a library itself sees of its reports: those that came back, what is missing, its past.

Read from the reports and not from the sums: a library has some hundreds, and whoever has just sent
one must find it here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from services.reporting import completeness, kpi
from services.reporting.activities import ActivityNotFound
from services.reporting.models import Activity, Library
from services.reporting.streams import STREAMS, Stream
from shared import regions
from shared.limits import Limit

MONTHS = 12
SCORED = 3  # months
PAGE = 20
SENDING = Limit("report-library", 120, 3600)  # also of corrections; then who sends waits

_SUMS = text("""
    SELECT month, stream, count(*) AS reports, sum(people) AS people FROM activity
    WHERE library_id = :library_id AND month >= :first AND deleted_at IS NULL AND stage >= 0
    GROUP BY month, stream""")
_RETURNED = text("""
    SELECT activity.id, activity.stream, activity.day, activity.title, said.comment, said.actor
    FROM activity LEFT JOIN LATERAL (
        SELECT comment, actor FROM activity_change
        WHERE activity_id = activity.id AND action = 'returned' ORDER BY id DESC LIMIT 1) AS said
      ON true
    WHERE library_id = :library_id AND stage = -1 AND deleted_at IS NULL
    ORDER BY activity.id""")


class Verified(Exception):
    """Somebody above has said that the report is right: it is theirs to send back first."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one stream in one month or more."""

    reports: int = 0
    people: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        """Both together."""
        return Sums(self.reports + other.reports, self.people + other.people)


@dataclass(frozen=True, slots=True)
class Month:
    """What a library reported for a month. `expected`: it was in the programme by then."""

    first: date
    expected: bool
    sums: dict[str, Sums] = field(default_factory=dict)

    def of(self, stream: str) -> Sums:
        """Of one stream."""
        return self.sums.get(stream, Sums())

    @property
    def missing(self) -> list[str]:
        """The streams that are asked for every month and did not come."""
        return [
            name for name in completeness.STREAMS if self.expected and not self.of(name).reports
        ]


def today(of: Library | Activity) -> date:
    """The day that it is where the library is."""
    return datetime.now(ZoneInfo(regions.get(of.province_code).zone)).date()


def months(session: Session, library: Library) -> list[Month]:
    """The last `MONTHS` months up to this one, oldest first."""
    firsts = [today(library).replace(day=1)]
    while len(firsts) < MONTHS:
        firsts.append((firsts[-1] - timedelta(days=1)).replace(day=1))
    found = {
        first: Month(first, expected=library.expected_from <= first) for first in reversed(firsts)
    }
    values = {"library_id": library.id, "first": firsts[-1]}
    for row in session.execute(_SUMS, values):
        if row.month in found:
            found[row.month].sums[row.stream] = Sums(row.reports, row.people)
    return list(found.values())


def score(of: Sequence[Month]) -> kpi.Score | None:
    """Of the last `SCORED` whole months since the library joined: this one is not over yet."""
    whole = [month for month in of[-SCORED - 1 : -1] if month.expected]
    sums: dict[str, Sums] = {}
    for month in whole:
        for stream, one in month.sums.items():
            sums[stream] = sums.get(stream, Sums()) + one
    return kpi.score(sums, len(whole))


def streams_of(library: Library) -> list[Stream]:
    """What this kind of library reports."""
    return [stream for stream in STREAMS.values() if library.kind in stream.by]


def returned(session: Session, library_id: UUID) -> Sequence[Row[Any]]:
    """What was sent back to be corrected, with the verifier's `comment`; oldest first."""
    return session.execute(_RETURNED, {"library_id": library_id}).all()


def page(  # noqa: PLR0913 - what a list can be asked for
    session: Session,
    library_id: UUID,
    *,
    stream: str = "",
    words: str = "",
    after: UUID | None = None,
    limit: int = PAGE,
) -> tuple[Sequence[Activity], UUID | None]:
    """A library's reports, newest first, and the `after` of the next page, if any."""
    query = select(Activity).where(Activity.library_id == library_id, Activity.deleted_at.is_(None))
    if stream:
        query = query.where(Activity.stream == stream)
    if words:
        query = query.where(Activity.title.icontains(words, autoescape=True))
    if after:
        query = query.where(Activity.id < after)
    found = session.scalars(query.order_by(Activity.id.desc()).limit(limit + 1)).all()
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def find(session: Session, library_id: UUID, activity_id: UUID) -> Activity:
    """One of a library's reports, also a deleted one. Raises `ActivityNotFound`."""
    query = select(Activity).where(Activity.id == activity_id, Activity.library_id == library_id)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise ActivityNotFound(activity_id)
    return found


def to_change(session: Session, library_id: UUID, activity_id: UUID) -> Activity:
    """One that its library may change, which nobody else does until the transaction ends.

    Raises `ActivityNotFound`, also for a deleted one, and `Verified`.
    """
    query = select(Activity).where(
        Activity.id == activity_id,
        Activity.library_id == library_id,
        Activity.deleted_at.is_(None),
    )
    found = session.scalars(query.with_for_update()).one_or_none()
    if found is None:
        raise ActivityNotFound(activity_id)
    if not may_change(found):
        raise Verified(activity_id)
    return found


def may_change(activity: Activity) -> bool:
    """Nobody has verified it, nor is it deleted."""
    return activity.stage <= 0 and activity.deleted_at is None
