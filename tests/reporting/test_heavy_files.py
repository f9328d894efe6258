"""Small files that would fill a worker's memory or time are refused, and say why."""

import gzip
from typing import Any

import pytest
from reporting import sim_files
from reporting.builders import KEPRI, RIAU, Office
from reporting.libraries import library
from reporting.sim_files import as_csv, as_json, counts, execute, read, rows
from sim_rows import VILLAGE
from sites import form_token
from sqlalchemy import event
from workbooks import BARE, cell, workbook

from services.reporting import sim_importing, sim_imports
from services.reporting.models import SimImport
from services.reporting.resources import database
from services.reporting.sim_imports import MOST_OPEN, NotReady, TooManyImports
from shared.bus.queues import TooSlow
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("empty")

IMPORTS = "/reporting/api/v1/imports"
MIB = 1024 * 1024
HEAD = f'<row r="1">{cell("A1", "nama_kegiatan")}</row>'
FILES: dict[str, tuple[bytes, str]] = {
    "far-cells": (workbook(f'{HEAD}<row r="200001">{cell("ZZ200001")}</row>'), "too-many-rows"),
    "no-place": (
        workbook(f'{HEAD}<row r="2">{BARE * 15_000}</row><row r="200000">{BARE}</row>'),
        "too-many-rows",
    ),
    "other-part": (workbook(f"{HEAD}<row>{cell('A300000')}</row>", sheet="a.dat"), "too-many-rows"),
    "announced": (workbook(HEAD, '<sst uniqueCount="4294967295"><si/></sst>'), "damaged"),
    "one-line": (b"a,b\n" + b"," * MIB, "too-many-rows"),
    "one-title": (b"a" * MIB, "too-many-rows"),
    "wide": (b"a,b\n" + b"," * 200 + b"\n", "too-many-rows"),
    "one-row-of-many-lines": (b"a,b\n" + b'"x\n",' * 100_000, "too-many-rows"),
    "empty-lines": (b"a,b\n" + b"\n" * 300_000, "too-many-rows"),
    "blanks": (b"[" + b" " * MIB, "damaged"),
    "commas": (b"[" + b"," * MIB, "damaged"),
    "no-row-between": (b'[{"a":1},,{"a":1}]', "damaged"),
    "comma-behind": (b'[{"a":1},]', "damaged"),
    "no-comma": (b'[{"a":1}{"a":1}]', "damaged"),
    "columns": (as_json([{f"a{n}": 1 for n in range(201)}]), "too-many-rows"),
    "inside": (b'[{"a":[' + b",".join([b"[]"] * 201) + b"]}]", "too-many-rows"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_too_much_says_so_and_is_not_gone_on_with(name: str) -> None:
    data, code = FILES[name]
    job = read(data if data.startswith(b"PK") else gzip.compress(data))
    assert (job.state, job.error) == ("failed", code)
    page = Office(KEPRI).get(f"/reporting/imports/{job.id}").text
    assert 'value="resume"' not in page
    with pytest.raises(NotReady):
        resume(job)


def resume(job: SimImport) -> None:
    with database.sessions.begin() as session:
        sim_imports.resume(session, session.get_one(SimImport, job.id))


def test_blanks_between_rows_and_signs_of_four_bytes_are_read() -> None:
    library(VILLAGE)
    one, two = (as_json([row])[1:-1] for row in rows(2))
    blanks = b" \r\n" * MIB
    job = read(gzip.compress(b"\n[" + blanks + one + blanks + b"," + two + blanks + b"]"))
    assert (job.state, counts(job).rows, counts(job).bad) == ("ready", 2, 0)
    smile = as_csv(rows(1, nama_kegiatan="Kelas " + "\N{GRINNING FACE}" * 40) * 1500)
    job = read(smile)
    assert (job.state, counts(job).rows, counts(job).bad) == ("ready", 1500, 0)
    job = read(as_csv(rows(1, nama_kegiatan="Kelas café")).decode().encode("cp1252"))
    assert [row.report["title"] for row in sim_files.told(job)] == ["Kelas café"]


def test_workers_that_die_before_the_first_row_die_of_the_file() -> None:
    made = sim_files.order(as_json(rows(2)))
    sim_files.kill_workers()
    job = sim_files.run(made)
    assert (job.state, job.error) == ("failed", "too-heavy")
    with pytest.raises(NotReady):
        resume(job)


def test_a_file_that_kills_behind_its_count_is_given_up_too() -> None:
    made = sim_files.order(as_json(rows(2)))
    for _ in range(sim_importing.ATTEMPTS):
        with database.sessions.begin() as session:
            held = sim_importing.claim(session)
        assert held
        sim_importing._count(held)
        execute("UPDATE sim_import SET lease_until = now()")
    assert sim_files.run(made).error == "too-heavy"


def be_too_slow() -> None:
    """Celery's soft limit comes as soon as the next transaction begins."""

    def stop(*_: Any) -> None:
        raise TooSlow

    event.listen(database.engine, "begin", stop, once=True)


@pytest.mark.parametrize(("done", "state"), [(0, "failed"), (1000, "reading")])
def test_a_time_limit_before_the_first_row_is_the_files_fault(done: int, state: str) -> None:
    made = sim_files.order(as_json(rows(2)))
    execute("UPDATE sim_import SET done = :done", done=done)
    with database.sessions.begin() as session:
        held = sim_importing.claim(session)
    assert held
    be_too_slow()
    sim_importing.work(held)
    job = sim_files.found(made)
    assert (job.state, job.error) == (state, "too-heavy" if state == "failed" else "")


def test_an_account_has_ten_imports_open_at_most() -> None:
    for _ in range(MOST_OPEN):
        last = sim_files.order(as_json(rows(1)))
    with pytest.raises(TooManyImports):
        sim_files.order(as_json(rows(1)))
    office, files = Office(KEPRI), {"file": ("a.json", as_json(rows(1)))}
    refused = office.post(IMPORTS, files=files)
    assert (refused.status_code, refused.json()["code"]) == (409, "too-many-imports")
    token = form_token(office.get("/reporting/imports").text)
    page = office.post("/reporting/imports", data={"form_token": token}, files=files)
    assert page.status_code == 409
    assert "Anda sudah punya 10 impor yang belum selesai." in page.text
    english = office.post(
        "/reporting/imports",
        data={"form_token": token},
        files=files,
        headers={"accept-language": "en"},
    )
    assert "You have 10 imports that are not finished." in english.text
    assert Office(RIAU).post(IMPORTS, files=files).status_code == 202
    assert office.post(f"{IMPORTS}/{last}/cancel").status_code == 200
    assert office.post(IMPORTS, files=files).status_code == 202


def test_an_account_hands_in_sixty_files_an_hour_at_most() -> None:
    diligent = Office(Caller("province", "Rajin (contoh)", "diligent", "21"))
    answers: list[Any] = [
        diligent.post(IMPORTS, files={"file": ("a.json", b"")}) for _ in range(61)
    ]
    assert {answer.status_code for answer in answers[:60]} == {422}
    assert answers[60].status_code == 429
    token = form_token(diligent.get("/reporting/imports").text)
    page = diligent.post(
        "/reporting/imports", data={"form_token": token}, files={"file": ("a.json", b"[]")}
    )
    assert (page.status_code, "60 berkas dalam sejam" in page.text) == (429, True)
