"""Totals, trends and breakdowns, read from the sums: tens of milliseconds at ten million reports.

A province and the country's provinces are read from the provinces' sums, what lies between from
the kab/kota's, and what lies below a kab/kota from the libraries'. People are participations:
nobody knows whether the same person came twice, so they are never called persons.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from services.reporting.streams import MEASURES

By = Literal["month", "region", "category", "verified", "stream", "library"]

# How much of a code names each level: 21 . 01 . 06 . 2001
PROVINCE, REGENCY, DISTRICT, VILLAGE = 2, 5, 8, 13
_BELOW = {0: PROVINCE, PROVINCE: REGENCY, REGENCY: DISTRICT, DISTRICT: VILLAGE, VILLAGE: VILLAGE}

# A region is a range of codes, which an index can use: in the collation "C" a "." comes before "/".
WITHIN = """
    (:region = '' OR {place} = :region
     OR {place} >= :region || '.' COLLATE "C" AND {place} < :region || '/' COLLATE "C")"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which region ("" is the country), months (both included), stream, whether verified, what.

    Each measure that nobody asks for makes it faster.
    """

    region_code: str
    first: date
    last: date
    stream: str | None = None
    only_verified: bool = False
    measures: tuple[str, ...] = MEASURES


def totals(session: Session, asked: Asked) -> Row[Any]:
    """One row with `reports` and every measure; zeros for nothing."""
    return session.execute(_statement(asked, ()), _values(asked)).one()


def breakdown(session: Session, asked: Asked, *by: By) -> Sequence[Row[Any]]:
    """A row for each value of each of `by` (a column of that name), with `reports` and measures.

    `region` is the level below the region that was asked for, by code. `category` is known down to
    a kab/kota: raises `LookupError` together with anything below.
    """
    return session.execute(_statement(asked, by), _values(asked)).all()


def below(region_code: str) -> int:
    """How much of a code names the level below a region."""
    return _BELOW[len(region_code)]


def _statement(asked: Asked, by: Sequence[By]) -> TextClause:
    digits = below(asked.region_code)
    table, place = _source(asked, by, digits)
    # Bare where it may be, so that the index that finds the rows also groups them.
    region = place if place == "province_code" else f"left({place}, {digits})"
    columns = {"region": region, "library": "library_id"}
    keys = [columns.get(name, name) for name in by]
    shown = "".join(f"{key} AS {name}, " for key, name in zip(keys, by, strict=True))
    conditions = ["month BETWEEN :first AND :last"]
    if asked.only_verified:
        conditions.append("verified")
    if asked.stream:
        conditions.append("stream = :stream")
    if asked.region_code:
        # As a range, which an index can use: in the collation "C" a "." comes before "/".
        conditions.append(
            f"({place} = :region OR {place} >= :region || '.' AND {place} < :region || '/')"
        )
    grouped = f"GROUP BY {', '.join(keys)} ORDER BY {', '.join(keys)}" if keys else ""
    wanted = ("reports", *asked.measures)
    sums = ", ".join(f"coalesce(sum({n}), 0)::bigint AS {n}" for n in wanted)
    return text(f"SELECT {shown}{sums} FROM {table} WHERE {' AND '.join(conditions)} {grouped}")


def _source(asked: Asked, by: Sequence[By], digits: int) -> tuple[str, str]:
    """The smallest table that knows enough, and its column of places."""
    inside = len(asked.region_code) > REGENCY or "library" in by
    deep = inside or ("region" in by and digits > REGENCY)
    if "category" in by:
        if deep:
            raise LookupError("categories are summed down to a kab/kota")
        return "category_rollup", "regency_code"
    if deep:
        return "library_rollup", "place_code"
    provinces = "" if "region" in by else asked.region_code
    if asked.region_code == provinces and len(provinces) <= PROVINCE:
        return "province_rollup", "province_code"
    return "regency_rollup", "regency_code"


def _values(asked: Asked) -> dict[str, Any]:
    return {
        "region": asked.region_code,
        "first": asked.first,
        "last": asked.last,
        "stream": asked.stream,
    }
