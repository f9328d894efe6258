"""Sheets as people keep them, XLSX or CSV: read as rows of text, found by their headings; written.

A sheet is read only after `shared.uploads.judge` has let it in.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import islice
from typing import Any
from xml.parsers import expat
from zipfile import ZipFile

from python_calamine import CalamineError, load_workbook
from rustpy_xlsxwriter import FastExcel, Format

from services.registration.imports import MOST_ROWS, Column
from shared.documents.common import clean, one_line
from shared.names import plain_name

EXAMPLE = "CONTOH (hapus baris ini)"
"""Begins the template's example; whoever leaves it in is not told off."""

HEAD_ROWS = 10  # a heading may stand below a title
MOST_COLUMNS = 200
FURTHEST_ROW = 20_000  # empty rows between are forgiven
_CELLS = 400_000
_LONGEST = 32_767  # letters in one cell, Excel's own limit
_LETTERS = 16_000_000  # of all cells; 64 MB when each takes four bytes
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
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
    _check(data)
    try:
        with load_workbook(BytesIO(data)) as book:
            cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as error:
        raise Unreadable("damaged") from error
    for number, row in enumerate(cells, 1):
        yield number, [_text(value) for value in row]


def _check(data: bytes) -> None:
    """No cell may stand far out, and all texts together must be of a size for people.

    The reader makes room for all that lies between cells, and copies a shared string for each
    cell that shows it. A sheet may be a part of any name, the strings have theirs.
    """
    found = _Parts()
    with ZipFile(BytesIO(data)) as archive:
        for info in archive.infolist():
            part = archive.read(info)
            if info.filename.lower().endswith("sharedstrings.xml") or b"sheetData" in part:
                found.read(part)
    if found.letters() > _LETTERS:
        raise Unreadable("too-many-rows")


class _Parts:
    """The sheets and shared strings of a workbook, as far as `_check` must know them."""

    def __init__(self) -> None:
        self._lengths: list[int] = []  # of the shared strings
        self._shown: Counter[int] = Counter()  # by how many cells each is shown
        self._cells = 0
        self._in_string = self._in_cell = self._in_value = False
        self._shared = False  # whether the cell shows a shared string
        self._number = ""  # which

    def read(self, part: bytes) -> None:
        """Raises `Unreadable`."""
        if self._lengths and b"sheetData" not in part:  # two lists: which would be read?
            raise Unreadable("damaged")
        self._cells = 0
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(part, True)
        except (expat.ExpatError, ValueError) as error:
            raise Unreadable("damaged") from error

    def letters(self) -> int:
        """Of all cells with shared strings together. Raises `Unreadable`."""
        if any(not 0 <= number < len(self._lengths) for number in self._shown):
            raise Unreadable("damaged")
        return sum(self._lengths[number] * times for number, times in self._shown.items())

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "c" | "si" if self._in_cell or self._in_string:  # readers differ on what it means
                raise Unreadable("damaged")
            case "c":
                place = _PLACE.fullmatch(attributes.get("r", ""))
                if place is None:
                    raise Unreadable("damaged")
                _within(int(place[2]), _column(place[1]))
                self._cells += 1
                if self._cells > _CELLS:
                    raise Unreadable("too-many-rows")
                self._in_cell, self._shared = True, attributes.get("t") == "s"
            case "v":
                self._in_value = True
            case "si":
                self._in_string = True
                self._lengths.append(0)

    def _text(self, text: str) -> None:
        if self._in_string:
            self._lengths[-1] += len(text)
            if self._lengths[-1] > _LONGEST:
                raise Unreadable("damaged")
        elif self._in_value and self._shared:
            self._number += text
            if len(self._number) > 20:
                raise Unreadable("damaged")

    def _end(self, name: str) -> None:
        match name.rpartition(":")[2]:
            case "c":
                if self._number:
                    self._shown[int(self._number)] += 1
                self._in_cell, self._shared, self._number = False, False, ""
            case "v":
                self._in_value = False
            case "si":
                self._in_string = False

    def _doctype(self, *_declared: object) -> None:
        raise Unreadable("damaged")


def _within(row: int, column: int) -> None:
    if row > FURTHEST_ROW or column > MOST_COLUMNS:
        raise Unreadable("too-many-rows")


def _column(letters: str) -> int:
    number = 0
    for sign in letters:
        number = number * 26 + ord(sign) - 64
    return number


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
