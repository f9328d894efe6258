"""Scores: by a rule that can be read, the same in Python and in the database."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from reporting.libraries import BINTAN, library
from reporting.sums import added_up, people, reported

from services.reporting import boundaries, kpi
from services.reporting.kpi import Period
from services.reporting.resources import database
from shared import regions

pytestmark = pytest.mark.usefixtures("engines")

AUTUMN = Period(date(2026, 10, 1), date(2026, 11, 1))


def test_the_parts_of_every_rule_add_up_to_a_hundred() -> None:
    for rule in kpi.RULES.values():
        assert sum(part.points for part in rule.parts) == 100


def test_a_score_shows_its_arithmetic() -> None:
    sums = {"pelibatan": SimpleNamespace(reports=2, people=120)}
    scored = kpi.score(sums, months=2)
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
        verified = kpi.by_library(session, "21.01", Period(AUTUMN.first, AUTUMN.last, True))
    assert (row.region, row.libraries) == ("21.01", 3)
    assert round(row.mean, 9) == round(sum(score.total for score in scores.values()) / 3, 9)
    assert scores[busy].total == Decimal(50)
    assert scores[idle].total == Decimal("3.75")
    assert (row.green, row.yellow, row.red) == (0, 1, 2)
    assert [verified[one].total for one in (busy, idle)] == [Decimal(0), Decimal("3.75")]


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
    assert [line.reached for line in score.lines if line.part.name == "people"] == [4]
