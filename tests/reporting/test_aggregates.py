"""Sums of a region, the level below it, and what they are broken down by."""

from datetime import date
from pathlib import Path

import pytest
from reporting.libraries import BINTAN, library
from reporting.sums import added_up, people, reported
from sqlalchemy import text

from services.reporting import aggregates
from services.reporting.aggregates import Asked, By
from services.reporting.resources import database

pytestmark = pytest.mark.usefixtures("empty")

_HUGE = text("UPDATE activity SET people = 2000000000 WHERE library_id = :id")
YEAR = (date(2026, 1, 1), date(2026, 12, 1))


@pytest.fixture(autouse=True)
def country(empty: Path) -> None:
    """Two villages of Bintan, its own library, and one of Riau."""
    assert empty
    here, there = library("21.01.06.2001"), library("21.01.07.2003")
    reported(here, by=BINTAN, day="2026-11-03", **people(10))
    reported(there, day="2026-10-03", **people(5))
    reported(library("21.01"), "pengunjung", day="2026-11-01", male="3", female="4")
    reported(library("14.01.02.2005"), day="2026-11-04", bidang="Pertanian", **people(100))
    added_up()


def sums(region: str, *by: By, stream: str | None = None, verified: bool = False) -> list[object]:
    asked = Asked(region, *YEAR, stream, only_verified=verified, measures=("people",))
    with database.sessions.begin() as session:
        if not by:
            row = aggregates.totals(session, asked)
            return [row.reports, row.people]
        return [
            (*(getattr(row, name) for name in by), row.reports, row.people)
            for row in aggregates.breakdown(session, asked, *by)
        ]


def test_every_level_sums_what_lies_below_it() -> None:
    assert sums("") == [4, 122]
    assert sums("", "region") == [("14", 1, 100), ("21", 3, 22)]
    assert sums("21", "region") == [("21.01", 3, 22)]
    assert sums("21.01", "region") == [("21.01", 1, 7), ("21.01.06", 1, 10), ("21.01.07", 1, 5)]
    assert sums("21.01.06", "region") == [("21.01.06.2001", 1, 10)]
    assert sums("21.01.06.2001") == [1, 10]


def test_a_code_that_begins_alike_is_another_region() -> None:
    reported(library("21.02.01.2001"), day="2026-11-03", **people(9))
    added_up()
    assert sums("21.01") == [3, 22]


def test_only_verified_reports_count_where_they_are_asked_for() -> None:
    assert sums("21", verified=True) == [1, 10]
    assert sums("21", "verified") == [(False, 2, 12), (True, 1, 10)]


def test_months_streams_and_categories() -> None:
    assert sums("21", "month", stream="pelibatan") == [
        (date(2026, 10, 1), 1, 5),
        (date(2026, 11, 1), 1, 10),
    ]
    assert sums("21", "stream") == [("pelibatan", 2, 15), ("pengunjung", 1, 7)]
    assert sums("", "category", stream="pelibatan") == [("Ekonomi", 2, 15), ("Pertanian", 1, 100)]


def test_categories_are_not_known_below_a_regency() -> None:
    with pytest.raises(LookupError):
        sums("21.01.06", "category")
    with pytest.raises(LookupError):
        sums("21.01", "category", "region")


def test_what_no_report_may_say_alone_does_not_stop_the_sums_of_all() -> None:
    """Reports that together are more than four bytes hold."""
    of = library("21.01.07.2004")
    for day in range(1, 4):
        reported(of, day=f"2026-09-0{day}", title=f"Kelas {day}", **people(1))
    with database.sessions.begin() as session:
        session.execute(_HUGE, {"id": of})
    added_up()
    assert sums("21.01.07.2004") == [3, 6_000_000_000]
    assert sums("21") == [6, 6_000_000_022]
