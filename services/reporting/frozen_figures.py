"""What a region froze of the months that it locked, beside what its reports add up to now.

A lock counts all reports, verified or not, and so does what stands beside it. What is now is read
from the sums, which may be a second behind. Stocks are left out: over months they are no sum.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.reporting import aggregates, period_locks
from services.reporting.aggregates import Asked
from services.reporting.models import PeriodLock
from services.reporting.period_locks import Figures, Line
from services.reporting.streams import MEASURES, STOCKS

_SUMS = tuple(name for name in MEASURES if name not in STOCKS)


@dataclass(frozen=True, slots=True)
class Frozen:
    """The months that are locked. `lines` are there when all that were asked for are."""

    months: tuple[date, ...]
    is_whole: bool
    locked_at: datetime  # the last of them
    state: str  # another one whenever a month is locked or opened
    lines: tuple[Line, ...] = ()

    def line(self, stream: str, measure: str) -> Line | None:
        """What a stream's measure was and is; None for nothing, then and now."""
        found = (one for one in self.lines if (one.stream, one.measure) == (stream, measure))
        return next(found, None)


def find(session: Session, region_code: str, months: Sequence[date]) -> Frozen | None:
    """What the region itself has locked of months in a row; None when it is nothing."""
    query = select(PeriodLock).where(
        PeriodLock.region_code == region_code,
        PeriodLock.month.in_(months),
        PeriodLock.unlocked_at.is_(None),
    )
    locks = session.scalars(query.order_by(PeriodLock.month)).all()
    if not locks:
        return None
    is_whole = len(locks) == len(months)
    return Frozen(
        months=tuple(one.month for one in locks),
        is_whole=is_whole,
        locked_at=max(one.locked_at for one in locks),
        # A later lock has a higher id: the same number with the same sum are the same locks.
        state=f"{len(locks)}.{sum(one.id for one in locks)}",
        lines=tuple(_lines(session, locks, region_code)) if is_whole else (),
    )


def _lines(session: Session, locks: Sequence[PeriodLock], region_code: str) -> list[Line]:
    asked = Asked(region_code, locks[0].month, locks[-1].month, measures=_SUMS)
    rows = aggregates.breakdown(session, asked, "stream")
    now = {
        row.stream: {name: int(getattr(row, name)) for name in ("reports", *_SUMS)} for row in rows
    }
    return [
        line
        for line in period_locks.lines(_added([one.figures for one in locks]), now)
        if line.measure not in STOCKS
    ]


def _added(many: Sequence[Figures]) -> Figures:
    added: dict[str, Counter[str]] = {}
    for figures in many:
        for stream, sums in figures.items():
            added.setdefault(stream, Counter()).update(sums)
    return added
