"""Sums in milliseconds: deltas are added up by one applier, and proved by recounting.

    activity  --trigger-->  delta  --apply-->  sums by library, kab/kota, category and province

What is read is as old as the last delta that is not applied, which is a second or two. The country
is summed when it is read. Nobody who reports waits for a province's row, as the applier alone
writes sums (docs/decisions/0011-sums-from-deltas.md).
"""

from dataclasses import dataclass
from datetime import date

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reporting.streams import MEASURES

log = structlog.get_logger()

CHUNK = 10_000  # deltas in one transaction

SUMS = ("reports", *MEASURES)
# Table -> what its rows are for. `verified` is no column of a report: its stage says so.
KEYS = {
    "library_rollup": ("library_id", "month", "stream", "verified", "place_code"),
    "regency_rollup": ("stream", "regency_code", "month", "verified"),
    "province_rollup": ("stream", "province_code", "month", "verified"),
    "category_rollup": ("stream", "regency_code", "month", "category", "verified"),
}
# What a delta does not say in so many words.
_SAID = "stage > 0 AS verified, left(regency_code, 2) AS province_code"
_ADDED = ", ".join(
    ["sum(sign) AS reports", *(f"sum(sign * {name}) AS {name}" for name in MEASURES)]
)


def _upsert(table: str) -> str:
    key = ", ".join(KEYS[table])
    grown = ", ".join(f"{name} = kept.{name} + excluded.{name}" for name in SUMS)
    return f"""
        INSERT INTO {table} AS kept ({key}, {", ".join(SUMS)})
        SELECT {key}, {_ADDED} FROM counted GROUP BY {key}
        ON CONFLICT ({key}) DO UPDATE SET {grown}"""


# One applier at a time: two would wait for each other's rows. What is deleted is added in the same
# transaction, so a delta counts once, whenever the applier dies.
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtext('reporting.rollups'))")
_APPLY = text(f"""
    WITH taken AS (
        DELETE FROM delta USING (SELECT ctid FROM delta LIMIT :chunk) AS met
        WHERE delta.ctid = met.ctid RETURNING delta.*
    ), counted AS (
        SELECT *, {_SAID} FROM taken
    ), libraries AS ({_upsert("library_rollup")}
    ), regencies AS ({_upsert("regency_rollup")}
    ), provinces AS ({_upsert("province_rollup")}
    ), categories AS ({_upsert("category_rollup")}
    )
    SELECT count(*) AS deltas, extract(epoch FROM now() - min(written_at)) AS oldest_s
    FROM taken""")


def _recount(table: str) -> str:
    """What the reports say, against what is summed and what still waits: all in one snapshot."""
    key, sums = ", ".join(KEYS[table]), ", ".join(SUMS)
    return f"""
        WITH counted AS (
            SELECT *, 1 AS sign, stage > 0 AS verified FROM activity
            WHERE month = :month AND stage >= 0 AND deleted_at IS NULL
        ), facts AS (
            SELECT {key}, {_ADDED} FROM counted GROUP BY {key}
        ), waiting AS (
            SELECT {key}, {_ADDED} FROM (SELECT *, {_SAID} FROM delta) AS delta
            WHERE month = :month GROUP BY {key}
        ), kept AS (
            SELECT {key}, {", ".join(f"sum({name}) AS {name}" for name in SUMS)}
            FROM (SELECT {key}, {sums} FROM {table} WHERE month = :month
                  UNION ALL SELECT {key}, {sums} FROM waiting) AS summed
            GROUP BY {key} HAVING NOT ({" AND ".join(f"sum({name}) = 0" for name in SUMS)})
        )
        SELECT count(*) AS rows FROM (
            (SELECT * FROM facts EXCEPT SELECT * FROM kept)
            UNION ALL (SELECT * FROM kept EXCEPT SELECT * FROM facts)) AS differing"""


# All in one statement, so that they see the same snapshot.
_RECOUNT = text(f"SELECT {' + '.join(f'({_recount(table)})' for table in KEYS)} AS difference")
_KEEP = text("INSERT INTO recount (month, difference) VALUES (:month, :difference)")
_SOME_MONTH = text("SELECT month FROM regency_rollup TABLESAMPLE BERNOULLI (5) LIMIT 1")


@dataclass(frozen=True, slots=True)
class Applied:
    """How many deltas were added up, and how long the oldest of them had waited (seconds)."""

    deltas: int
    oldest_s: float


def apply(session: Session, chunk: int = CHUNK) -> Applied:
    """Add up what waits, mostly the oldest first; nothing while another worker does so."""
    if not session.execute(_ALONE).scalar_one():
        return Applied(0, 0.0)
    row = session.execute(_APPLY, {"chunk": chunk}).one()
    return Applied(row.deltas, float(row.oldest_s or 0))


def recount(session: Session, month: date) -> int:
    """Count a month anew: in how many rows the sums are wrong, which is kept and told."""
    difference: int = session.execute(_RECOUNT, {"month": month}).scalar_one()
    session.execute(_KEEP, {"month": month, "difference": difference})
    tell = log.error if difference else log.info
    tell("rollups.recounted", month=str(month), difference=difference)
    return difference


def some_month(session: Session) -> date | None:
    """A month to be recounted, by chance; None while there is none."""
    found: date | None = session.execute(_SOME_MONTH).scalar()
    return found
