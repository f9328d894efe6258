"""An officer prints, opens or imports the list of a meeting: nothing is lost, nothing runs."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import astuple, replace
from datetime import UTC, date, datetime
from pathlib import Path

import phonenumbers
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from services.reporting.documents.attendance_list import (
    AttendanceMeeting,
    AttendanceRow,
    split,
    write_csv,
    write_pdf,
    write_xlsx,
)
from services.reporting.documents.common import (
    Cancelled,
    Footer,
    Language,
    RowCountMismatch,
    csv_text,
    dialled,
)
from shared.documents.common import Progress
from shared.documents.type_setting import REGULAR, Style, fit, printable, width

Rows = Callable[[], Iterator[AttendanceRow]]
Writer = Callable[[Path, AttendanceMeeting, Rows, Footer, Progress, Language], int]

ONE_DAY = AttendanceMeeting(
    title="Peer Learning Meeting Provinsi Kepulauan Riau",
    province="Kepulauan Riau",
    venue="CK Hotel Tanjungpinang",
    days=(date(2022, 8, 9),),
    zone_abbreviation="WIB",
    organiser="Dinas Perpustakaan Provinsi Contoh & Mitra",
)
TWO_DAYS = replace(ONE_DAY, days=(date(2022, 8, 9), date(2022, 8, 10)))

WRITERS = [
    pytest.param(write_pdf, id="pdf"),
    pytest.param(write_xlsx, id="xlsx"),
    pytest.param(write_csv, id="csv"),
]
LONG_INSTITUTION = (
    "Dinas Perpustakaan dan Kearsipan Kabupaten Contoh Bagian Pengembangan Layanan"
    " Berbasis Inklusi Sosial Wilayah Kepulauan III"
)
AWKWARD = (
    AttendanceRow(
        1,
        "Siti Nurhaliza binti H. Muhammad Amin, S.Sos., M.Hum.",
        LONG_INSTITUTION,
        "Kepala Bidang Pembinaan Perpustakaan dan Pembudayaan Kegemaran Membaca",
        "+6281100000001",
        "Dinas Perpustakaan Kab/Kota",
        "Kab. Bintan",
    ),
    AttendanceRow(
        2, '=HYPERLINK("http://contoh.invalid";"klik")', "@SUM(A1)", "-", "+6561234567", "", ""
    ),
    AttendanceRow(
        3,
        "Peserta Contoh Šimić Raḥmān\x07",
        "Baris\npertama, kedua",
        "\t=1+1",
        "0771 21234",
        "+",
        "Ö",
    ),
)


def people(count: int) -> Rows:
    def fresh() -> Iterator[AttendanceRow]:
        for number in range(1, count + 1):
            yield AttendanceRow(
                number,
                f"Peserta Contoh {number}",
                f"Perpustakaan Desa Contoh {number % 24 + 1}",
                "Pengelola Perpustakaan",
                f"+62811{number:07d}",
                "Perpustakaan Desa",
                "Kab. Bintan",
            )

    return fresh


def footer(count: int) -> Footer:
    return Footer(count, "revisi-4711", datetime(2022, 8, 9, 1, 0, tzinfo=UTC))


STATE = "per 9 Agustus 2022, 08.00 WIB"


def unheard(_done: int) -> None:
    pass


def pages(path: Path) -> list[str]:
    """The text of each page, its line breaks made blanks."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(path).pages]


def sheet(path: Path, name: str) -> list[list[object]]:
    return [
        list(row) for row in CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()
    ]


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


# --- paper -------------------------------------------------------------------------------


def test_the_paper_names_everybody_under_a_head_on_every_page(tmp_path: Path) -> None:
    path = tmp_path / "hadir.pdf"
    assert write_pdf(path, ONE_DAY, people(400), footer(400), unheard, "id") == 400

    texts = pages(path)
    assert len(texts) == 27  # 15 people on a page
    for number, text in enumerate(texts, start=1):
        assert f"Halaman {number} dari 27" in text
        for words in (
            *("No", "Nama", "Instansi", "Jabatan", "No. HP", "Tanda tangan"),
            ONE_DAY.title,
            "Selasa, 9 Agustus 2022",
            "CK Hotel Tanjungpinang, Kepulauan Riau",
        ):
            assert words in text
    named = re.findall(r"Peserta Contoh (\d+) ", " ".join(texts))
    assert [int(number) for number in named] == list(range(1, 401))


def test_only_the_last_page_says_that_the_paper_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "hadir.pdf"
    write_pdf(path, ONE_DAY, people(1200), footer(1200), unheard, "id")

    *before, last = pages(path)
    assert f"Dokumen: lengkap · Jumlah baris: 1.200 · Keadaan data: {STATE}" in last
    assert "revisi-4711" not in last  # for programs, which read the metadata
    assert PdfReader(path).metadata["/Keywords"] == "revisi-4711"  # type: ignore[index]
    assert before
    assert not any("lengkap" in text for text in before)


def test_each_day_has_a_list_of_its_own_to_sign(tmp_path: Path) -> None:
    path = tmp_path / "hadir.pdf"
    done: list[int] = []
    assert write_pdf(path, TWO_DAYS, people(15), footer(15), done.append, "en") == 15

    first, second = pages(path)
    assert "Tuesday, 9 August 2022" in first
    assert "Day 1 of 2" in first
    assert "Wednesday, 10 August 2022" in second
    assert "Signature" in second
    assert "Peserta Contoh 15" in first
    assert "Peserta Contoh 15" in second
    assert "Document: complete · Rows: 15" in second
    assert done == [7, 15]


def test_awkward_texts_stand_whole_on_the_paper(tmp_path: Path) -> None:
    path = tmp_path / "hadir.pdf"
    write_pdf(path, ONE_DAY, lambda: iter(AWKWARD), footer(3), unheard, "id")

    (text,) = pages(path)
    assert AWKWARD[0].name in text
    assert LONG_INSTITUTION in text
    assert AWKWARD[0].position in text
    assert "0811-0000-0001" in text
    assert "Peserta Contoh Šimić Rahman" in text  # as near as the font comes
    assert "Baris pertama, kedua" in text


def test_the_fonts_travel_with_the_paper(tmp_path: Path) -> None:
    path = tmp_path / "hadir.pdf"
    write_pdf(path, ONE_DAY, people(1), footer(1), unheard, "id")

    fonts = PdfReader(path).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    for font in fonts.values():
        assert "/FontFile2" in font.get_object()["/FontDescriptor"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=150), st.floats(min_value=40, max_value=200))
def test_no_text_leaves_its_cell(text: str, room: float) -> None:
    block = fit(text, Style(REGULAR, ((8.6, 2), (6.6, 90))), room)
    assert all(width(line, block.font, block.size) <= room for line in block.lines)
    assert "".join(block.lines).replace(" ", "") == printable(text).replace(" ", "")


def test_a_text_beyond_all_measure_ends_in_an_ellipsis() -> None:
    block = fit("panjang sekali " * 100, Style(REGULAR, ((8, 2), (7, 3))), 100)
    assert len(block.lines) == 3
    assert block.lines[-1].endswith("…")


# --- sheet -------------------------------------------------------------------------------


def test_the_sheet_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "hadir.xlsx"
    assert write_xlsx(path, TWO_DAYS, people(400), footer(400), unheard, "id") == 400

    heads, *rows = sheet(path, "Daftar hadir")
    assert heads == [
        *("No", "Nama", "Instansi", "Jabatan", "No. HP", "Jenis peserta", "Wilayah"),
        "Tanda tangan Selasa, 9 Agustus 2022",
        "Tanda tangan Rabu, 10 Agustus 2022",
    ]
    assert [tuple(row[:7]) for row in rows] == [astuple(person) for person in people(400)()]
    notes = {row[0]: row[1] for row in sheet(path, "Keterangan")}
    assert notes["Kegiatan"] == TWO_DAYS.title
    assert notes["Dokumen"] == "lengkap"
    assert notes["Jumlah baris"] == "400"
    assert notes["Keadaan data"] == STATE


def test_the_sheet_keeps_formulas_and_phones_as_text(tmp_path: Path) -> None:
    path = tmp_path / "hadir.xlsx"
    write_xlsx(path, ONE_DAY, lambda: iter(AWKWARD), footer(3), unheard, "en")

    _, first, second, third = sheet(path, "Attendance list")
    assert first[4] == "+6281100000001"
    assert second[1:3] == ['=HYPERLINK("http://contoh.invalid";"klik")', "@SUM(A1)"]
    assert third[1] == "Peserta Contoh Šimić Raḥmān"  # the bell is gone, every letter is there
    assert sheet(path, "Notes")[-3] == ["Document", "complete"]


def test_a_list_longer_than_a_sheet_goes_on_in_the_next() -> None:
    parts = [(name, len(list(part))) for name, part in split(people(25)(), 25, "Hadir", 10)]
    assert parts == [("Hadir", 10), ("Hadir 2", 10), ("Hadir 3", 5)]
    full = [(name, len(list(part))) for name, part in split(people(21)(), 20, "Hadir", 10)]
    assert full == [("Hadir", 10), ("Hadir 2", 11)]  # the row too many is read, thus refused


# --- text --------------------------------------------------------------------------------


def test_the_text_opens_in_excel_and_ends_with_its_count(tmp_path: Path) -> None:
    path = tmp_path / "hadir.csv"
    assert write_csv(path, ONE_DAY, people(400), footer(400), unheard, "id") == 400

    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    heads, *rows, last = lines(path)
    assert heads == ["No", "Nama", "Instansi", "Jabatan", "No. HP", "Jenis peserta", "Wilayah"]
    for row, person in zip(rows, people(400)(), strict=True):
        phone = dialled(person.phone)
        assert row == [str(cell) for cell in astuple(replace(person, phone=phone))]
    assert last[:3] == ["# Dokumen: lengkap", "Jumlah baris: 400", f"Keadaan data: {STATE}"]
    assert len(last) == len(heads)


def test_no_cell_of_the_text_is_computed(tmp_path: Path) -> None:
    path = tmp_path / "hadir.csv"
    write_csv(path, ONE_DAY, lambda: iter(AWKWARD), footer(3), unheard, "id")

    _, first, second, third, _ = lines(path)
    assert first[4] == "0811-0000-0001"
    assert second[1:5] == [
        '\'=HYPERLINK("http://contoh.invalid";"klik")',
        "'@SUM(A1)",
        "-",
        "'+6561234567",
    ]
    assert third[2:6] == ["Baris\npertama, kedua", "'\t'=1+1", "0771-21234", "'+"]


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1",
        "-1",
        "@a",
        "\ta",
        "\ra",
        "\n=1",
        "  =1",
        "＝1",
        "\x00=1",
        "\u200b=1",
        "\ufeff \u2060@a",
    ],
)
def test_an_apostrophe_disarms(text: str) -> None:
    assert csv_text(text).startswith("'")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Contoh;=1+1", "Contoh;'=1+1"),
        ("Contoh, \u200b@a", "Contoh, \u200b'@a"),
        ('Contoh\t"＝1"', 'Contoh\t"\'＝1"'),
        ("Contoh\n+1", "Contoh\n'+1"),
        ("Desa A, -", "Desa A, -"),
        ("Jl. B-C, 1 = 1", "Jl. B-C, 1 = 1"),
    ],
)
def test_no_part_of_a_cell_is_computed_under_another_separator(text: str, shown: str) -> None:
    assert csv_text(text) == shown


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("+6281234567890", "0812-3456-7890"),
        ("0812 3456 78901", "0812-3456-78901"),
        ("6281112345", "0811-12345"),
        ("+6277121234", "0771-21234"),
        ("+6561234567", "+6561234567"),
        ("tidak ada", "tidak ada"),
        ("", ""),
    ],
)
def test_phones_are_shown_as_people_dial_them(stored: str, shown: str) -> None:
    assert dialled(stored) == shown


@given(st.from_regex(r"\+628[1-9][0-9]{7,9}", fullmatch=True))
def test_a_shown_phone_reads_back_to_the_stored_one(stored: str) -> None:
    read = phonenumbers.parse(dialled(stored), "ID")
    assert phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164) == stored


# --- all three ---------------------------------------------------------------------------


@pytest.mark.parametrize("write", WRITERS)
def test_five_thousand_people_pass_with_progress(tmp_path: Path, write: Writer) -> None:
    done: list[int] = []
    assert write(tmp_path / "hadir", ONE_DAY, people(5000), footer(5000), done.append, "id") == 5000
    assert done[:2] == [200, 400]
    assert done == sorted(done)
    assert done[-1] == 5000


@pytest.mark.parametrize("write", WRITERS)
def test_a_cancel_lets_go_of_the_file_and_leaves_nothing_that_looks_complete(
    tmp_path: Path, write: Writer
) -> None:
    path = tmp_path / "hadir"

    def cancel(done: int) -> None:
        if done >= 400:
            raise Cancelled

    with pytest.raises(Cancelled):
        write(path, ONE_DAY, people(5000), footer(5000), cancel, "id")

    assert str(path) not in {file.path for file in psutil.Process().open_files()}
    assert not path.exists() or b"lengkap" not in path.read_bytes()


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("promised", [0, 249, 251])
def test_a_wrong_count_is_refused(tmp_path: Path, write: Writer, promised: int) -> None:
    path = tmp_path / "hadir"
    with pytest.raises(RowCountMismatch):
        write(path, TWO_DAYS, people(250), footer(promised), unheard, "id")
    assert not path.exists() or b"lengkap" not in path.read_bytes()


def test_a_list_without_people_is_complete_and_says_so(tmp_path: Path) -> None:
    for write, name in ((write_pdf, "a.pdf"), (write_xlsx, "a.xlsx"), (write_csv, "a.csv")):
        assert write(tmp_path / name, ONE_DAY, people(0), footer(0), unheard, "id") == 0

    (page,) = pages(tmp_path / "a.pdf")
    assert "Belum ada peserta" in page
    assert "lengkap" in page
    assert sheet(tmp_path / "a.xlsx", "Daftar hadir")[0][1] == "Nama"
    assert lines(tmp_path / "a.csv")[1][0] == "# Dokumen: lengkap"
