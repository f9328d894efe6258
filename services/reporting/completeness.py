"""Who has reported, and who has not: live, at every level, without anybody saying "complete".

A library has reported a month when one of its `STREAMS` has a report that counts; in time, when one
of them came before the deadline. What a library reported before it was merged into another one
counts for that other one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.reporting.aggregates import WITHIN, below
from shared import regions
from shared.names import plain_name

STREAMS = ("pelibatan", "pengunjung")
DAYS = 10  # into the next month
PAGE = 50
CLOCK = ZoneInfo(regions.CAPITAL)  # months end on it

_HERE = WITHIN.format(place="library.region_code")
_NAMED = "(:words = '' OR library.name_key LIKE '%' || :words || '%')"

# OFFSET 0 keeps each a look-up by key. Of a month that has just begun the planner expects one row,
# and as a join would compare each library with each of thousands.
_REPORTED = """
    EXISTS (
        SELECT FROM library_rollup WHERE library_id = {of} AND month = :first AND reports > 0
            AND stream = ANY (CAST(:streams AS text[])) OFFSET 0)"""
SILENT = f"""
    active AND expected_from <= :first AND {_HERE} AND NOT {_REPORTED.format(of="library.id")}
    AND NOT EXISTS (
        SELECT FROM library AS merged
        WHERE merged.merged_into = library.id AND {_REPORTED.format(of="merged.id")})"""
"""Of `library`: the ones that have not reported the month `first`; see `values`."""

# Libraries are counted by the month they joined and not one by one: that is a few rows a region.
_BY_REGION = text(f"""
    WITH joined AS (
        SELECT left(region_code, :digits) AS region, expected_from, count(*) AS libraries
        FROM library WHERE active AND {_HERE} GROUP BY 1, 2
    ), expected AS (
        SELECT region, CAST(month AS date) AS month, CAST(sum(libraries) AS int) AS expected
        FROM generate_series(CAST(:first AS date), CAST(:last AS date), '1 month') AS month
        JOIN joined ON expected_from <= month
        GROUP BY 1, 2
    ), part AS (
        SELECT id AS library_id, id, region_code, expected_from FROM library
        WHERE active AND {_HERE}
        UNION ALL
        SELECT merged.id, library.id, library.region_code, library.expected_from
        FROM library AS merged JOIN library ON library.id = merged.merged_into
        WHERE library.active AND {_HERE}
    ), came AS (
        SELECT id, left(region_code, :digits) AS region, month, sum(timely) AS timely
        FROM part JOIN library_rollup USING (library_id)
        WHERE month BETWEEN :first AND :last AND expected_from <= month
            AND stream = ANY (CAST(:streams AS text[]))
        GROUP BY 1, 2, 3 HAVING sum(reports) > 0
    ), counted AS (
        SELECT region, month, count(*) AS came, count(*) FILTER (WHERE timely > 0) AS in_time
        FROM came GROUP BY 1, 2
    )
    SELECT region, month, expected, coalesce(came, 0) AS came, coalesce(in_time, 0) AS in_time
    FROM expected LEFT JOIN counted USING (region, month)
    ORDER BY region, month""")

_SILENT = text(f"""
    SELECT id, name, region_code FROM library
    WHERE {SILENT} AND {_NAMED}
      AND (CAST(:after AS uuid) IS NULL OR (region_code, id) > (
           SELECT region_code, id FROM library WHERE id = :after))
    ORDER BY region_code, id LIMIT :limit""")

_LIBRARIES = text(f"""
    SELECT id, name, region_code, expected_from FROM library
    WHERE active AND expected_from <= :last AND {_HERE} AND {_NAMED}
      AND (CAST(:after AS uuid) IS NULL OR (region_code, id) > (
           SELECT region_code, id FROM library WHERE id = :after))
    ORDER BY region_code, id LIMIT :limit""")

_OF_LIBRARIES = text("""
    SELECT coalesce(merged_into, id) AS library_id, month, sum(timely) AS timely
    FROM library_rollup JOIN library ON library.id = library_id
    WHERE (library.id = ANY (CAST(:ids AS uuid[]))
           OR library.merged_into = ANY (CAST(:ids AS uuid[])))
      AND month BETWEEN :first AND :last AND stream = ANY (CAST(:streams AS text[]))
    GROUP BY 1, 2 HAVING sum(reports) > 0""")


def today() -> date:
    """The day that it is in the capital."""
    return datetime.now(CLOCK).date()


@dataclass(frozen=True, slots=True)
class Count:
    """Libraries: of so many a report was `expected`, of `came` one came, of those `in_time`."""

    expected: int = 0
    came: int = 0
    in_time: int = 0

    @property
    def late(self) -> int:
        """It came after the deadline."""
        return self.came - self.in_time

    @property
    def missing(self) -> int:
        """Nothing came so far."""
        return self.expected - self.came

    def __add__(self, other: "Count") -> "Count":
        """Both together."""
        return Count(
            self.expected + other.expected,
            self.came + other.came,
            self.in_time + other.in_time,
        )


@dataclass(frozen=True, slots=True)
class LibraryMonths:
    """A library, and for each month "in_time", "late", "missing", or "" before it joined."""

    id: UUID
    name: str
    region_code: str
    states: tuple[str, ...]


def deadline(day: date) -> date:
    """The last day on which a report of this day comes in time."""
    next_month = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return next_month + timedelta(days=DAYS - 1)


def months(last: date, number: int) -> list[date]:
    """So many months up to this one, oldest first."""
    found = [last.replace(day=1)]
    while len(found) < number:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found[::-1]


def by_region(session: Session, region_code: str, first: date, last: date) -> Sequence[Row[Any]]:
    """`expected`, `came` and `in_time` libraries, by the level below a region and month."""
    asked = values(region_code, first, last) | {"digits": below(region_code)}
    return session.execute(_BY_REGION, asked).all()


def total(rows: Iterable[Row[Any]]) -> Count:
    """Rows of `by_region` added up."""
    return sum((Count(row.expected, row.came, row.in_time) for row in rows), Count())


def silent(  # noqa: PLR0913 - what a list is asked by
    session: Session,
    region_code: str,
    month: date,
    *,
    words: str = "",
    after: UUID | None = None,
    limit: int = PAGE,
) -> tuple[Sequence[Row[Any]], UUID | None]:
    """Libraries (`id`, `name`, `region_code`) that have not reported a month, by place.

    And the `after` of the next page, if any.
    """
    asked = values(region_code, month, month) | _page(words, after, limit)
    rows = session.execute(_SILENT, asked).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def libraries(  # noqa: PLR0913 - what a list is asked by
    session: Session,
    region_code: str,
    shown: Sequence[date],
    *,
    words: str = "",
    after: UUID | None = None,
    limit: int = PAGE,
) -> tuple[list[LibraryMonths], UUID | None]:
    """Libraries by place with how each stands in these months, and the next page's `after`."""
    asked = values(region_code, shown[0], shown[-1])
    rows = session.execute(_LIBRARIES, asked | _page(words, after, limit)).all()
    page = rows[:limit]
    found = session.execute(_OF_LIBRARIES, asked | {"ids": [row.id for row in page]})
    came = {(row.library_id, row.month): row.timely for row in found}

    def state(row: Row[Any], month: date) -> str:
        if month < row.expected_from:
            return ""
        timely = came.get((row.id, month))
        return "missing" if timely is None else "in_time" if timely else "late"

    told = [
        LibraryMonths(row.id, row.name, row.region_code, tuple(state(row, m) for m in shown))
        for row in page
    ]
    return told, page[-1].id if len(rows) > limit else None


def values(region_code: str, first: date, last: date) -> dict[str, Any]:
    """What `SILENT` is asked with: a region ("" is the country) and months, both included."""
    return {"region": region_code, "first": first, "last": last, "streams": list(STREAMS)}


def _page(words: str, after: UUID | None, limit: int) -> dict[str, Any]:
    plain = plain_name(words).replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return {"words": plain, "after": after, "limit": limit + 1}
