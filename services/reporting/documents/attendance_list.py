"""The attendance list (daftar hadir) of a meeting, as paper, sheet and plain text.

The three writers have one shape. `rows` gives a fresh iterator each time it is called: the paper
has one list per day, so it reads the people once a day; sheet and text read them once. `progress`
runs from 0 to `footer.row_count` in each of them, whatever the number of days, is called about
every 200 rows and may raise to stop the work; a half-written paper or sheet is never on disk, a
half-written text is closed and lacks its last line. All return the number of people and raise
`RowCountMismatch` if that is not `footer.row_count`.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import FastExcel, Format

from services.reporting.documents.common import (
    Footer,
    Language,
    closing,
    counted,
    csv_text,
    dialled,
    long_date,
)
from services.reporting.documents.sheets import head_format, page_setup
from services.reporting.documents.signing_paper import Heading, Person, SigningPaper
from shared.documents.common import Progress, clean

SHEET_ROWS = 1_048_576
"""What one Excel sheet holds, its head included."""


@dataclass(frozen=True, slots=True)
class AttendanceMeeting:
    """`zone_abbreviation` is WIB, WITA or WIT, the zone of the venue."""

    title: str
    province: str
    venue: str
    days: tuple[date, ...]
    zone_abbreviation: str
    organiser: str

    def __post_init__(self) -> None:
        if not self.days:
            raise ValueError("a meeting has at least one day")


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One person. `phone` is E.164; `participant_type` and `region` are words for a reader."""

    number: int
    name: str
    institution: str
    position: str
    phone: str
    participant_type: str
    region: str


Rows = Callable[[], Iterator[AttendanceRow]]


@dataclass(frozen=True, slots=True)
class _Words:
    attendance_list: str
    columns: tuple[str, str, str, str, str]
    more_columns: tuple[str, str]
    signature: str
    day_of: str
    nobody: str
    page: str
    notes: str
    note_heads: tuple[str, str]
    facts: tuple[str, str, str, str, str]


_WORDS: dict[Language, _Words] = {
    "id": _Words(
        attendance_list="Daftar hadir",
        columns=("No", "Nama", "Instansi", "Jabatan", "No. HP"),
        more_columns=("Jenis peserta", "Wilayah"),
        signature="Tanda tangan",
        day_of="Hari {} dari {}",
        nobody="Belum ada peserta dalam daftar ini.",
        page="Halaman &P dari &N",
        notes="Keterangan",
        note_heads=("Keterangan", "Isi"),
        facts=("Kegiatan", "Penyelenggara", "Tempat", "Provinsi", "Tanggal"),
    ),
    "en": _Words(
        attendance_list="Attendance list",
        columns=("No", "Name", "Institution", "Position", "Phone"),
        more_columns=("Participant type", "Region"),
        signature="Signature",
        day_of="Day {} of {}",
        nobody="There is nobody on this list yet.",
        page="Page &P of &N",
        notes="Notes",
        note_heads=("Note", "Content"),
        facts=("Meeting", "Organiser", "Venue", "Province", "Date"),
    ),
}


def _closing_line(
    meeting: AttendanceMeeting, footer: Footer, language: Language
) -> tuple[str, ...]:
    ends = closing(footer, meeting.zone_abbreviation, language)
    return tuple(f"{label}: {value}" for label, value in ends)


# --- paper -------------------------------------------------------------------------------


def write_pdf(  # noqa: PLR0913, PLR0917 - the one shape of all writers
    path: Path,
    meeting: AttendanceMeeting,
    rows: Rows,
    footer: Footer,
    progress: Progress,
    language: Language,
) -> int:
    """Write one list per day to sign by hand, each from a new page; pages are numbered through."""
    words = _WORDS[language]
    ends = _closing_line(meeting, footer, language)
    paper = SigningPaper(
        path,
        title=f"{words.attendance_list} – {meeting.title}",
        author=meeting.organiser,
        language=language,
    )
    for index in range(len(meeting.days)):
        paper.begin(_heading(meeting, index, language))
        share = _share_of(progress, index, len(meeting.days), footer.row_count)
        for row in counted(rows(), footer.row_count, share):
            paper.add(_person(row))
        if footer.row_count == 0:
            paper.say(words.nobody)
    paper.finish(ends, footer.watermark)
    return footer.row_count


def _share_of(progress: Progress, day: int, days: int, rows: int) -> Progress:
    """Progress of one day's list as part of all of them."""
    return lambda done: progress((day * rows + done) // days)


def _heading(meeting: AttendanceMeeting, index: int, language: Language) -> Heading:
    words = _WORDS[language]
    days = len(meeting.days)
    return Heading(
        kind=words.attendance_list,
        title=meeting.title,
        organiser=meeting.organiser,
        day=long_date(meeting.days[index], language),
        venue=_place(meeting),
        part=words.day_of.format(index + 1, days) if days > 1 else "",
        columns=(*words.columns, words.signature),
    )


def _place(meeting: AttendanceMeeting) -> str:
    return ", ".join(part for part in (meeting.venue, meeting.province) if part)


def _person(row: AttendanceRow) -> Person:
    return Person(
        number=str(row.number),
        name=row.name,
        below_name=row.participant_type,
        institution=row.institution,
        below_institution=row.region,
        position=row.position,
        phone=dialled(row.phone),
    )


# --- sheet -------------------------------------------------------------------------------


def write_xlsx(  # noqa: PLR0913, PLR0917 - the one shape of all writers
    path: Path,
    meeting: AttendanceMeeting,
    rows: Rows,
    footer: Footer,
    progress: Progress,
    language: Language,
) -> int:
    """Write one sheet with a signature column per day, then the sheet "Keterangan" or "Notes".

    One sheet, not one per day: an officer corrects, sorts and filters each person once. Every
    text is a string cell, which Excel never computes, so phones keep their +62 and no text
    needs an apostrophe.
    """
    words = _WORDS[language]
    heads = _sheet_heads(meeting, language)
    people = counted(rows(), footer.row_count, progress)
    book = FastExcel(str(path), output_format="xlsx").format(bold_headers=True).freeze(row=1, col=2)
    for name, part in split(people, footer.row_count, words.attendance_list, SHEET_ROWS - 1):
        book.sheet(name, _records(part, heads), **_sheet_look(meeting, heads, words))
    book.sheet(words.notes, _notes(meeting, footer, language), **_notes_look(words))
    book.save()
    return footer.row_count


def split(
    rows: Iterator[AttendanceRow], row_count: int, name: str, per_sheet: int
) -> Iterator[tuple[str, Iterator[AttendanceRow]]]:
    """Named parts of one iterator, to be read in their order.

    The last part takes all that is left, so that a row too many is met and not left unread.
    """
    sheets = max(1, -(-row_count // per_sheet))
    for sheet in range(1, sheets + 1):
        part = rows if sheet == sheets else islice(rows, per_sheet)
        yield (name if sheet == 1 else f"{name} {sheet}"), part


def _sheet_heads(meeting: AttendanceMeeting, language: Language) -> tuple[str, ...]:
    words = _WORDS[language]
    if len(meeting.days) == 1:
        signatures = [words.signature]
    else:
        signatures = [f"{words.signature} {long_date(day, language)}" for day in meeting.days]
    return (*words.columns, *words.more_columns, *signatures)


def _records(
    people: Iterator[AttendanceRow], heads: tuple[str, ...]
) -> Iterator[dict[str, str | int | None]]:
    blank = dict.fromkeys(heads)
    empty = True
    for row in people:
        empty = False
        yield {**blank, **dict(zip(heads, _cells(row), strict=False))}
    if empty:
        yield blank  # the library takes the heads from the first record


def _cells(row: AttendanceRow) -> tuple[int, str, str, str, str, str, str]:
    return (
        row.number,
        clean(row.name),
        clean(row.institution),
        clean(row.position),
        clean(row.phone),
        clean(row.participant_type),
        clean(row.region),
    )


def _sheet_look(
    meeting: AttendanceMeeting, heads: tuple[str, ...], words: _Words
) -> dict[str, Any]:
    signatures = len(heads) - 7
    text = Format().set_align("vcenter").set_text_wrap()
    return {
        "column_widths": [6.0, 34.0, 40.0, 24.0, 19.0, 22.0, 26.0, *[30.0] * signatures],
        "column_formats": [Format().set_align("center").set_align("vcenter"), *[text] * 6],
        "header_format": head_format(),
        "autofilter": True,
        "ignore_errors": [words.columns[4]],  # no green corner for a phone that is text
        "page_setup": page_setup(f"{meeting.title} – {_place(meeting)}", words.page),
    }


def _notes(meeting: AttendanceMeeting, footer: Footer, language: Language) -> list[dict[str, str]]:
    words = _WORDS[language]
    label_head, value_head = words.note_heads
    days = "; ".join(long_date(day, language) for day in meeting.days)
    facts = (meeting.title, meeting.organiser, meeting.venue, meeting.province, days)
    ends = closing(footer, meeting.zone_abbreviation, language)
    return [
        {label_head: label, value_head: clean(value)}
        for label, value in (*zip(words.facts, facts, strict=True), *ends)
    ]


def _notes_look(words: _Words) -> dict[str, Any]:
    return {
        "column_widths": dict(zip(words.note_heads, (22.0, 80.0), strict=True)),
        "column_formats": [Format().set_bold(), Format().set_text_wrap()],
        "header_format": head_format(),
    }


# --- text --------------------------------------------------------------------------------


def write_csv(  # noqa: PLR0913, PLR0917 - the one shape of all writers
    path: Path,
    meeting: AttendanceMeeting,
    rows: Rows,
    footer: Footer,
    progress: Progress,
    language: Language,
) -> int:
    """Write the people for other programs: UTF-8 with BOM, commas, CR LF, no signature columns.

    Commas as in RFC 4180, because programs read this file. Excel shows its letters right thanks
    to the BOM, but under Indonesian settings it expects ";" and wants Data > From Text; who works
    in Excel takes the XLSX. The last row begins with "#" and says that the file is complete.
    """
    words = _WORDS[language]
    complete, *ends = _closing_line(meeting, footer, language)
    days = "; ".join(long_date(day, language) for day in meeting.days)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow((*words.columns, *words.more_columns))
        for row in counted(rows(), footer.row_count, progress):
            number, name, institution, position, phone, *more = _cells(row)
            texts = (name, institution, position, dialled(phone), *more)
            out.writerow((number, *map(csv_text, texts)))
        # as wide as every other row: some readers refuse a table whose rows differ
        about = (*ends, meeting.title, meeting.organiser, _place(meeting), days)
        out.writerow((f"# {complete}", *map(csv_text, about)))
    return footer.row_count
