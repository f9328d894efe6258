"""An official orders a report and gets it: over JSON, and by the page without JavaScript."""

import csv
import hashlib
import io
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook
from reporting.builders import (
    BINTAN,
    EXAMPLE,
    KEPRI,
    NATIONAL,
    RIAU,
    Format,
    Office,
    imported,
    meeting,
    person,
    tell,
)
from sites import form_token
from sqlalchemy import text

from services.reporting import jobs, report_kinds
from services.reporting.resources import database
from services.reporting.settings import settings
from services.reporting.words import FORMATS, KIND_USES, KINDS
from shared.events import MeetingPublished

REPORTS = "/reporting/api/v1/reports"
AS_JSON = {"content-type": "application/json"}


def rows() -> list[Any]:
    with database.sessions.begin() as session:
        return list(session.execute(text("SELECT * FROM report_job ORDER BY id")))


def names_in(content: bytes) -> list[str]:
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return [line[1] for line in lines[1:-1]]


# --- one report ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        ("pdf", "application/pdf"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("csv", "text/csv; charset=utf-8"),
    ],
)
def test_a_list_is_ordered_made_and_downloaded(
    example: Path, form: Format, media_type: str
) -> None:
    office = Office(KEPRI)
    accepted = office.order(form)
    assert accepted.status_code == 202
    assert accepted.json()["status"] == "queued"
    assert accepted.json()["total"] == 15
    assert accepted.json()["download"] is None
    jobs.make_reports()

    told = office.get(accepted.headers["location"]).json()
    assert told["status"] == "done"
    assert told["done"] == told["total"] == told["row_count"] == 15
    assert not {"state", "download_url"} & told.keys()
    assert told["params"] == {"meeting": EXAMPLE, "language": "id"}
    answer = office.get(told["download"])
    assert answer.headers["content-type"] == media_type
    name = f"daftar-hadir-plm-2022-21.{form}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    assert hashlib.sha256(answer.content).hexdigest() == told["sha256"]
    assert len(answer.content) == told["bytes"]
    assert [path.name for path in example.iterdir()] == [f"{told['id']}-1.{form}"]
    assert_everybody_is_in(answer.content, form)


def assert_everybody_is_in(content: bytes, form: Format) -> None:
    names = [f"Peserta Contoh {number:02}" for number in range(1, 16)]
    if form == "pdf":
        words = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        assert all(words.count(name) == 2 for name in names)  # two days
        assert "lengkap" in words
    elif form == "xlsx":
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        assert [row[1] for row in sheet.to_python()][1:] == names
    else:
        assert names_in(content) == names


def test_people_stand_by_name_whatever_the_case_of_its_letters(empty: Path) -> None:
    assert empty
    tell(*(imported(person(name, "21.01")) for name in ("Zul", "budi", "Élan", "Ani", "D'Arcy")))
    office = Office(KEPRI)
    content = office.get(office.report("csv")["download"]).content
    assert names_in(content) == ["Ani", "budi", "D'Arcy", "Élan", "Zul"]


def test_the_document_is_in_the_language_that_was_ordered(example: Path) -> None:
    assert example
    office = Office(KEPRI)
    answer = office.get(office.report("csv", params={"language": "en"})["download"])
    assert answer.text.startswith("\ufeffNo,Name,")
    assert "Province library office" in answer.text
    assert "attendance-list-plm-2022-21.csv" in answer.headers["content-disposition"]


def test_a_regency_gets_its_own_people_and_a_paper_that_says_so(example: Path) -> None:
    assert example
    office = Office(BINTAN)
    told = office.report("csv")
    assert told["row_count"] == 2
    answer = office.get(told["download"])
    assert len(names_in(answer.content)) == 2
    assert "hanya peserta dari Kabupaten Bintan" in answer.text
    assert "daftar-hadir-plm-2022-21-21.01.csv" in answer.headers["content-disposition"]


def test_a_meeting_without_people_has_a_list_without_rows(empty: Path) -> None:
    assert empty
    tell(MeetingPublished(meeting=meeting()))
    for form in ("pdf", "xlsx", "csv"):
        told = Office(KEPRI).report(form)
        assert (told["status"], told["row_count"]) == ("done", 0)


# --- refusals ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"kind": "everything"}, 422, "kind"),
        ({"format": "docx"}, 422, "format"),
        ({"params": {"meeting": EXAMPLE, "language": "jv"}}, 422, "params.language"),
        ({"params": {}}, 422, "params.meeting"),
        ({"params": {"meeting": "a\0b"}}, 422, "params.meeting"),
        ({"params": {"meeting": "x" * 5000}}, 422, "params.meeting"),
        ({"params": {"meeting": ["plm"]}}, 422, "params.meeting"),
        ({"params": {"meeting": EXAMPLE, "all": 1}}, 422, "params.all"),
        ({"params": {"meeting": "plm-2022-99"}}, 404, None),
        ({"params": {"meeting": "\ud800"}}, 422, "params.meeting"),
    ],
)
def test_a_bad_order_is_refused_in_plain_words(
    example: Path, body: dict[str, Any], status: int, field: str | None
) -> None:
    assert example
    good = {"kind": "attendance_list", "format": "pdf", "params": {"meeting": EXAMPLE}}
    # As escapes, or our own side could not even send half a surrogate pair.
    answer = Office(KEPRI).post(REPORTS, content=json.dumps(good | body), headers=AS_JSON)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert [item["field"] for item in answer.json().get("errors", [])] == [field] * bool(field)
    assert rows() == []


def test_what_is_no_order_at_all_is_refused(example: Path) -> None:
    assert example
    office = Office(KEPRI)
    assert office.post(REPORTS, content=b"{" * 10).status_code == 422
    assert office.post(REPORTS, content=b"\xff\xfe\x00").status_code in {400, 422}
    assert office.post(REPORTS, json={"params": {"meeting": "x" * 300_000}}).status_code == 413
    assert office.order(headers={"idempotency-key": "short"}).status_code == 422
    assert office.get(f"{REPORTS}/not-an-id").status_code == 422
    assert office.get("/reporting/reports/not-an-id").status_code == 422
    assert rows() == []


def test_a_meeting_out_of_scope_cannot_be_ordered(example: Path) -> None:
    assert example
    assert Office(RIAU).order().status_code == 404
    assert rows() == []


def test_a_report_is_seen_by_who_ordered_it_and_nobody_else(example: Path) -> None:
    assert example
    location = Office(KEPRI).order().headers["location"]
    assert Office(KEPRI).get(location).status_code == 200
    for other in (NATIONAL, BINTAN, RIAU):
        assert Office(other).get(location).status_code == 404
        assert Office(other).post(f"{location}/cancel").status_code == 404
        assert Office(other).get(location.replace("/api/v1", "")).status_code == 404
        assert Office(other).get(REPORTS).json()["items"] == []
    assert rows()[0].status == "queued"


def test_the_scope_is_looked_at_again_when_the_report_is_made(example: Path) -> None:
    office = Office(KEPRI)
    location = office.order().headers["location"]
    tell(MeetingPublished(meeting=meeting(version=2, province_code="14")))
    jobs.make_reports()
    told = office.get(location).json()
    assert told["status"] == "failed"
    assert "bukan lagi hak Anda" in told["error"]
    assert "no longer yours" in told["error"]
    assert list(example.iterdir()) == []


# --- once is enough ------------------------------------------------------------------------


def test_the_same_key_is_the_same_report(example: Path) -> None:
    assert example
    office, key = Office(KEPRI), {"idempotency-key": "a-key-of-ours"}
    first, second = (office.order(headers=key) for _ in range(2))
    assert second.status_code == 202
    assert first.json() == second.json()
    reused = office.order("csv", headers=key)
    assert (reused.status_code, reused.json()["code"]) == (409, "key-reused")
    assert Office(BINTAN).order(headers=key).json()["id"] != first.json()["id"]
    assert len(rows()) == 2


def test_a_double_click_is_one_report(example: Path) -> None:
    assert example
    key = {"idempotency-key": "a-double-click"}
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: Office(KEPRI).order(headers=key), range(12)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == len(rows()) == 1


def test_the_same_question_on_the_same_data_has_its_answer_at_once(example: Path) -> None:
    office = Office(KEPRI)
    first = office.report()
    again = office.order().json()
    assert (again["status"], again["sha256"]) == ("done", first["sha256"])
    assert again["id"] != first["id"]
    assert len(list(example.iterdir())) == 1
    # Another scope, format or language is another question.
    for other in (Office(NATIONAL).order(), Office(BINTAN).order(), office.order("xlsx")):
        assert other.json()["status"] == "queued"
    assert office.order(params={"language": "en"}).json()["status"] == "queued"
    tell(imported(person("Baru", "21.05")))
    assert office.order().json()["status"] == "queued"


def test_two_who_ask_at_the_same_time_share_one_file(example: Path) -> None:
    first, second = (Office(KEPRI).order("csv").headers["location"] for _ in range(2))
    for _ in range(2):
        jobs.make_reports()
    one, two = (Office(KEPRI).get(location).json() for location in (first, second))
    assert one["status"] == two["status"] == "done"
    assert one["sha256"] == two["sha256"]
    assert len(list(example.iterdir())) == 1


def test_a_cancelled_a_failed_and_a_lost_answer_count_for_nothing(example: Path) -> None:
    office = Office(KEPRI)
    cancelled = office.order("csv").headers["location"]
    office.post(f"{cancelled}/cancel")
    assert office.order("csv").json()["status"] == "queued"
    jobs.make_reports()
    done = office.order("xlsx").headers["location"]
    jobs.make_reports()
    assert office.get(done).json()["status"] == "done"
    for path in example.glob("*.xlsx"):
        path.unlink()
    assert office.order("xlsx").json()["status"] == "queued"


def test_an_account_has_twenty_reports_waiting_at_most(example: Path) -> None:
    assert example
    office, key = Office(KEPRI), {"idempotency-key": "one-of-twenty"}
    first = office.order("csv", headers=key)
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: office.order("csv").status_code, range(24)))
    assert (codes.count(202), codes.count(429)) == (19, 5)
    refused = office.order("csv")
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-reports")
    for words in ("Anda sudah punya 20 laporan", "You have 20 reports that are not finished."):
        assert words in refused.json()["detail"]
    assert office.order("csv", headers=key).json()["id"] == first.json()["id"]
    form = {"kind": "completeness", "region": "21", "period": "2026-03", "format": "csv"}
    form |= {"form_token": form_token(office.get("/reporting/reports/new").text), "language": "id"}
    page = office.post("/reporting/reports", data=form)
    assert page.status_code == 429
    assert "Anda sudah punya 20 laporan" in page.text
    assert Office(BINTAN).order("csv").status_code == 202
    office.post(f"{first.headers['location']}/cancel")
    assert office.post("/reporting/reports", data=form).status_code == 303


def test_the_own_reports_turn_their_pages(example: Path) -> None:
    assert example
    office = Office(KEPRI)
    english = {"language": "en"}
    ordered = [office.report(params=english)["id"]]
    ordered += [office.order(params=english).json()["id"] for _ in range(24)]
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = office.get(REPORTS + after).json()
        seen += [item["id"] for item in page["items"]]
        after = f"?after={page['next']}" if page["next"] else None
    assert seen == ordered[::-1]


# --- retention -----------------------------------------------------------------------------


def test_reports_go_after_their_time_and_their_files_with_them(example: Path) -> None:
    office = Office(KEPRI)
    old, young = office.report("csv"), office.report("xlsx")
    (example / "left-by-a-dead-worker.part").write_bytes(b"half")
    (example / "being-written-now.part").write_bytes(b"half")
    with database.sessions.begin() as session:
        days = settings().keep_reports_days
        session.execute(
            text(
                "UPDATE report_job SET created_at = now() - :age * interval '1 day' WHERE id = :id"
            ),
            {"age": days + 1, "id": old["id"]},
        )
    for path in example.iterdir():
        if path.name != "being-written-now.part":
            os.utime(path, (0, 0))
    jobs.purge_reports()
    assert sorted(path.name for path in example.iterdir()) == [
        f"{young['id']}-1.xlsx",
        "being-written-now.part",
    ]
    assert office.get(f"{REPORTS}/{old['id']}").status_code == 404
    assert office.get(old["download"]).status_code == 404
    assert office.get(young["download"]).status_code == 200


def test_a_file_stays_as_long_as_one_report_needs_it(example: Path) -> None:
    office = Office(KEPRI)
    first, second = office.report("csv"), office.order("csv").json()
    with database.sessions.begin() as session:
        session.execute(
            text("UPDATE report_job SET created_at = 'epoch' WHERE id = :id"), {"id": first["id"]}
        )
    for path in example.iterdir():
        os.utime(path, (0, 0))
    jobs.purge_reports()
    assert office.get(second["download"]).status_code == 200


def test_every_kind_is_known_to_words_and_schema() -> None:
    assert set(KINDS) == set(report_kinds.KINDS)
    formats = {form for kind in report_kinds.KINDS.values() for form in kind.formats}
    assert formats == set(FORMATS)
    assert set(KIND_USES) == {name for name, kind in report_kinds.KINDS.items() if kind.of_period}
