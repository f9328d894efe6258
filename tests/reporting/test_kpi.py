"""Scores: by a rule that can be read, the same in Python and in the database."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from reporting.builders import Office
from reporting.libraries import BINTAN, library
from reporting.sums import added_up, people, reported

from services.reporting import boundaries, kpi, own_reports
from services.reporting.kpi import Period
from services.reporting.models import Library
from services.reporting.resources import database
from shared import regions

pytestmark = pytest.mark.usefixtures("engines")

NEWS = {"title": "Liputan", "jenis_publikasi": "Media Cetak", "media": "Majalah"}
TALK = {"title": "Audiensi", "sasaran": ["Swasta"], "hasil": "NonDana"}
OVER = date(2026, 12, 1)  # the day from which both months of it count
AUTUMN = Period(date(2026, 10, 1), date(2026, 11, 1), today=OVER)


def test_the_parts_of_every_rule_add_up_to_a_hundred() -> None:
    for rule in kpi.RULES.values():
        assert sum(part.points for part in rule.parts) == 100


def test_a_score_shows_its_arithmetic() -> None:
    sums = {"pelibatan": SimpleNamespace(reports=2, people=120)}
    scored = kpi.score(sums, months=2)
    assert scored
    said = {line.part.name: (line.reached, line.wanted, line.points) for line in scored.lines}
    assert said["activities"] == (2, 4, Decimal(15))
    assert said["people"] == (120, 60, Decimal(20))  # more than wanted is no more than all
    assert said["visits"] == (0, 200, Decimal(0))
    assert scored.total == Decimal(35)
    assert scored.colour == "yellow"


def test_an_edge_belongs_to_the_colour_below_it() -> None:
    colours = [kpi.colour(Decimal(edge)) for edge in ("75.01", "75", "25.01", "25", "0")]
    assert colours == ["green", "yellow", "yellow", "red", "red"]


def test_the_mean_of_a_region_counts_who_reported_nothing(empty: Path) -> None:
    assert empty
    busy, idle = library("21.01.06.2001"), library("21.01.06.2002")
    for day in range(1, 8):
        reported(busy, day=f"2026-11-0{day}", **people(13))
    reported(idle, "pengunjung", by=BINTAN, day="2026-10-01", male="7", female="30")
    library("21.01.07.2001")
    library("14.01.02.2005")
    added_up()
    with database.sessions.begin() as session:
        [row] = kpi.by_region(session, "21", 5, AUTUMN)
        scores = kpi.by_library(session, "21.01", AUTUMN)
        verified = kpi.by_library(session, "21.01", replace(AUTUMN, only_verified=True))
    assert (row.region, row.libraries) == ("21.01", 3)
    totals = {one: score.total for one, score in scores.items() if score}
    assert round(row.mean, 9) == round(sum(totals.values()) / 3, 9)
    assert totals[busy] == Decimal(50)
    assert totals[idle] == Decimal("3.75")
    assert (row.green, row.yellow, row.red) == (0, 1, 2)
    assert [score and score.total for score in (verified[busy], verified[idle])] == [
        Decimal(0),
        Decimal("3.75"),
    ]


def test_a_library_that_moved_here_did_not_do_here_what_it_did_there(empty: Path) -> None:
    assert empty
    there, here = (regions.children(regency)[0].code for regency in ("21.02", "21.01"))
    there, here = regions.children(there)[0].code, regions.children(here)[0].code
    moved = library(there)
    reported(moved, day="2026-10-05", **people(13))
    with database.sessions.begin() as session:
        boundaries.order(session, "Pusat", there, here, date(2026, 11, 1))
        boundaries.work(session, date(2026, 11, 23))
    reported(moved, day="2026-11-05", **people(4))
    added_up()
    with database.sessions.begin() as session:
        score = kpi.by_library(session, "21.01", AUTUMN)[moved]
    assert score
    assert [line.reached for line in score.lines if line.part.name == "people"] == [4]


def joined(of: UUID, month: date) -> None:
    with database.sessions.begin() as session:
        session.get_one(Library, of).expected_from = month


def test_months_count_from_the_one_a_library_joined_to_the_last_that_is_over(empty: Path) -> None:
    """One that joined in October and met every target has all points; of November nobody has."""
    assert empty
    new, newest, old = library("21.01.06.2001"), library("21.01.06.2002"), library("21.01.07.2003")
    joined(new, date(2026, 10, 1))
    joined(newest, date(2026, 11, 1))
    for one in (new, newest, old):
        for day in ("2026-10-03", "2026-10-04", "2026-11-05", "2026-09-06"):
            reported(one, day=day, title=f"Kelas {day}", **people(15))
        reported(one, "pengunjung", day="2026-10", male="50", female="50")
        reported(one, "publikasi", day="2026-10-07", fields=NEWS)
        reported(one, "advokasi", day="2026-10-08", fields=TALK)
    added_up()
    period = Period(date(2026, 8, 1), date(2026, 11, 1), today=date(2026, 11, 20))
    with database.sessions.begin() as session:
        scores = kpi.by_library(session, "21.01", period)
        [row] = kpi.by_region(session, "21", 5, period)
        nobody = kpi.by_region(session, "21", 5, replace(period, first=date(2026, 11, 1)))
    totals = {one: score and score.total for one, score in scores.items()}
    assert totals[new] == Decimal(100)
    assert totals[newest] is None
    assert totals[old] == Decimal("41.25")  # of three months, and one more activity
    assert (row.libraries, row.mean) == (2, Decimal("70.625"))
    assert nobody == []


def test_the_own_page_scores_as_the_dashboard_does() -> None:
    def month(first: int, *, expected: bool, reports: int) -> own_reports.Month:
        sums = {"pelibatan": own_reports.Sums(reports, 15 * reports)}
        return own_reports.Month(date(2026, first, 1), expected, sums)

    past = [month(8, expected=False, reports=9), month(9, expected=False, reports=9)]
    october, november = (month(at, expected=True, reports=1) for at in (10, 11))
    scored = own_reports.score([*past, october, november])
    assert scored
    assert {line.wanted for line in scored.lines if line.part.name == "activities"} == {2}
    assert scored.total == Decimal(25)
    assert own_reports.score([*past, replace(october, expected=False), november]) is None


def test_everybody_can_read_the_rule(empty: Path) -> None:
    assert empty
    for language, words in (
        ("id", "Aturan nilai perpustakaan"),
        ("en", "How libraries are scored"),
    ):
        page = Office().get(f"/reporting/rules?lang={language}").text
        assert words in page
        assert "75" in page
        for rule in kpi.RULES.values():
            assert f'id="v{rule.version}"' in page
    for path in ("/reporting/public", "/reporting/open"):
        assert 'href="/reporting/rules"' in Office().get(path).text
