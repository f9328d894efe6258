"""Who has reported: live, whatever becomes of reports and libraries."""

from datetime import date
from uuid import UUID

import pytest
from reporting.libraries import BINTAN, SENDER, handed, library
from reporting.verifying import ANSWERED, add_up, execute, report, visitors

from services.reporting import activities, completeness, verification
from services.reporting.completeness import Count
from services.reporting.models import Activity
from services.reporting.resources import database

pytestmark = pytest.mark.usefixtures("empty")

SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)
IN_TIME, LATE = date(2026, 11, 10), date(2026, 11, 11)


def count(month: date = OCTOBER, region: str = "") -> Count:
    add_up()
    with database.sessions.begin() as session:
        return completeness.total(completeness.by_region(session, region, month, month))


def silent(month: date = OCTOBER, region: str = "", words: str = "") -> list[UUID]:
    add_up()
    with database.sessions.begin() as session:
        return [row.id for row in completeness.silent(session, region, month, words=words)[0]]


def states(of: UUID) -> tuple[str, ...]:
    add_up()
    shown = [SEPTEMBER, OCTOBER, NOVEMBER]
    with database.sessions.begin() as session:
        rows, _ = completeness.libraries(session, "21.01", shown)
    return next(row.states for row in rows if row.id == of)


def test_a_report_in_time_a_late_one_and_none() -> None:
    prompt, late, none = library(), library(), library()
    visitors(prompt, "2026-10", today=IN_TIME)
    visitors(late, "2026-10", today=LATE)
    assert count() == Count(3, 2, 1)
    assert (count().late, count().missing) == (1, 1)
    assert silent() == [none]
    assert [states(of)[1] for of in (prompt, late, none)] == ["in_time", "late", "missing"]


def test_one_report_in_time_is_enough_and_other_streams_are_none() -> None:
    of, other = library(), library()
    visitors(of, "2026-10", today=LATE)
    report(of, day="2026-10-04", today=IN_TIME)
    report(other, "publikasi", day="2026-10-04", jenis_publikasi="Media Online", media="Facebook")
    assert count() == Count(2, 1, 1)
    assert silent() == [other]


def test_sent_back_deleted_and_restored() -> None:
    of = library()
    one = visitors(of, "2026-10", today=IN_TIME)
    with database.sessions.begin() as session:
        verification.decide(session, BINTAN, "send_back", {one: 1}, "Periksa.")
    assert count() == Count(1, 0, 0)
    with database.sessions.begin() as session:
        found = session.get_one(Activity, one)
        again = handed("pengunjung", confirmed=ANSWERED, day="2026-10", male="9", female="9")
        activities.edit(session, found, again, SENDER, LATE, revision=2)
    assert count() == Count(1, 1, 1), "it came when it came"
    with database.sessions.begin() as session:
        verification.delete(session, BINTAN, one, 3, "Ganda.")
    assert silent() == [of]
    with database.sessions.begin() as session:
        verification.restore(session, BINTAN, one, 4, "")
    assert count() == Count(1, 1, 1)


def test_a_report_that_moves_to_another_month_leaves_its_own() -> None:
    of = library()
    one = report(of, day="2026-10-04")
    with database.sessions.begin() as session:
        found = session.get_one(Activity, one)
        moved = handed(confirmed=ANSWERED, day="2026-09-04")
        activities.edit(session, found, moved, SENDER, LATE, revision=1)
    assert [count(month).came for month in (SEPTEMBER, OCTOBER)] == [1, 0]


def test_a_merged_library_is_not_expected_and_its_reports_are_its_successors() -> None:
    old, kept = library(name="Nama Lama"), library()
    visitors(old, "2026-10", today=IN_TIME)
    assert count() == Count(2, 1, 1)
    execute(
        "UPDATE library SET active = false, merged_into = :kept WHERE id = :old", kept=kept, old=old
    )
    assert count() == Count(1, 1, 1)
    assert silent() == []
    assert states(kept)[1] == "in_time"
    visitors(kept, "2026-10", today=LATE)
    assert count() == Count(1, 1, 1), "both together are one library"


def test_who_joined_this_month_was_not_expected_before() -> None:
    of = library()
    execute("UPDATE library SET expected_from = :month", month=OCTOBER)
    assert [count(month).expected for month in (SEPTEMBER, OCTOBER, NOVEMBER)] == [0, 1, 1]
    assert (silent(SEPTEMBER), silent(OCTOBER)) == ([], [of])
    assert states(of) == ("", "missing", "missing")


def test_regions_add_up_and_a_neighbour_is_not_counted() -> None:
    libraries = [library("21.01.06.2001"), library("21.72.01.1001"), library("14.01.02.2005")]
    for of in libraries:
        visitors(of, "2026-10", today=IN_TIME)
    library("21")
    assert [count(region=code).expected for code in ("", "21", "21.01", "14")] == [4, 3, 1, 1]
    with database.sessions.begin() as session:
        rows = completeness.by_region(session, "21", SEPTEMBER, OCTOBER)
    assert [(row.region, row.month, row.expected, row.came) for row in rows] == [
        ("21", SEPTEMBER, 1, 0),
        ("21", OCTOBER, 1, 0),
        ("21.01", SEPTEMBER, 1, 0),
        ("21.01", OCTOBER, 1, 1),
        ("21.72", SEPTEMBER, 1, 0),
        ("21.72", OCTOBER, 1, 1),
    ]


def test_the_silent_are_listed_by_place_searched_and_paged() -> None:
    places = ("21.72.01.1001", "21.01.06.2001", "21.01.06.2001")
    last, first, second = (library(place, f"TBM {n} 100%") for n, place in enumerate(places))
    assert silent() == [first, second, last]
    assert silent(words="tbm 2") == [second]
    assert silent(words="_") == [first, second, last], "a search for nothing finds all"
    found: list[UUID] = []
    after = None
    with database.sessions.begin() as session:
        for _ in range(3):
            rows, after = completeness.silent(session, "", OCTOBER, after=after, limit=1)
            found += [row.id for row in rows]
    assert (found, after) == ([first, second, last], None)
