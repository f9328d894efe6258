"""A locked period's frozen figures are those of its report, and its dashboard tells of them."""

import io
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from reporting.builders import BINTAN, KEPRI, Office
from reporting.libraries import TODAY, library
from reporting.sums import added_up, people, reported

from services.reporting import jobs, period_locks
from services.reporting.resources import database
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("empty")

SEPTEMBER = {"region": "21.01", "period": "2026-09"}
ADDRESS = "/reporting/dashboard"


def lock(caller: Caller = BINTAN, month: date = date(2026, 9, 1)) -> int:
    with database.sessions.begin() as session:
        return period_locks.lock(session, caller, month, TODAY)


def late(of: UUID, day: str = "2026-09-25") -> None:
    reported(of, day=day, title="Pameran literasi", **people(500))
    added_up()


@pytest.fixture
def ours(empty: object) -> UUID:
    """A library with 27 verified participants in September."""
    assert empty
    made = library()
    reported(made, by=BINTAN, day="2026-09-03", **people(27))
    added_up()
    return made


def order(**params: Any) -> dict[str, Any]:
    office = Office(BINTAN)
    body = {"kind": "periodic", "format": "pdf", "params": SEPTEMBER | params}
    answer = office.post("/reporting/api/v1/reports", json=body)
    assert answer.status_code == 202, answer.text
    jobs.make_reports()
    told: dict[str, Any] = office.get(answer.headers["location"]).json()
    return told


def paper(**params: Any) -> str:
    content = Office(BINTAN).get(order(**params)["download"]).content
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return " ".join(" ".join(pages).split())


def test_a_locked_periods_report_prints_the_frozen_figure_and_what_changed(ours: UUID) -> None:
    lock()
    before = order()["sha256"]
    late(ours)
    told = paper()
    assert "1 kegiatan pelibatan masyarakat dengan 27 keikutsertaan" in told
    assert "Periode ini dikunci pada" in told
    assert "keikutsertaan berubah sejak dikunci: +500 (kini 527)" in told
    assert "Seluruhnya, saat dikunci 1 27" in told
    assert "Berubah sejak dikunci +1 +500" in told
    assert "Seluruhnya, kini 2 527" in told
    assert order()["sha256"] != before
    english = paper(language="en")
    assert "changed since it was locked: +500 (now 527)" in english


def test_what_is_opened_again_is_printed_as_it_is(ours: UUID) -> None:
    made = lock()
    late(ours)
    assert "27 keikutsertaan" in paper()
    with database.sessions.begin() as session:
        period_locks.unlock(session, BINTAN, made, "Ada yang kurang.")
    told = paper()
    assert "527 keikutsertaan" in told
    assert "dikunci" not in told


def test_a_range_of_which_some_months_are_locked_says_which(ours: UUID) -> None:
    lock()
    late(ours)
    told = paper(period="2026-Q3")
    assert "527 keikutsertaan" in told
    assert "yang sudah dikunci: September 2026" in told
    assert "+500" not in told


def test_the_lock_of_another_region_is_not_ours(ours: UUID) -> None:
    lock(KEPRI)
    late(ours)
    assert "dikunci" not in paper()


def test_a_report_says_how_much_of_it_is_verified(ours: UUID) -> None:
    late(ours)
    told = paper()
    assert "1 dari 2 kegiatan pelibatan terverifikasi (50%)" in told
    assert "1 dari 2 terverifikasi" in told
    assert "hanya menghitung yang terverifikasi" in told


def test_the_dashboard_of_a_locked_period_tells_the_frozen_figures(ours: UUID) -> None:
    lock()
    late(ours)
    office = Office(BINTAN)
    query = "region=21.01&first=2026-09&last=2026-09&stream=pelibatan"
    page = office.get(f"{ADDRESS}?{query}").text
    assert "Masa ini dikunci" in page
    assert ">+500<" in page
    locked = office.get(f"{ADDRESS}.json?{query}").json()["locked"]
    assert (locked["months"], locked["whole"]) == (["2026-09"], True)
    told = {one["measure"]: (one["frozen"], one["now"]) for one in locked["figures"]}
    assert (told["people"], told["reports"]) == ((27, 527), (1, 2))
    some = f"{ADDRESS}{{}}?{query.replace('first=2026-09', 'first=2026-08')}"
    assert "Sebagian masa ini dikunci" in office.get(some.format("")).text
    assert office.get(some.format(".json")).json()["locked"]["figures"] == []
    other = office.get(f"{ADDRESS}.json?{query.replace('2026-09', '2026-08')}").json()
    assert other["locked"] is None
    public = Office().get(f"/reporting/public.json?{query}").json()
    assert "locked" not in public
