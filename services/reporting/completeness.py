"""Who has reported, and who has not: live, at every level, without anybody saying "complete".

A library has reported a month when one of its `STREAMS` has a report that counts; in time, when one
of them came before the deadline.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.reporting.aggregates import below

STREAMS = ("pelibatan", "pengunjung")
DAYS = 10  # into the next month

# As a range of codes, which an index can use: in the collation "C" a "." comes before "/".
_WITHIN = """
    (:region = '' OR library.region_code = :region
     OR library.region_code >= :region || '.' COLLATE "C"
        AND library.region_code < :region || '/' COLLATE "C")"""

_EXPECTED = f"""
    expected AS (
        SELECT library.id, library.name, library.region_code, CAST(month AS date) AS month
        FROM library, generate_series(CAST(:first AS date), CAST(:last AS date), '1 month') AS month
        WHERE active AND expected_from <= month AND {_WITHIN}
    ), came AS (
        SELECT library_id, month, sum(reports) AS reports, sum(timely) AS timely
        FROM library_rollup
        WHERE month BETWEEN :first AND :last AND stream = ANY (CAST(:streams AS text[]))
        GROUP BY library_id, month HAVING sum(reports) > 0
    )"""

_BY_REGION = text(f"""
    WITH {_EXPECTED}
    SELECT left(region_code, :digits) AS region, expected.month, count(*) AS expected,
        count(came.library_id) AS came, count(*) FILTER (WHERE timely > 0) AS in_time
    FROM expected LEFT JOIN came ON came.library_id = expected.id AND came.month = expected.month
    GROUP BY 1, 2 ORDER BY 1, 2""")

_SILENT = text(f"""
    WITH {_EXPECTED}
    SELECT expected.id, expected.name, expected.region_code FROM expected
    LEFT JOIN came ON came.library_id = expected.id AND came.month = expected.month
    WHERE came.library_id IS NULL AND expected.id > :after
    ORDER BY expected.id LIMIT :limit""")


def deadline(day: date) -> date:
    """The last day on which a report of this day comes in time."""
    next_month = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return next_month + timedelta(days=DAYS - 1)


def by_region(session: Session, region_code: str, first: date, last: date) -> Sequence[Row[Any]]:
    """`expected`, `came` and `in_time` libraries, by the level below a region and month."""
    values = _values(region_code, first, last) | {"digits": below(region_code)}
    return session.execute(_BY_REGION, values).all()


def silent(
    session: Session, region_code: str, month: date, after: UUID | None = None, limit: int = 50
) -> Sequence[Row[Any]]:
    """Libraries (`id`, `name`, `region_code`) that have not reported a month, by id."""
    values = _values(region_code, month, month) | {"limit": limit}
    return session.execute(_SILENT, values | {"after": after or UUID(int=0)}).all()


def _values(region_code: str, first: date, last: date) -> dict[str, Any]:
    return {"region": region_code, "first": first, "last": last, "streams": list(STREAMS)}
