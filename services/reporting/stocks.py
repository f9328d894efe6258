"""How many books and computers libraries have, as each of them last reported.

A stock is no sum over time: of each library its last report in the months asked for counts, or its
last one of each half-year. It is read from the reports, of which a library has two a year, as sums
cannot tell which one is the last. Over libraries books and computers are added up; of bandwidth
the mean is told.
"""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from services.reporting.aggregates import PROVINCE, REGENCY, WITHIN, Asked, below
from services.reporting.streams import MEANS, STOCKS

By = Literal["month", "region", "library"]

_KEYS = {"month": "month", "region": "left(place_code, :digits)", "library": "library"}
TOLD = ", ".join(
    f"coalesce({f'round(avg({name}))' if name in MEANS else f'sum({name})'}, 0)::bigint AS {name}"
    for name in STOCKS
)
"""SQL of what rows of `last` are together."""


def last(region_code: str = "", each: str = "") -> str:
    """SQL: the last report of each library, or, with `month`, of each library and half-year.

    What a library said before it was merged is followed by what its successor says.
    """
    inside = [_INSIDE[size] for size in _INSIDE if len(region_code) >= size]
    keys = ", ".join(filter(None, ["coalesce(library.merged_into, library.id)", each]))
    return f"""
        SELECT DISTINCT ON ({keys}) coalesce(library.merged_into, library.id) AS library,
            month, place_code, activity.regency_code, {", ".join(STOCKS)}
        FROM activity JOIN library ON library.id = library_id
        WHERE stream = 'peningkatan' AND deleted_at IS NULL AND stage >= :stage
            AND month BETWEEN :first AND :last {" ".join(inside)}
        ORDER BY {keys}{"" if each else ", month DESC"}, activity.id DESC"""


# By the length of a code, in the words of the index.
_INSIDE = {
    PROVINCE: "AND activity.province_code = left(:region, 2)",
    REGENCY: "AND activity.regency_code = left(:region, 5)",
    REGENCY + 1: f"AND {WITHIN.format(place='place_code')}",
}


def breakdown(session: Session, asked: Asked, *by: By) -> Sequence[Row[Any]]:
    """A row for each value of each of `by`, with `libraries` and the stocks; without it one row.

    By `month` each half-year has what was reported for it, in its first month.
    """
    values = {
        "region": asked.region_code,
        "digits": below(asked.region_code),
        "first": asked.first,
        "last": asked.last,
        "stage": int(asked.only_verified),
    }
    return session.execute(_statement(asked.region_code, by), values).all()


def _statement(region_code: str, by: Sequence[By]) -> TextClause:
    shown = "".join(f"{_KEYS[name]} AS {name}, " for name in by)
    grouped = f"GROUP BY {', '.join(map(str, range(1, len(by) + 1)))}" if by else ""
    return text(f"""
        WITH reported AS ({last(region_code, "month" if "month" in by else "")})
        SELECT {shown}count(*) AS libraries, {TOLD} FROM reported {grouped}""")
