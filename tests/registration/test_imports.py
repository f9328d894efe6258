"""Spreadsheets: every bad row named, all good ones taken once, whatever happens to the worker."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections import Counter
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from deskwork import (
    BINTAN,
    KEPRI,
    RIAU,
    TITLES,
    Office,
    csv_sheet,
    form_token,
    row,
    submit,
    xlsx_sheet,
)
from python_calamine import load_workbook
from registering import open_meeting, registered
from sites import ROOT, eventually
from sqlalchemy import text

from services.registration import delegations, importing, imports, jobs, spreadsheets
from services.registration.meetings import QuotaPlan
from services.registration.models import ImportRow, Meeting
from services.registration.resources import database
from services.registration.spreadsheets import Unreadable
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")


def hand_in(meeting: Meeting, data: bytes, name: str = "tabel.csv", caller: Caller = KEPRI) -> str:
    """Upload a sheet; the path of its page."""
    page = f"/desk/{meeting.slug}/imports"
    answer = Office(caller).fills(page, {"consent": "yes"}, files={"file": (name, data)})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def read(meeting: Meeting, data: bytes, name: str = "tabel.csv", caller: Caller = KEPRI) -> str:
    """Upload a sheet and have it read."""
    location = hand_in(meeting, data, name, caller)
    work()
    return location


def take(location: str, caller: Caller = KEPRI) -> None:
    """Have all good rows taken."""
    answer = Office(caller).fills(location, {"action": "take"})
    assert answer.status_code == 303, answer.text
    work()


def work() -> None:
    """The worker, until nothing is due."""
    for _ in range(20):
        jobs.run_imports()


def job(location: str) -> Any:
    return one("SELECT * FROM import_job WHERE id = :id", location)


def outcomes(location: str) -> Counter[str]:
    query = "SELECT array_agg(outcome) AS all FROM import_row WHERE job_id = :id AND outcome <> ''"
    return Counter(one(query, location).all or ())


def said(location: str) -> list[dict[str, Any]]:
    """What the other services hear of its ends."""
    query = text("""
        SELECT envelope -> 'data' AS data FROM outbox
        WHERE type = 'id.sejawat.import.finished.v1' AND envelope ->> 'subject' = :id
        ORDER BY id""")
    with database.sessions.begin() as session:
        return list(session.execute(query, {"id": str(job_id(location))}).scalars())


def faults(location: str) -> dict[int, list[tuple[str, str]]]:
    query = "SELECT number, errors FROM import_row WHERE job_id = :id AND errors <> '[]'"
    with database.sessions.begin() as session:
        rows = session.execute(text(query), {"id": job_id(location)})
        return {r.number: [(e["column"], e["message"]) for e in r.errors] for r in rows}


def one(query: str, location: str) -> Any:
    with database.sessions.begin() as session:
        return session.execute(text(query), {"id": job_id(location)}).one()


def job_id(location: str) -> UUID:
    return UUID(location.rpartition("/")[2])


def change(statement: str) -> None:
    with database.autocommit() as connection:
        connection.execute(text(statement))


@pytest.fixture(autouse=True)
def _nothing_due() -> None:
    change("UPDATE import_job SET state = 'cancelled' WHERE state IN ('reading', 'taking')")


# --- reading -------------------------------------------------------------------------------


@pytest.mark.parametrize(("sheet", "name"), [(csv_sheet, "a.csv"), (xlsx_sheet, "a.xlsx")])
def test_good_rows_are_registered_when_somebody_says_so_and_not_before(
    sheet: Any, name: str
) -> None:
    meeting = open_meeting()
    location = read(meeting, sheet([row(), row(phone="0812 3456 7890", email="")]), name)
    assert (job(location).state, job(location).total) == ("ready", 2)
    assert registered(meeting) == 0
    take(location)
    assert (job(location).state, job(location).done) == ("done", 2)
    assert outcomes(location) == {"taken": 2}
    assert registered(meeting) == 2


def test_every_bad_row_is_named_with_row_and_column_in_both_languages() -> None:
    meeting = open_meeting()
    rows = [
        row(),
        row(name="", email="bukan-surel"),
        row(participant_type="Penonton"),
        row(region_code="21.99"),
        row(email=""),
        row(region_code="14.01"),
    ]
    location = read(meeting, csv_sheet(rows))
    found = faults(location)
    assert {number: [column for column, _ in told] for number, told in found.items()} == {
        3: ["Nama lengkap (A)", "Surel (I)"],
        4: ["Jenis peserta (B)"],
        5: ["Kode wilayah (C)"],
        6: ["Surel (I)"],
        7: ["Kode wilayah (C)"],
    }
    assert found[3][0][1] == "Isi nama lengkap."
    assert "Penonton" in found[4][0][1]
    assert "Kampar" in found[7][0][1]
    page = Office(KEPRI).get(location).text
    assert "Baris 3" in page
    assert "Alamat surel ini tidak lengkap" in page
    english = Office(KEPRI).get(location, lang="en").text
    assert "Row 3" in english
    assert "lies outside the province" in english
    take(location)
    assert registered(meeting) == 1


def test_the_bad_rows_come_back_as_a_sheet_that_can_be_handed_in_again() -> None:
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row(), row(name="")]))
    answer = Office(KEPRI).get(f"{location}/bad.xlsx")
    cells = load_workbook(BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert cells[0] == [*TITLES, "Yang perlu diperbaiki"]
    assert cells[1][-1] == "Nama lengkap (A): Isi nama lengkap."
    assert len(cells) == 2
    again = read(meeting, answer.content, "perbaikan.xlsx")
    assert list(faults(again)) == [2]


def test_the_template_is_read_as_it_is_and_its_example_is_nobody() -> None:
    meeting = open_meeting()
    for extension in ("xlsx", "csv"):
        sheet = Office(KEPRI).get(f"/desk/{meeting.slug}/imports/template.{extension}").content
        with pytest.raises(Unreadable, match="no-rows"):
            spreadsheets.read(sheet, extension, delegations.COLUMNS)
    book = load_workbook(
        BytesIO(Office(KEPRI).get(f"/desk/{meeting.slug}/imports/template.xlsx").content)
    )
    assert book.sheet_names == ["Isian", "Penjelasan", "Kode"]
    codes = book.get_sheet_by_name("Kode").to_python()
    assert ["Kode wilayah", "21.05", "Kabupaten Kepulauan Anambas"] in codes
    assert ["Jenis peserta", "impact", "Impact (penerima manfaat)"] in codes


def test_headings_are_found_whatever_their_order_case_and_names() -> None:
    titles = ["  NAMA ", "e-mail", "Instansi", "Jabatan", "Jenis", "Kab/Kota", "Desa", "Catatan"]
    cells = [
        "Peserta Contoh Judul",
        "judul@contoh.id",
        "Perpustakaan Desa Contoh",
        "Pengelola",
        "perpusdes",
        "Kab. Bintan",
        "Malang Rapat",
        "abaikan",
    ]
    data = "\r\n".join([",,,", ",".join(titles), "", ",".join(cells)]).encode("cp1252")
    meeting = open_meeting()
    location = read(meeting, data)
    assert faults(location) == {}
    assert one("SELECT number FROM import_row WHERE job_id = :id", location).number == 4
    take(location)
    query = "SELECT region_code FROM registration WHERE name = 'Peserta Contoh Judul'"
    with database.sessions.begin() as session:
        assert session.execute(text(query)).scalar_one() == "21.01.04.2002"


def test_an_ambiguous_name_of_a_region_is_said_to_be_so() -> None:
    meeting = open_meeting(province_code="32")
    national = Caller("national", "Nasional", "n")
    rows = [row(region_code="", regency="Bogor"), row(region_code="", regency="Bogorr")]
    location = read(meeting, csv_sheet(rows), caller=national)
    (column, ambiguous), *_ = faults(location)[2]
    assert column == "Kabupaten/Kota (D)"
    assert "Kab. Bogor" in ambiguous
    assert "Kota Bogor" in ambiguous
    assert "32.01" in ambiguous
    assert "tidak ditemukan" in faults(location)[3][0][1]


def test_a_person_who_stands_in_two_rows_is_a_mistake_in_the_second() -> None:
    twice = row()
    location = read(open_meeting(), csv_sheet([twice, row(), twice]))
    assert faults(location) == {
        4: [("Nama lengkap (A)", "Orang ini sama dengan baris 2; hapus salah satu.")]
    }


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a;b;c\n1;2;3\n", "Baris judul kolom tidak ditemukan"),
        (b"Nama lengkap;Surel\nContoh;a@contoh.id\n", "Kolom ini tidak ada: Jenis peserta"),
        (csv_sheet([]), "tidak ada satu baris pun"),
        (csv_sheet([row()] * 5001), "paling banyak 5.000 baris"),
    ],
)
def test_a_sheet_that_cannot_be_read_says_why(data: bytes, told: str) -> None:
    location = read(open_meeting(), data)
    assert job(location).state == "failed"
    assert told in Office(KEPRI).get(location).text


def test_a_cell_far_out_does_not_fill_the_memory() -> None:
    small = BytesIO(xlsx_sheet([row()]))
    out = BytesIO()
    with zipfile.ZipFile(small) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = part.replace(
                    b"</sheetData>",
                    b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
                )
                assert b"XFD1048576" in part
            target.writestr(name, part)
    location = read(open_meeting(), out.getvalue(), "jauh.xlsx")
    assert job(location).error == "too-many-rows"


def workbook(strings: list[str], cells: list[int], sheet: str = "worksheets/sheet1.xml") -> bytes:
    """A workbook that shows these of its shared strings, 100 in a row."""
    small, out = BytesIO(xlsx_sheet([row()])), BytesIO()
    shown = "".join(
        f'<c r="{spreadsheets.letter(at % 100)}{at // 100 + 1}" t="s"><v>{number}</v></c>'
        for at, number in enumerate(cells)
    )
    items = "".join(f"<si><t>{string}</t></si>" for string in strings)
    with zipfile.ZipFile(small) as source, zipfile.ZipFile(out, "w", 8) as target:
        for name in source.namelist():
            part = source.read(name).replace(b"worksheets/sheet1.xml", sheet.encode())
            if name == "xl/worksheets/sheet1.xml":
                part = re.sub(
                    rb"<sheetData>.*</sheetData>",
                    f"<sheetData><row>{shown}</row></sheetData>".encode(),
                    part,
                )
            target.writestr(name.replace("worksheets/sheet1.xml", sheet), part)
        target.writestr("xl/sharedStrings.xml", f"<sst>{items}</sst>")
    return out.getvalue()


@pytest.mark.parametrize("sheet", ["worksheets/sheet1.xml", "elsewhere.bin"])
def test_a_long_text_that_many_cells_share_does_not_fill_the_memory(sheet: str) -> None:
    heavy = workbook(["pendek", "x" * 32_000], [1] * 600, sheet)
    assert len(heavy) < 20_000
    for data, why in (
        (heavy, "too-many-rows"),
        (workbook(["x" * 32_768], [0], sheet), "damaged"),
        (workbook(["a"], [1], sheet), "damaged"),
        (workbook(["<v/>" + "x" * 32_000], [0] * 600, sheet), "too-many-rows"),
    ):
        with pytest.raises(Unreadable) as refused:
            spreadsheets.read(data, "xlsx", [])
        assert refused.value.code == why
    title = imports.Column("name", "Nama", "", "")
    fine = workbook(["Nama", "Peserta Contoh"], [0] * 100 + [1] * 100, sheet)
    assert spreadsheets.read(fine, "xlsx", [title]).rows == [(2, {"name": "Peserta Contoh"})]


@pytest.mark.parametrize(
    ("name", "data"), [("a.xlsx", b"PK\x03\x04broken"), ("a.csv", b"\x00\x01"), ("a.csv", b"")]
)
def test_a_file_that_is_no_sheet_is_refused_at_the_door(name: str, data: bytes) -> None:
    page = f"/desk/{open_meeting().slug}/imports"
    answer = Office(KEPRI).fills(page, {"consent": "yes"}, files={"file": (name, data)})
    assert answer.status_code == 422
    assert 'href="#file"' in answer.text


def test_without_the_declaration_or_a_file_nothing_is_kept() -> None:
    page = f"/desk/{open_meeting().slug}/imports"
    answer = Office(KEPRI).fills(page, {}, files={"file": ("a.csv", csv_sheet([row()]))})
    assert answer.status_code == 422
    assert "Nyatakan dulu" in answer.text
    answer = Office(KEPRI).fills(page, {"consent": "yes"})
    assert "Pilih berkas XLSX atau CSV." in answer.text


# --- taking --------------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing() -> None:
    meeting = open_meeting()
    data = csv_sheet([row() for _ in range(20)])
    take(read(meeting, data))
    again = read(meeting, data)
    take(again)
    assert outcomes(again) == {"already": 20}
    assert registered(meeting) == 20


def test_a_form_sent_twice_is_one_import() -> None:
    meeting = open_meeting()
    office, page = Office(KEPRI), f"/desk/{meeting.slug}/imports"
    fields = {"consent": "yes", "form_token": form_token(office.get(page))}
    files = {"file": ("a.csv", csv_sheet([row()]))}
    first, second = (office.post(page, data=fields, files=files) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]


def test_who_is_registered_who_waits_and_who_found_no_seat_is_told_row_by_row() -> None:
    meeting = open_meeting(3)
    submit(meeting, name="Sudah Ada", email="ada@contoh.id")
    rows = [row(), row(name="Sudah  ada", email="ada@contoh.id"), row(), row(), row()]
    location = read(meeting, csv_sheet(rows))
    take(location)
    assert outcomes(location) == {"taken": 2, "waiting": 2, "already": 1}
    page = Office(KEPRI).get(f"{location}/rows").text
    assert "Sudah terdaftar sebelumnya" in page
    assert "Masuk daftar tunggu" in page


def test_without_a_waiting_list_a_full_quota_is_an_outcome() -> None:
    meeting = open_meeting(10, QuotaPlan("region", "21.01", 1), waiting_list=False)
    location = read(meeting, csv_sheet([row(), row()]))
    take(location)
    assert outcomes(location) == {"taken": 1, "full": 1}


def test_only_the_chosen_rows_are_taken() -> None:
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row() for _ in range(4)]))
    fields = {"shown": "2,3,4,5", "chosen": ["2", "5"], "action": "take"}
    answer = Office(KEPRI).fills(f"{location}/rows", fields)
    assert answer.status_code == 303
    work()
    assert outcomes(location) == {"taken": 2}
    assert registered(meeting) == 2


def test_consent_was_given_to_the_text_of_the_declaration() -> None:
    meeting = open_meeting()
    take(read(meeting, csv_sheet([row()])))
    query = text("""
        SELECT text_version, origin FROM consent
        JOIN registration ON registration.id = registration_id WHERE meeting_id = :id""")
    with database.sessions.begin() as session:
        found = session.execute(query, {"id": meeting.id}).one()
    assert found == ("delegation-2026-1", "import")


def test_cancelled_is_cancelled_and_what_was_taken_stays() -> None:
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row()]))
    answer = Office(KEPRI).fills(location, {"action": "cancel"})
    assert answer.status_code == 303
    answer = Office(KEPRI).post(
        location,
        data={
            "form_token": form_token(Office(KEPRI).get(f"/desk/{meeting.slug}/imports")),
            "action": "take",
        },
    )
    assert answer.status_code == 409
    work()
    assert registered(meeting) == 0


# --- scope ---------------------------------------------------------------------------------


def test_a_regency_registers_its_own_people_only() -> None:
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row(), row(region_code="21.71.01.1002")]), caller=BINTAN)
    assert "di luar wilayah akun Anda" in faults(location)[3][0][1]
    take(location, BINTAN)
    assert registered(meeting) == 1


def test_an_import_is_seen_by_its_region_and_by_nobody_else() -> None:
    meeting = open_meeting()
    by_province = hand_in(meeting, csv_sheet([row()]))
    by_regency = hand_in(meeting, csv_sheet([row()]), caller=BINTAN)
    assert Office(KEPRI).get(by_regency).status_code == 200
    for path in (by_province, f"{by_province}/rows", f"{by_province}/bad.xlsx"):
        assert Office(BINTAN).get(path).status_code == 404
        assert Office(RIAU).get(path).status_code == 404
    api = f"/api/v1/imports/{job_id(by_province)}"
    assert Office(KEPRI).get(api).json()["step"] == "reading"
    assert Office(RIAU).get(api).status_code == 404
    assert Office(RIAU).get(f"/desk/{meeting.slug}/imports").status_code == 404


# --- the engine ----------------------------------------------------------------------------


def claim() -> importing.Claim:
    with database.sessions.begin() as session:
        held = importing.claim(session)
    assert held is not None
    return held


def twenty_seconds_later() -> None:
    """No test waits for a lease to run out: its end comes to us."""
    change("UPDATE import_job SET lease_until = now() WHERE state IN ('reading', 'taking')")


def test_a_worker_that_slept_through_its_lease_is_not_heard() -> None:
    meeting = open_meeting()
    location = hand_in(meeting, csv_sheet([row() for _ in range(3)]))
    sleeper = claim()
    twenty_seconds_later()
    work()
    assert job(location).state == "ready"
    assert importing.work(sleeper) is False
    assert (job(location).state, job(location).total) == ("ready", 3)
    assert len(faults(location)) == 0


def test_nobody_takes_what_another_worker_has_in_hand() -> None:
    hand_in(open_meeting(), csv_sheet([row()]))
    claim()
    with database.sessions.begin() as session:
        assert importing.claim(session) is None


def failed_unexpectedly(location: str) -> None:
    """As when the job's own code breaks: its kind is taken away for a moment."""
    kind = imports.KINDS.pop("registrations")
    try:
        work()
    finally:
        imports.add(kind)
    assert job(location).state == "failed"


def resume(location: str) -> None:
    assert "Lanjutkan" in Office(KEPRI).get(location).text
    assert Office(KEPRI).fills(location, {"action": "resume"}).status_code == 303


def test_a_job_that_failed_while_it_was_read_is_read_on_and_takes_nobody_unseen() -> None:
    meeting = open_meeting()
    location = hand_in(meeting, csv_sheet([row(name=f"Orang {number}") for number in range(6)]))
    held = claim()
    with database.sessions.begin() as session:  # two rows were read before
        values = {"cells": {}, "fields": {}, "same": ""}
        session.add_all(
            ImportRow(job_id=held.row.id, number=number, values=values, errors=[])
            for number in (2, 3)
        )
    twenty_seconds_later()
    failed_unexpectedly(location)
    resume(location)
    assert job(location).state == "reading"
    work()
    assert (job(location).state, job(location).total, job(location).done) == ("ready", 6, 6)
    assert registered(meeting) == 0
    with database.sessions.begin() as session:
        query = text("""
            SELECT count(*) FROM audit_entry
            WHERE action = 'import_resumed' AND noun_id = CAST(:id AS text)""")
        assert session.execute(query, {"id": str(job_id(location))}).scalar_one() == 1


def test_a_job_that_failed_while_its_rows_were_taken_goes_on_taking() -> None:
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row(name=f"Orang {number}") for number in range(3)]))
    assert Office(KEPRI).fills(location, {"action": "take"}).status_code == 303
    failed_unexpectedly(location)
    assert registered(meeting) == 0
    resume(location)
    assert job(location).state == "taking"
    work()
    assert (job(location).state, outcomes(location)) == ("done", {"taken": 3})
    assert [(end["state"], end["taken"]) for end in said(location)] == [("failed", 0), ("done", 3)]


def test_who_handed_it_in_hears_its_end_once_and_nothing_before() -> None:
    location = read(open_meeting(), csv_sheet([row(), row(), row(name="")]))
    assert said(location) == []
    assert Office(KEPRI).fills(location, {"action": "take"}).status_code == 303
    sleeper = claim()
    twenty_seconds_later()
    work()
    assert importing.work(sleeper) is False, "it ended in another worker's hands"
    [end] = said(location)
    assert end["link"].endswith(location)
    assert end["link"].startswith("http")
    told = ("state", "kind", "requested_by", "region_code", "file_name")
    assert [end[name] for name in told] == ["done", "registrations", "kepri", "21", "tabel.csv"]
    counted = ("taken", "waiting", "completed", "already", "refused", "faulty")
    assert [end[name] for name in counted] == [2, 0, 0, 0, 0, 1]


def test_a_sheet_that_cannot_be_read_is_an_end_and_a_cancelled_one_is_no_news() -> None:
    meeting = open_meeting()
    unreadable = read(meeting, b"a,b\n1,2\n")
    assert [end["state"] for end in said(unreadable)] == ["failed"]
    cancelled = read(meeting, csv_sheet([row()]))
    assert Office(KEPRI).fills(cancelled, {"action": "cancel"}).status_code == 303
    assert said(cancelled) == []


def test_five_thousand_rows_survive_the_death_of_their_worker() -> None:
    """Killed while it reads and while it takes; nothing is lost and nothing doubled."""
    meeting = open_meeting(10_000)
    rows = [row(name="" if number % 100 == 0 else f"Orang {number}") for number in range(5000)]
    location = hand_in(meeting, xlsx_sheet(rows), "besar.xlsx")
    killed_at(location, 500)
    assert 0 < job(location).done < 5000
    twenty_seconds_later()
    work()
    assert (job(location).state, job(location).total, job(location).done) == ("ready", 5000, 5000)
    assert len(faults(location)) == 50

    assert Office(KEPRI).fills(location, {"action": "take"}).status_code == 303
    killed_at(location, 500)
    assert job(location).state == "taking"
    assert 0 < registered(meeting) < 4950
    twenty_seconds_later()
    work()
    assert (job(location).state, job(location).done) == ("done", 4950)
    assert outcomes(location) == {"taken": 4950}
    assert [(end["taken"], end["faulty"]) for end in said(location)] == [(4950, 50)]
    assert registered(meeting) == 4950
    with database.sessions.begin() as session:
        query = text("SELECT taken FROM quota WHERE meeting_id = :id")
        assert session.execute(query, {"id": meeting.id}).scalar_one() == 4950


def killed_at(location: str, done: int) -> None:
    """A worker's process of its own, killed by force once so many rows are done."""
    before = job(location).done
    code = "from services.registration import jobs; jobs.run_imports()"
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ)
    eventually(lambda: job(location).done >= done and job(location).done != before, "rows", 150)
    worker.send_signal(signal.SIGKILL)
    assert worker.wait() == -signal.SIGKILL


# --- cells ---------------------------------------------------------------------------------


def test_a_cell_that_looks_like_a_formula_is_shown_and_not_run() -> None:
    data = spreadsheets.write_csv(["a"], [["=1+1"], ["+62811"], ["-1"], ["@x"], ["biasa"]])
    assert data.decode("utf-8-sig").split() == ["a", "'=1+1", "'+62811", "'-1", "'@x", "biasa"]
    meeting = open_meeting()
    location = read(meeting, csv_sheet([row(phone="+62 811 1234 567")]))
    values = one("SELECT values FROM import_row WHERE job_id = :id", location).values
    assert values["fields"]["phone"] == "+628111234567"


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("Contoh;=1+1", "Contoh;'=1+1"),
        ("Contoh, @x", "Contoh, '@x"),
        ('Contoh;"=1"', 'Contoh;"\'=1"'),
        ("Contoh\n=1", "Contoh\n'=1"),
        ("\t=1", "'\t'=1"),
        ("Desa A, Kec. B-C = 1", "Desa A, Kec. B-C = 1"),
    ],
)
def test_no_part_of_a_cell_runs_where_another_separator_is_set(cell: str, shown: str) -> None:
    assert spreadsheets.harmless(cell) == shown


def test_what_was_disarmed_is_read_back_as_it_was() -> None:
    column = imports.Column("name", "Nama", "", "")
    data = spreadsheets.write_csv(["Nama"], [["=Contoh, +1;-x"]])
    assert spreadsheets.read(data, "csv", [column]).rows == [(2, {"name": "=Contoh, +1;-x"})]


def test_progress_is_told_as_the_bar_wants_it() -> None:
    location = hand_in(open_meeting(), csv_sheet([row()]))
    told = Office(KEPRI).get(f"/api/v1/imports/{job_id(location)}").json()
    assert (told["state"], told["step"]) == ("queued", "reading")
    page = Office(KEPRI).get(location).text
    assert re.search(r'data-source="/registration/api/v1/imports/[0-9a-f-]+"', page)
    work()
    told = Office(KEPRI).get(f"/api/v1/imports/{job_id(location)}").json()
    assert (told["state"], told["step"]) == ("done", "ready")
    assert json.dumps(told)
