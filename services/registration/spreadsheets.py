"""Sheets as people keep them, XLSX or CSV: read as rows of text, found by their headings; written.

A sheet is read only after `shared.uploads.judge` has let it in.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import islice
from typing import Any

from python_calamine import CalamineError, load_workbook
from rustpy_xlsxwriter import FastExcel, Format

from services.registration.imports import MOST_ROWS, Column
from shared.documents.common import clean, one_line
from shared.names import plain_name
from shared.uploads.cells import BadCells, Most, check_cells

EXAMPLE = "CONTOH (hapus baris ini)"
"""Begins the template's example; whoever leaves it in is not told off."""

HEAD_ROWS = 10  # a heading may stand below a title
MOST_COLUMNS = 200
FURTHEST_ROW = 20_000  # empty rows between are forgiven
_MOST = Most(
    FURTHEST_ROW,
    MOST_COLUMNS,
    area=FURTHEST_ROW * MOST_COLUMNS,
    cells=400_000,
    letters=16_000_000,  # 64 MB when each takes four bytes
)
_DELIMITERS = ";,\t"
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
# Where another program's separator, or a line, may begin a cell inside ours.
_BEGIN = r"""([;,\t\r\n][\s"]*)"""
_INNER = re.compile(_BEGIN + "(?=[-=+@])")
_INNER_HARMLESS = re.compile(_BEGIN + "'(?=[-=+@])")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"


class Unreadable(Exception):
    """A sheet in which nothing can be found. `code` is a key of `desk_words.UNREADABLE`."""

    def __init__(self, code: str, *columns: str) -> None:
        super().__init__(code)
        self.code, self.columns = code, columns


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a column stands in this sheet, and what it is called there."""

    at: int
    called: str

    @property
    def label(self) -> str:
        """With its letter, as the person sees it in Excel: "Surel (F)"."""
        return f"{self.called} ({letter(self.at)})"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows below the heading, by their number in the file; empty and example rows are left out."""

    headings: Mapping[str, Heading]
    rows: Sequence[tuple[int, Mapping[str, str]]]


def read(data: bytes, extension: str, columns: Sequence[Column]) -> Sheet:
    """The rows of a sheet, as text by column key. Raises `Unreadable`."""
    lines = _xlsx(data) if extension == "xlsx" else _csv(data)
    first = list(islice(lines, HEAD_ROWS))
    found = [_headings(cells, columns) for _number, cells in first]
    best = max(range(len(found)), key=lambda at: len(found[at]), default=None)
    if best is None or not found[best]:
        raise Unreadable("no-heading")
    headings = found[best]
    missing = [column.title for column in columns if column.required and column.key not in headings]
    if missing:
        raise Unreadable("missing-columns", *missing)
    rows = list(islice(_rows([*first[best + 1 :]], lines, headings), MOST_ROWS + 1))
    if not rows:
        raise Unreadable("no-rows")
    if len(rows) > MOST_ROWS:
        raise Unreadable("too-many-rows")
    return Sheet(headings, rows)


def letter(at: int) -> str:
    """The letter of a column, counted from 0: A, B ... Z, AA."""
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name


def _rows(
    first: Iterable[tuple[int, list[str]]],
    others: Iterable[tuple[int, list[str]]],
    headings: Mapping[str, Heading],
) -> Iterator[tuple[int, Mapping[str, str]]]:
    for number, cells in (*first, *others):
        row = {
            key: cells[heading.at] if heading.at < len(cells) else ""
            for key, heading in headings.items()
        }
        if any(row.values()) and not any(text.startswith(EXAMPLE) for text in row.values()):
            yield number, row


def _headings(cells: Sequence[str], columns: Sequence[Column]) -> dict[str, Heading]:
    names = {
        plain_name(name): column.key
        for column in columns
        for name in (column.key, *column.also, column.title)
    }
    found: dict[str, Heading] = {}
    for at, cell in enumerate(cells):
        key = names.get(plain_name(cell))
        if key:
            found.setdefault(key, Heading(at, cell))
    return found


def _csv(data: bytes) -> Iterator[tuple[int, list[str]]]:
    text = data.decode("utf-8-sig")
    head = "\n".join(text.splitlines()[:HEAD_ROWS])
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        for number, cells in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter)):
            _within(number + 1, len(cells))
            yield number + 1, [_plain(cell) for cell in cells]
    except csv.Error as error:
        raise Unreadable("damaged") from error


def _xlsx(data: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        check_cells(data, _MOST)
        with load_workbook(BytesIO(data)) as book:
            cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except BadCells as refusal:
        raise Unreadable(refusal.code) from refusal
    except (CalamineError, IndexError) as error:
        raise Unreadable("damaged") from error
    for number, row in enumerate(cells, 1):
        yield number, [_text(value) for value in row]


def _within(row: int, column: int) -> None:
    if row > FURTHEST_ROW or column > MOST_COLUMNS:
        raise Unreadable("too-many-rows")


def _text(value: Any) -> str:
    """A cell as its owner reads it: no `.0` behind a phone number."""
    match value:
        case bool():
            return "ya" if value else "tidak"
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case datetime():
            return value.isoformat(" ")
        case date():
            return value.isoformat()
        case _:
            return one_line(str(value))


def _plain(cell: str) -> str:
    """Without the apostrophes that `harmless` put there."""
    cell = one_line(_INNER_HARMLESS.sub(r"\1", cell))
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_DANGEROUS) else cell


def write_csv(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A sheet that Excel in Indonesia opens as columns: semicolons, and a mark for UTF-8."""
    out = StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(titles)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows, instead of running it as a formula.

    Nor any part of it, should the spreadsheet be set to another separator than ours.
    """
    cell = _INNER.sub(r"\1'", cell)
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


def write_xlsx(sheets: Mapping[str, tuple[Sequence[str], Sequence[Sequence[str]]]]) -> bytes:
    """A workbook of sheets by name, each with titles and rows. All cells are text, not formulas.

    Text as a format too, so that Excel keeps the zero of a phone number typed below.
    """
    out = BytesIO()
    book = FastExcel(out).freeze(row=1)
    text = Format().set_num_format("@").set_text_wrap().set_align("top")
    head = Format().set_bold().set_text_wrap().set_background_color("#edf3f2")
    for name, (titles, rows) in sheets.items():
        records = [dict(zip(titles, map(clean, row), strict=True)) for row in rows]
        book.sheet(
            name,
            records or [dict.fromkeys(titles)],  # the library takes the titles from the first
            column_widths=[_width(title, rows, at) for at, title in enumerate(titles)],
            column_formats=[text] * len(titles),
            header_format=head,
            ignore_errors=list(titles),  # no green corner for a phone that is text
        )
    book.save()
    return out.getvalue()


def _width(title: str, rows: Sequence[Sequence[str]], at: int) -> float:
    longest = max([len(title), *(len(row[at]) for row in rows[:50])])
    return float(min(max(longest + 2, 12), 60))
