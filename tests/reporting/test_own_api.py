"""A library's own reports over JSON."""

from pathlib import Path
from typing import Any

import pytest
from reporting.builders import Office
from reporting.libraries import KEPRI, library
from reporting.own import REPORT, column, filled, librarian, send
from uuid_utils.compat import uuid7

from services.reporting import own_reports
from services.reporting.resources import limiter

API = "/reporting/api/v1/own/activities"


def body(**changes: Any) -> dict[str, Any]:
    made = {"stream": "pelibatan", "client_ref": str(uuid7()), "report": REPORT}
    return made | {"confirmed": ["long-ago"]} | changes


def test_a_report_is_handed_in_once_read_corrected_and_taken_back(empty: Path) -> None:
    assert empty
    office, offered = librarian(library()), body()
    made = office.post(API, json=offered)
    assert made.status_code == 201
    address = made.headers["location"]
    again = office.post(API, json=offered)
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert office.get(address).json()["report"]["people"] == 24

    change = {"revision": 1, "report": REPORT | {"people": 30}, "confirmed": ["long-ago"]}
    assert office.ask("PUT", address, json=change).json()["revision"] == 2
    stale = office.ask("PUT", address, json=change | {"report": REPORT})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    assert stale.json()["existing"]["report"]["people"] == 30
    assert stale.json()["offered"]["people"] == 24

    assert office.ask("DELETE", address).status_code == 204
    assert office.get(address).json()["deleted"] is True
    assert office.get(API).json()["items"] == []


def test_what_is_wrong_what_is_asked_and_what_differs_are_problems(empty: Path) -> None:
    assert empty
    office, offered = librarian(library()), body()
    wrong = office.post(API, json=body(report=REPORT | {"people": "x", "bidang": "?"}))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "report-invalid")
    assert {one["field"]: one["code"] for one in wrong.json()["errors"]} == {
        "people": "no-number",
        "bidang": "not-in-list",
    }
    asked = office.post(API, json=body(confirmed=[]))
    assert (asked.status_code, asked.json()["code"]) == (409, "ask-back")
    assert [one["question"] for one in asked.json()["questions"]] == ["long-ago"]
    assert office.post(API, json=offered).status_code == 201
    other = office.post(API, json=offered | {"report": REPORT | {"people": 25}})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert other.json()["existing"]["report"]["people"] == 24
    replication = office.post(API, json=body(stream="replikasi"))
    assert replication.json()["code"] == "not-reported"


def test_a_verified_report_stays(empty: Path) -> None:
    assert empty
    office = librarian(library())
    address = office.post(API, json=body()).headers["location"]
    column("UPDATE activity SET stage = 2 RETURNING id")
    refused = office.ask("DELETE", address)
    assert (refused.status_code, refused.json()["code"]) == (409, "verified")


def test_the_list_goes_on_where_it_ended(empty: Path) -> None:
    assert empty
    office = librarian(library())
    for number in range(3):
        titled = REPORT | {"title": f"{uuid7().hex} {number}"}
        assert office.post(API, json=body(report=titled)).status_code == 201
    first = office.get(f"{API}?limit=2").json()
    rest = office.get(f"{API}?limit=2&after={first['next']}").json()
    assert [one["report"]["title"][-1] for one in first["items"] + rest["items"]] == list("210")
    assert rest["next"] is None


@pytest.mark.parametrize("office", [Office, lambda: Office(KEPRI)])
def test_only_a_library_reports(empty: Path, office: Any) -> None:
    assert empty
    assert office().post(API, json=body()).status_code in {401, 403}


def test_no_library_reads_anothers(empty: Path) -> None:
    assert empty
    office, other = librarian(library()), librarian(library(name="Perpustakaan Tetangga"))
    address = office.post(API, json=body()).headers["location"]
    assert other.get(address).status_code == 404
    assert other.ask("DELETE", address).status_code == 404
    assert other.get(API).json()["items"] == []


def test_who_sends_without_end_waits_by_library_in_forms_as_well(empty: Path) -> None:
    assert empty
    mine, offered = library(), body()
    office = librarian(mine)
    address = office.post(API, json=offered).headers["location"]
    while not limiter.hit(own_reports.SENDING, str(mine)):
        pass
    refused = office.post(API, json=body())
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
    assert int(refused.headers["retry-after"]) > 0
    change = {"revision": 1, "report": REPORT, "confirmed": ["long-ago"]}
    assert office.ask("PUT", address, json=change).status_code == 429
    form = filled(office, "/reporting/own", title="Masih ada di sini")
    page = send(office, "/reporting/own/new/pelibatan", form)
    assert page.status_code == 429
    assert 'value="Masih ada di sini"' in page.text
    assert "Terlalu banyak laporan dalam satu jam" in page.text
    assert column("SELECT count(*) FROM activity") == [1]
    neighbour = librarian(library(name="Perpustakaan Tetangga"))
    assert neighbour.post(API, json=body()).status_code == 201
