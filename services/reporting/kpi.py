"""A library's score of a period, 0 to 100, by a rule that everybody can read.

How the programme's own score is made is not published; ours is a versioned rule, shown with its
arithmetic, in the programme's steps of 1.25. Colours are its own: green above 75, yellow above 25,
red below; which side 75 itself belongs to is said differently, so the edges are settings.

Whole months count, from the one in which a library joined: one that is not over yet has asked for
nothing, and nobody is asked for what was before. Without such a month there is no score yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from services.reporting import completeness
from services.reporting.aggregates import WITHIN
from services.reporting.settings import settings
from shared.web import gettext_noop as _

STEP = Decimal("1.25")
Colour = Literal["green", "yellow", "red"]


@dataclass(frozen=True, slots=True)
class Part:
    """So many points for reaching `target` a month; half of it is half the points."""

    name: str
    label: str
    points: int
    stream: str
    measure: str  # "reports", or one of `streams.MEASURES`
    target: int  # in one month


@dataclass(frozen=True, slots=True)
class Rule:
    """Its parts add up to a hundred points. A released version never changes."""

    version: int
    parts: tuple[Part, ...]


RULES: dict[int, Rule] = {
    rule.version: rule
    for rule in (
        Rule(
            1,
            (
                Part("activities", _("Kegiatan pelibatan"), 30, "pelibatan", "reports", 2),
                Part("people", _("Peserta kegiatan"), 20, "pelibatan", "people", 30),
                Part("visits", _("Kunjungan"), 20, "pengunjung", "people", 100),
                Part("publications", _("Publikasi"), 15, "publikasi", "reports", 1),
                Part("advocacy", _("Advokasi"), 15, "advokasi", "reports", 1),
            ),
        ),
    )
}
NEWEST = max(RULES)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the arithmetic: `reached` of `wanted` gives `points` of `most`."""

    part: Part
    reached: int
    wanted: int
    points: Decimal

    @property
    def most(self) -> int:
        """All points of this part."""
        return self.part.points


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its arithmetic. `total` is in steps of 1.25."""

    version: int
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        """From 0 to 100."""
        exact = sum((line.points for line in self.lines), Decimal(0))
        return (exact / STEP).quantize(Decimal(1), ROUND_HALF_UP) * STEP

    @property
    def colour(self) -> Colour:
        """By the edges of the settings."""
        return colour(self.total)


def score(sums: Mapping[str, Any], months: int, version: int = NEWEST) -> Score | None:
    """Score so many whole months, or nothing yet without one.

    `sums` has a row of sums for each stream.
    """
    if months < 1:
        return None
    rule = RULES[version]
    return Score(version, tuple(_line(part, sums.get(part.stream), months) for part in rule.parts))


def colour(total: Decimal) -> Colour:
    """The colour of a score; an edge itself belongs below it."""
    green, yellow = settings().kpi_green_above, settings().kpi_yellow_above
    return "green" if total > green else "yellow" if total > yellow else "red"


def mean(scores: Sequence[Score]) -> Decimal | None:
    """Of several libraries; None of none."""
    if not scores:
        return None
    return sum((one.total for one in scores), Decimal(0)) / len(scores)


def _line(part: Part, row: Any, months: int) -> Line:
    reached = int(getattr(row, part.measure, 0) or 0) if row is not None else 0
    wanted = part.target * months
    share = min(Decimal(reached) / wanted, Decimal(1))
    return Line(part, reached, wanted, part.points * share)


@dataclass(frozen=True, slots=True)
class Period:
    """Months, both included, of which only verified reports count or all."""

    first: date
    last: date
    only_verified: bool = False
    today: date = field(default_factory=completeness.today)

    @property
    def whole(self) -> date:
        """The last of its months that is over; before `first` where none is."""
        return min(self.last, completeness.months(self.today, 2)[0])

    def months(self, joined: date) -> int:
        """How many of its months count for a library that joined then."""
        first, last = max(self.first, joined), self.whole
        return max(0, (last.year - first.year) * 12 + last.month - first.month + 1)


def by_region(
    session: Session, region_code: str, digits: int, period: Period
) -> Sequence[Row[Any]]:
    """By so much of a code: `region`, `libraries`, their `mean`, how many are of each colour.

    By the newest rule, in the database, as a country has thousands of libraries; one that reported
    nothing has no points, and counts. One without a score yet does not.
    """
    if period.whole < period.first:
        return []
    asked = settings()
    values = {"digits": digits, "green": asked.kpi_green_above, "yellow": asked.kpi_yellow_above}
    return session.execute(_MEANS[period.only_verified], values | _asked(region_code, period)).all()


def by_library(session: Session, region_code: str, period: Period) -> dict[UUID, Score | None]:
    """The score of each library of a region, with its arithmetic: a few hundred at most.

    None for one that has joined, but has no score yet.
    """
    sums: dict[UUID, dict[str, Any]] = {}
    joined: dict[UUID, date] = {}
    statement = _SUMS[period.only_verified]
    for row in session.execute(statement, _asked(region_code, period)):
        of = sums.setdefault(row.id, {})
        joined[row.id] = row.expected_from
        if row.stream:
            of[row.stream] = row
    return {library: score(of, period.months(joined[library])) for library, of in sums.items()}


def _asked(region_code: str, period: Period) -> dict[str, Any]:
    months = {"first": period.first, "last": period.last, "whole": period.whole}
    return {"region": region_code} | months


_PLACED = WITHIN.format(place="place_code")
_LISTED = f"active AND expected_from <= :{{until}} AND {WITHIN.format(place='region_code')}"
_COUNTED = "month BETWEEN :first AND :whole AND month >= expected_from"
# What `Period.months` says.
_MONTHS = """
    (12 * (extract(year FROM CAST(:whole AS date)) - extract(year FROM since))
        + extract(month FROM CAST(:whole AS date)) - extract(month FROM since) + 1)"""


def _means(verified: str) -> TextClause:
    """The rule as SQL; every number in it is our own."""
    parts = RULES[NEWEST].parts
    reached = ", ".join(
        f"sum({part.measure}) FILTER (WHERE stream = '{part.stream}') AS {part.name}"
        for part in parts
    )
    points = " + ".join(
        f"least({part.points}.0 * coalesce({part.name}, 0) / ({part.target} * months),"
        f" {part.points})"
        for part in parts
    )
    return text(f"""
        WITH reached AS (
            SELECT library_id, {reached} FROM library_rollup JOIN library ON id = library_id
            WHERE {_COUNTED} {verified} AND {_PLACED} GROUP BY library_id
        ), listed AS (
            SELECT id, left(region_code, :digits) AS region, {_MONTHS} AS months
            FROM (SELECT *, greatest(expected_from, CAST(:first AS date)) AS since FROM library)
                AS library
            WHERE {_LISTED.format(until="whole")}
        ), scored AS MATERIALIZED (  -- or its rule would be worked out for each column
            SELECT region, round(({points}) / {STEP}) * {STEP} AS total
            FROM listed LEFT JOIN reached ON library_id = id
        )
        SELECT region, count(*) AS libraries, avg(total) AS mean,
            count(*) FILTER (WHERE total > :green) AS green,
            count(*) FILTER (WHERE total > :yellow AND total <= :green) AS yellow,
            count(*) FILTER (WHERE total <= :yellow) AS red
        FROM scored GROUP BY region ORDER BY region""")


def _sums(verified: str) -> TextClause:
    return text(f"""
        SELECT id, expected_from, stream, sum(reports) AS reports, sum(people) AS people
        FROM library LEFT JOIN library_rollup
            ON library_id = id AND {_COUNTED} {verified} AND {_PLACED}
        WHERE {_LISTED.format(until="last")} GROUP BY id, stream""")


_MEANS = {False: _means(""), True: _means("AND verified")}
_SUMS = {False: _sums(""), True: _sums("AND verified")}
