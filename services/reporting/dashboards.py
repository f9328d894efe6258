"""What a dashboard shows: of a region, months and a stream, read from the sums.

Officials see their own region, down to each library. Everybody sees what is verified, down to a
kab/kota: below it the figures would be those of a single person's work.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import Session

from services.reporting import aggregates, completeness, kpi, stocks, targets
from services.reporting.aggregates import REGENCY, By
from services.reporting.dashboard_views import View, measures, this_month
from services.reporting.kpi import Score
from services.reporting.models import Library
from services.reporting.streams import STOCKS, STREAMS
from services.reporting.targets import INDICATORS, Progress, RegionNotFound
from shared import regions
from shared.security import Caller, in_scope, within

HARDLY = 10  # times as much: a percentage tells nothing then
MOST = 120  # months: ten years, which are added up while a reader waits
_CODE = re.compile(r"\d\d(\.\d\d(\.\d\d(\.\d{4})?)?)?", re.ASCII)


class TooManyMonths(ValueError):
    """More than `MOST` are asked for at once."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum, and the same of the period before."""

    name: str  # of an indicator, or of a measure
    value: int
    before: int
    stream: str
    measure: str

    @property
    def change(self) -> Decimal | None:
        """In per cent; None where there was nothing before, or hardly anything."""
        if not self.before or self.value > HARDLY * self.before:
            return None
        return (Decimal(100) * (self.value - self.before) / self.before).quantize(Decimal(1))


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of so many expected library months, so many came, and so many of them in time."""

    expected: int = 0
    came: int = 0
    in_time: int = 0

    @property
    def share(self) -> Decimal | None:
        """Per cent that came; None where nothing was expected."""
        return Decimal(100) * self.came / self.expected if self.expected else None


@dataclass(frozen=True, slots=True)
class Part:
    """A region below, or the region itself where its own library reports."""

    code: str
    value: int
    reports: int
    verified: int
    coverage: Coverage = Coverage()
    kpi: Row[Any] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A library of a kecamatan or desa."""

    id: UUID
    name: str
    region_code: str
    value: int
    reports: int
    score: Score | None


@dataclass(frozen=True, slots=True)
class Month:
    """A month's sum, and how much of it is verified."""

    month: date
    value: int
    verified: int


@dataclass(frozen=True, slots=True)
class Board:
    """All that one address shows."""

    view: View
    figures: list[Figure]
    trend: list[Month]
    categories: list[tuple[str, int]]  # of a stream; of all together the streams themselves
    parts: list[Part]
    places: list[Place]
    coverage: Coverage
    progress: list[Progress]

    @property
    def is_empty(self) -> bool:
        """Nothing at all was reported."""
        return not any(figure.value for figure in self.figures)


def check(session: Session, view: View, caller: Caller) -> View:
    """The view, if this reader may have it. Raises `RegionNotFound` and `TooManyMonths`."""
    if len(view.months) > MOST:
        raise TooManyMonths(len(view.months))
    code = view.region_code
    if view.public:
        if len(code) > REGENCY or (code and regions.find(code) is None):
            raise RegionNotFound(code)
        return replace(view, only_verified=True)
    if not caller.may_see(code) or (code and not _known(session, code)):
        raise RegionNotFound(code)
    return view


def _known(session: Session, code: str) -> bool:
    """Whether there is such a region, or was when a library was told that lies in it."""
    if regions.find(code):
        return True
    if not _CODE.fullmatch(code):
        return False
    return bool(session.scalar(select(exists().where(within(Library.region_code, code)))))


def board(session: Session, caller: Caller, view: View) -> Board:
    """Everything that a view shows, in a handful of statements. Raises as `check`."""
    view = check(session, view, caller)
    ahead = view.first > this_month()
    coverage = {} if view.public or ahead else _coverage(session, view)
    return Board(
        view,
        _figures(session, view),
        _trend(session, view),
        _categories(session, view),
        _parts(session, view, coverage) if view.has_below else [],
        _places(session, caller, view) if view.has_libraries else [],
        _added(coverage.values()),
        _progress(session, view),
    )


def one_library(
    session: Session, caller: Caller, view: View, library_id: UUID
) -> tuple[str, Score | None]:
    """A library's name and score, with the arithmetic; None for none yet.

    Raises `RegionNotFound`.
    """
    found = session.execute(
        select(Library.name, Library.region_code).where(
            Library.id == library_id, in_scope(Library.region_code, caller)
        )
    ).first()
    if found is None:
        raise RegionNotFound(str(library_id))
    scores = kpi.by_library(session, found.region_code, view.period)
    return found.name, scores.get(library_id)


def _figures(session: Session, view: View) -> list[Figure]:
    if view.stream:
        now = aggregates.totals(session, view.asked())
        then = aggregates.totals(session, view.before.asked())
        stands, stood = (
            stocks.breakdown(session, one.asked())[0] if view.has_stocks else None
            for one in (view, view.before)
        )
        return [
            Figure(
                name,
                int(getattr(stands if name in STOCKS else now, name)),
                int(getattr(stood if name in STOCKS else then, name)),
                view.stream,
                name,
            )
            for name in measures(view.stream)
        ]
    sums = targets.by_stream(session, view.asked(*targets.MEASURES))
    past = targets.by_stream(session, view.before.asked(*targets.MEASURES))
    return [
        Figure(i.name, targets.measured(sums, i), targets.measured(past, i), i.stream, i.measure)
        for i in INDICATORS.values()
    ]


def _rows(session: Session, view: View, *by: By) -> Sequence[Row[Any]]:
    """Sums with what is shown alone: each measure that nobody asks for makes it faster."""
    only = () if view.measure == "reports" or view.is_stock else (view.measure,)
    return aggregates.breakdown(session, replace(view.asked(), measures=only), *by)


def _stocks(session: Session, view: View, by: stocks.By) -> dict[Any, int]:
    """What is shown, as it was last reported."""
    rows = stocks.breakdown(session, view.asked(), by)
    return {getattr(row, by): int(getattr(row, view.measure)) for row in rows}


def _trend(session: Session, view: View) -> list[Month]:
    if view.is_stock:
        stands = _stocks(session, view, "month")
        checked = _stocks(session, replace(view, only_verified=True), "month")
        return [Month(one, stands.get(one, 0), checked.get(one, 0)) for one in view.steps]
    value = dict.fromkeys(view.months, 0)
    verified = dict.fromkeys(view.months, 0)
    for row in _rows(session, view, "month", "verified"):
        value[row.month] += getattr(row, view.measure)
        verified[row.month] += getattr(row, view.measure) if row.verified else 0
    return [Month(month, int(value[month]), int(verified[month])) for month in view.steps]


def _categories(session: Session, view: View) -> list[tuple[str, int]]:
    if not view.stream:
        rows = _rows(session, view, "stream")
        said = {row.stream: int(row.reports) for row in rows}
        return [(name, said.get(name, 0)) for name in STREAMS]
    if not STREAMS[view.stream].category or len(view.region_code) > REGENCY:
        return []
    said = {
        row.category: int(getattr(row, view.measure)) for row in _rows(session, view, "category")
    }
    known = STREAMS[view.stream].field(STREAMS[view.stream].category).options or {}
    return [(name, said.get(name, 0)) for name in dict.fromkeys([*known, *sorted(said)])]


def _coverage(session: Session, view: View) -> dict[str, Coverage]:
    """By the level below; only of months that have begun."""
    last = view.period.last
    found: dict[str, Coverage] = {}
    for row in completeness.by_region(session, view.region_code, view.first, last):
        more = Coverage(row.expected, row.came, row.in_time)
        found[row.region] = _added([found.get(row.region, Coverage()), more])
    return found


def _added(many: Any) -> Coverage:
    every = list(many)
    return Coverage(
        sum(one.expected for one in every),
        sum(one.came for one in every),
        sum(one.in_time for one in every),
    )


def _parts(session: Session, view: View, coverage: Mapping[str, Coverage]) -> list[Part]:
    sums: dict[str, list[int]] = {}
    for row in _rows(session, view, "region", "verified"):
        one = sums.setdefault(row.region, [0, 0, 0])
        one[0] += 0 if view.is_stock else getattr(row, view.measure)
        one[1] += row.reports
        one[2] += row.reports if row.verified else 0
    if view.is_stock:
        for region, value in _stocks(session, view, "region").items():
            sums.setdefault(region, [0, 0, 0])[0] = value
    scores = {}
    if not view.public:
        digits = aggregates.below(view.region_code)
        rows = kpi.by_region(session, view.region_code, digits, view.period)
        scores = {row.region: row for row in rows}
    below = [region.code for region in regions.children(view.region_code or None)]
    # A region's own library reports in the region itself; one that was split is known no more.
    others = sorted((sums.keys() | coverage.keys()) - set(below))
    return [
        _part(code, sums.get(code, [0, 0, 0]), coverage.get(code), scores.get(code))
        for code in [*below, *others]
    ]


def _part(code: str, sums: list[int], coverage: Coverage | None, score: Row[Any] | None) -> Part:
    value, reports, verified = map(int, sums)
    return Part(code, value, reports, verified, coverage or Coverage(), score)


def _places(session: Session, caller: Caller, view: View) -> list[Place]:
    sums = {row.library: row for row in _rows(session, view, "library")}
    values = {id_: int(getattr(row, view.measure, 0)) for id_, row in sums.items()}
    if view.is_stock:
        values = _stocks(session, view, "library")
    scores = kpi.by_library(session, view.region_code, view.period)
    rows = session.execute(
        select(Library.id, Library.name, Library.region_code)
        .where(Library.id.in_(sums.keys() | scores.keys()), in_scope(Library.region_code, caller))
        .order_by(Library.region_code, Library.name_key)
    )
    return [
        Place(
            row.id,
            row.name,
            row.region_code,
            values.get(row.id, 0),
            int(getattr(sums.get(row.id), "reports", 0)),
            scores.get(row.id),
        )
        for row in rows
    ]


def _progress(session: Session, view: View) -> list[Progress]:
    """Of the last month's year; there are targets down to a kab/kota."""
    if len(view.region_code) > REGENCY:
        return []
    every = targets.reached(
        session, view.region_code, view.last.year, only_verified=view.only_verified
    )
    return [one for one in every if one.target is not None]
