"""Spreadsheets of participants are read: what is understood, and what is told of mistakes."""

import json
import re
import zipfile
from io import BytesIO
from typing import Any

import pytest
import workbooks
from deskwork import (
    KEPRI,
    TITLES,
    Office,
    csv_sheet,
    row,
    xlsx_sheet,
)
from python_calamine import load_workbook
from registering import open_meeting, registered
from registration.handed_in import (
    faults,
    hand_in,
    job,
    job_id,
    one,
    outcomes,
    read,
    take,
    work,
)
from sqlalchemy import text

from services.registration import delegations, imports, spreadsheets
from services.registration.resources import database
from services.registration.spreadsheets import Unreadable
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database", "nothing_due")


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
    announced = workbooks.workbook("", '<sst uniqueCount="4294967295"><si/></sst>', sheet[-10:])
    with pytest.raises(Unreadable, match="damaged"):
        spreadsheets.read(announced, "xlsx", [])
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
    assert (told["status"], told["step"]) == ("queued", "reading")
    page = Office(KEPRI).get(location).text
    assert re.search(r'data-source="/registration/api/v1/imports/[0-9a-f-]+"', page)
    work()
    told = Office(KEPRI).get(f"/api/v1/imports/{job_id(location)}").json()
    assert (told["status"], told["step"]) == ("done", "ready")
    assert json.dumps(told)
