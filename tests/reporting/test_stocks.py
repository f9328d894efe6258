"""Books, computers and bandwidth: how they stand, as each library last reported, never added up."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from reporting.builders import Office
from reporting.libraries import BINTAN, KEPRI, library
from reporting.sums import added_up, reported
from sqlalchemy import text

from services.reporting import rollups
from services.reporting.resources import database

DASHBOARD, PUBLIC = "/reporting/dashboard", "/reporting/public"
YEAR = "stream=peningkatan&first=2024-01&last=2024-12"


def stands(of: UUID, day: str, computers: int, bandwidth: int = 20, **more: Any) -> UUID:
    said: dict[str, Any] = {"books": "1005", "ebooks": "0", "computers": str(computers)}
    return reported(of, "peningkatan", day=day, bandwidth=str(bandwidth), **said, **more)


@pytest.fixture(autouse=True)
def libraries(empty: Path) -> dict[str, UUID]:
    """One that reported both halves of 2024, one that reported the first alone."""
    assert empty
    both, first = library("21.01.06.2001", "Keduanya"), library("21.01.07.2003", "Yang pertama")
    stands(both, "2024-01", 4)
    stands(both, "2024-07", 5, by=BINTAN)
    stands(first, "2024-01", 2, bandwidth=50)
    added_up()
    return {"both": both, "first": first}


def told(query: str, address: str = DASHBOARD) -> Any:
    return Office(KEPRI).get(f"{address}.json?{query}").json()


def figures(query: str, address: str = DASHBOARD) -> dict[str, int]:
    return {row["figure"]: row["value"] for row in told(query, address)["figures"]}


def test_a_year_has_of_each_library_what_it_reported_last() -> None:
    one_village = figures(f"{YEAR}&region=21.01.06.2001")
    assert one_village == {
        "reports": 2,
        "books": 1005,
        "ebooks": 0,
        "computers": 5,
        "bandwidth": 20,
    }
    everyone = figures(YEAR)
    assert (everyone["computers"], everyone["books"]) == (7, 2010)
    assert everyone["bandwidth"] == 35, "a mean, as nobody has the bandwidth of both"
    assert figures(f"{YEAR}&verified=yes")["computers"] == 5
    how = {row["figure"]: row["how"] for row in told(YEAR)["figures"]}
    assert (how["reports"], how["books"], how["bandwidth"]) == (
        "sum",
        "sum of last reports",
        "mean of last reports",
    )


def test_regions_libraries_and_half_years_agree_with_the_whole() -> None:
    view = told(f"{YEAR}&measure=computers")
    assert [(row["month"], row["value"], row["verified"]) for row in view["trend"]] == [
        ("2024-01", 6, 0),
        ("2024-07", 5, 5),
    ]
    [bintan] = [row for row in view["regions"] if row["value"]]
    assert (bintan["region_code"], bintan["value"], bintan["reports"]) == ("21.01", 7, 3)
    deeper = told(f"{YEAR}&measure=computers&region=21.01.06")
    assert [(row["library"], row["value"]) for row in deeper["libraries"]] == [("Keduanya", 5)]
    public = told(f"{YEAR}&measure=computers&region=21", PUBLIC)
    assert [row["value"] for row in public["regions"] if row["value"]] == [5]


def test_a_view_of_stocks_is_of_whole_half_years_and_says_what_it_shows() -> None:
    query = "stream=peningkatan&measure=books&first=2024-03&last=2024-05"
    view = told(query)
    assert (view["first"], view["last"]) == ("2024-01", "2024-06")
    assert {row["figure"]: row["value"] for row in view["figures"]}["computers"] == 6
    page = Office(KEPRI).get(f"{DASHBOARD}?{query}").text
    assert "tidak dijumlahkan antarsemester" in page
    assert "Menurut semester" in page
    assert "Jan–Jun 2024" in page
    english = Office(KEPRI).get(f"{DASHBOARD}?{query}&lang=en").text
    assert "not added up over half-years" in english
    assert "By half-year" in english


def test_of_two_reports_of_a_half_year_the_later_one_counts(libraries: dict[str, UUID]) -> None:
    stands(libraries["both"], "2024-07", 6)
    added_up()
    assert figures(YEAR)["computers"] == 8
    assert [row["value"] for row in told(f"{YEAR}&measure=computers")["trend"]] == [6, 6]


def test_a_library_that_was_merged_is_not_counted_beside_its_successor(
    libraries: dict[str, UUID],
) -> None:
    with database.sessions.begin() as session:
        session.execute(
            text("UPDATE library SET merged_into = :both, active = false WHERE id = :first"),
            libraries,
        )
    assert figures(YEAR)["computers"] == 5


def test_open_data_has_a_half_year_as_it_stood(libraries: dict[str, UUID]) -> None:
    stands(libraries["first"], "2024-07", 3, bandwidth=60, by=BINTAN)
    stands(libraries["both"], "2024-07", 7, by=BINTAN)
    added_up()
    [row] = Office().get("/reporting/open/v1/totals.json").json()["rows"]
    assert (row["month"], row["stream"], row["reports"]) == ("2024-07", "peningkatan", 3)
    assert (row["computers"], row["books"], row["bandwidth"]) == (10, 2010, 40)


def test_the_nightly_recount_still_agrees() -> None:
    with database.sessions.begin() as session:
        assert rollups.recount(session, date(2024, 7, 1)) == 0
