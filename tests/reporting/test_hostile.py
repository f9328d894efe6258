"""What nobody should send is refused in words, or read without what cannot be kept."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from reporting.builders import Office
from reporting.libraries import BINTAN, KEPRI, NATIONAL, library
from reporting.own import REPORT, column, librarian
from reporting.sim_files import NEIGHBOUR
from reporting.verifying import report
from sites import form_token
from uuid_utils.compat import uuid7

from services.reporting import boundaries
from services.reporting.boundaries import BadMove
from services.reporting.resources import database

OWN = "/reporting/api/v1/own/activities"
DESK = "/reporting/api/v1/activities"
IMPORTS = "/reporting/imports"
JSON = {"content-type": "application/json"}
STORY = {"day": "2025-03-10", "title": "Cerita", "bidang": "Ekonomi"} | dict.fromkeys(
    ("sebelum", "sesudah"), "Begitu."
)
BAD_TEXTS = ["a\x00b", "a\ud800b", "\ud800"]


def hand_in(stream: str, told: dict[str, Any]) -> tuple[int, list[tuple[str, str]]]:
    """A library's program sends a report; the status, and what is wrong by field."""
    body = {"stream": stream, "client_ref": str(uuid7()), "report": told}
    # As escapes, or our own side could not even send half a surrogate pair.
    content = json.dumps(body | {"confirmed": ["long-ago"]})
    answer = librarian(library()).post(OWN, content=content, headers=JSON)
    errors = answer.json().get("errors", [])
    return answer.status_code, [(one["field"], one["code"]) for one in errors]


@pytest.mark.parametrize("bad", BAD_TEXTS)
def test_what_no_database_keeps_is_left_out_of_a_report(empty: Path, bad: str) -> None:
    assert empty
    assert hand_in("pelibatan", REPORT | {"title": f"Kelas {bad}"}) == (201, [])
    assert column("SELECT title FROM activity")[0].startswith("Kelas")
    assert hand_in("pelibatan", REPORT | {bad: bad})[0] == 201
    assert hand_in("pelibatan", REPORT | {bad: {}})[0] == 422


@pytest.mark.parametrize("bad", BAD_TEXTS)
def test_what_no_database_keeps_is_refused_in_a_comment_and_a_key(empty: Path, bad: str) -> None:
    assert empty
    one, office = report(), Office(NATIONAL)
    verdict = {"action": "send_back", "comment": bad}
    many = verdict | {"reports": [{"id": str(one), "revision": 1}]}
    change = {"report": REPORT, "revision": 1, "comment": bad}
    place = {"key": bad, "library_id": None}
    for method, path, body in (
        ("POST", f"{DESK}/{one}/decisions", verdict | {"revision": 1}),
        ("POST", f"{DESK}/decisions", many),
        ("PUT", f"{DESK}/{one}", change),
        ("POST", f"/reporting/api/v1/imports/{one}/places", place),
    ):
        answer = office.ask(method, path, content=json.dumps(body), headers=JSON)
        assert answer.status_code == 422, path
        assert answer.json()["errors"]


def test_a_form_is_read_without_what_cannot_be_kept(empty: Path) -> None:
    assert empty
    office = Office(KEPRI)
    token = form_token(office.get("/reporting/locks").text)
    sent = {"form_token": token, "key": "\x00", "scope": "\x00"}
    assert office.post(f"{IMPORTS}/matches", data=sent).status_code in {303, 404, 409, 422}
    assert office.post("/reporting/imports", data=sent | {"stream": "\x00"}).status_code < 500


@pytest.mark.parametrize(
    ("stream", "changes"),
    [
        ("pelibatan", {"title": ["a", "b"]}),
        ("pelibatan", {"title": True}),
        ("pelibatan", {"people": True}),
        ("pelibatan", {"bidang": ["Ekonomi"]}),
        ("pelibatan", {"day": ["2025-03-10"]}),
        ("cerita", {"izin_terbit": "no"}),
        ("cerita", {"izin_terbit": ["yes"]}),
        ("cerita", {"izin_terbit": 7}),
        ("advokasi", {"sasaran": 7}),
    ],
)
def test_another_kind_of_answer_is_refused(
    empty: Path, stream: str, changes: dict[str, Any]
) -> None:
    assert empty
    told = {"pelibatan": REPORT, "cerita": STORY}.get(stream, {"day": "2025-03"})
    status, errors = hand_in(stream, told | changes)
    assert status == 422
    assert {(name, "wrong-kind") for name in changes} <= set(errors)


def test_consent_is_what_was_said(empty: Path) -> None:
    assert empty
    for said in (True, "yes", False, "", None):
        assert hand_in("cerita", STORY | {"izin_terbit": said})[0] == 201
    kept = column("SELECT coalesce(fields ->> 'izin_terbit', '') FROM activity ORDER BY id")
    assert [one == "true" for one in kept] == [True, True, False, False, False]


@pytest.mark.parametrize("month", ["0001-01", "0001-02", "2017-12", "2100-01", "9999-12", "kapan"])
def test_a_month_in_which_there_is_no_report_is_refused(empty: Path, month: str) -> None:
    assert empty
    office = Office(KEPRI)
    for path in (
        "/reporting/api/v1/completeness.json",
        "/reporting/api/v1/completeness.csv",
        "/reporting/api/v1/completeness/silent",
        "/reporting/completeness",
        "/reporting/api/v1/activities",
    ):
        assert office.get(path, params={"month": month}).status_code == 422, path
    for path in ("/reporting/dashboard", "/reporting/public.json"):
        assert office.get(path, params={"first": month}).status_code == 422, path
    assert office.get("/reporting/verify", params={"month": month}).status_code == 200
    sent = {"form_token": form_token(office.get("/reporting/locks").text), "month": month}
    refused = office.post("/reporting/locks", data=sent)
    assert refused.status_code == 422
    assert "Pilih bulan dari daftar" in refused.text


@pytest.mark.parametrize("month", ["2018-01", "2099-12"])
def test_the_first_and_the_last_month_are_shown(empty: Path, month: str) -> None:
    assert empty
    office = Office(KEPRI)
    for path in ("completeness", "api/v1/completeness.json?months=36", "verify"):
        assert office.get(f"/reporting/{path}", params={"month": month}).status_code == 200
    shown = office.get("/reporting/dashboard", params={"last": month})
    assert shown.status_code == 200
    assert "first=2017" not in shown.text


@pytest.mark.parametrize("page", ["dashboard", "public"])
def test_ten_years_at_once_are_the_most(empty: Path, page: str) -> None:
    assert empty
    office, ten = Office(KEPRI), "first=2018-01&last=2027-12"
    for extension in ("", ".json", ".csv"):
        address = f"/reporting/{page}{extension}?region=21"
        assert office.get(f"{address}&{ten}").status_code == 200
        more = office.get(f"{address}&first=2018-01&last=2028-01")
        assert more.status_code == 422
        assert "Paling banyak sepuluh tahun" in more.text


def order(from_code: str, to_code: str = NEIGHBOUR, day: int = 1) -> None:
    with database.sessions.begin() as session:
        boundaries.order(session, "Pusat", from_code, to_code, date(2026, 3, day))


def test_a_region_is_moved_that_is_or_was_there_and_once(empty: Path) -> None:
    assert empty
    with pytest.raises(BadMove, match="unknown-from"):
        order("21.01.99.2999")
    library("21.01.99.2999")  # of a code that has ended since
    order("21.01.99.2999")
    with pytest.raises(BadMove, match="moved-already"):
        order("21.01.99.2999")
    order("21.01.99.2999", day=2)
    move = {"from_code": "21.01.99.2999", "to_code": NEIGHBOUR, "valid_from": "2026-03-02"}
    again = Office(NATIONAL).post("/reporting/api/v1/moves", json=move)
    assert (again.status_code, again.json()["code"]) == (422, "moved-already")
    office = Office(NATIONAL)
    page = "/reporting/moves"
    sent = move | {"form_token": form_token(office.get(page).text)}
    assert 'href="#valid_from"' in office.post(page, data=sent).text
    unknown = sent | {"from_code": "21.01.98.2001"}
    assert 'href="#from_code"' in office.post(page, data=unknown).text
    assert Office(BINTAN).get(page).status_code == 403
