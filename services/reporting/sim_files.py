"""Files that SIM TPBIS gives out, as rows: JSON, CSV and XLSX alike, a piece at a time.

`keep` judges a file by what is in it; `rows` reads one that was kept.
"""

import csv
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, TextIO
from xml.parsers import expat
from zipfile import ZipFile

from python_calamine import CalamineError, load_workbook

from services.reporting.resources import import_files
from shared.uploads import Refused
from shared.uploads.xlsx import check_xlsx

MOST = 128 * 1024 * 1024  # bytes, unpacked
MOST_ROWS = 200_000
MOST_COLUMNS = 200
_LETTERS = 64_000_000  # of all cells of a workbook
_PIECE = 64 * 1024
_LONGEST = 1024 * 1024  # characters of one row
_DELIMITERS = ";,\t"
Row = tuple[int, Mapping[str, Any]]


class Unreadable(Exception):
    """A file in which nothing can be found. `code` is a key of `import_words.UNREADABLE`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def keep(data: bytes) -> str:
    """Put a file into the store and return its name there. Raises `Refused`.

    One that was packed with gzip is unpacked: a hundred thousand rows are else too many to send.
    """
    if data.startswith(b"\x1f\x8b"):
        data = _unpacked(data)
    if not data:
        raise Refused("empty")
    if data.startswith(b"PK\x03\x04"):
        check_xlsx(data)
        return import_files.put(data, "xlsx")
    text = _text(data)
    extension = "json" if text.lstrip()[:1] in {"[", "{"} else "csv"
    return import_files.put(text.encode(), extension)


def rows(stored: str) -> Iterator[Row]:
    """The rows of a kept file, counted from 1 as its reader counts. Raises `Unreadable`."""
    path = import_files.path(stored)
    read = {".json": _json, ".csv": _csv, ".xlsx": _xlsx}[path.suffix]
    for at, row in enumerate(read(path)):
        if at >= MOST_ROWS:
            raise Unreadable("too-many-rows")
        yield row


def _unpacked(data: bytes) -> bytes:
    try:
        with gzip.open(BytesIO(data)) as file:
            found = file.read(MOST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused("damaged") from error
    if len(found) > MOST:
        raise Refused("archive-bomb")
    return found


def _text(data: bytes) -> str:
    """UTF-8, else Windows-1252, in which Excel saves CSV."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Refused("wrong-kind")


def _json(path: Path) -> Iterator[Row]:
    """Each object of an array. Only the one that is being read is in memory."""
    with path.open(encoding="utf-8") as file:
        pieces = _Pieces(file)
        if pieces.next_sign() != "[":
            raise Unreadable("no-array")
        pieces.drop(1)
        number = 0
        while (sign := pieces.next_sign()) != "]":
            if sign == ",":
                pieces.drop(1)
                continue
            number += 1
            row = pieces.value()
            if not isinstance(row, dict):
                raise Unreadable("no-array")
            yield number, row


class _Pieces:
    """A text that is decoded from its beginning while it is read."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._over = file, "", False
        self._decode = json.JSONDecoder().raw_decode

    def next_sign(self) -> str:
        """The next sign that is not blank. Raises `Unreadable` at the end."""
        while not (text := self._text.lstrip()):
            self._more()
        self._text = text
        return text[0]

    def drop(self, signs: int) -> None:
        """Go on behind so many."""
        self._text = self._text[signs:]

    def value(self) -> Any:
        """The value that begins here."""
        while True:
            try:
                found, end = self._decode(self._text)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or len(self._text) > _LONGEST:
                    raise Unreadable("damaged") from error
                self._more()
                continue
            self._text = self._text[end:]
            return found

    def _more(self) -> None:
        piece = self._file.read(_PIECE)
        if not piece:
            raise Unreadable("damaged")
        self._text += piece


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        head = file.read(_PIECE).split("\n", 1)[0]
        file.seek(0)
        delimiter = max(_DELIMITERS, key=head.count)
        lines = csv.reader(file, delimiter=delimiter)
        try:
            titles = next(lines, [])
            for number, cells in enumerate(lines, 2):
                if any(cells):
                    yield number, dict(zip(titles, cells, strict=False))
        except csv.Error as error:
            raise Unreadable("damaged") from error


def _xlsx(path: Path) -> Iterator[Row]:
    data = path.read_bytes()
    _Cells().check(data)
    try:
        with load_workbook(BytesIO(data)) as book:
            lines = book.get_sheet_by_index(0).iter_rows()
            titles = [str(cell).strip() for cell in next(lines, [])]
            for number, cells in enumerate(lines, 2):
                row = {title: _cell(cell) for title, cell in zip(titles, cells, strict=False)}
                if any(value != "" for value in row.values()):
                    yield number, row
    except (CalamineError, IndexError) as error:
        raise Unreadable("damaged") from error


def _cell(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (date, datetime)) else value


class _Cells:
    """No cell may stand far out, and all texts together must be of a size for people.

    The reader makes room for all that lies between cells, and copies a shared text for each cell
    that shows it.
    """

    def __init__(self) -> None:
        self._lengths: list[int] = []  # of the shared texts
        self._shown: Counter[int] = Counter()  # by how many cells each is shown
        self._inside, self._shared, self._number = "", False, ""

    def check(self, data: bytes) -> None:
        """Raises `Unreadable`."""
        with ZipFile(BytesIO(data)) as archive:
            for info in archive.infolist():
                if info.filename.lower().endswith((".xml", ".rels")):
                    self._read(archive.read(info))
        try:
            letters = sum(self._lengths[at] * times for at, times in self._shown.items())
        except IndexError:
            raise Unreadable("damaged") from None
        if letters > _LETTERS:
            raise Unreadable("too-many-rows")

    def _read(self, part: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=":")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._letters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(part, True)
        except (expat.ExpatError, ValueError) as error:
            raise Unreadable("damaged") from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "c":
                letters = attributes.get("r", "").rstrip("0123456789")
                row = attributes.get("r", "")[len(letters) :] or "0"
                # Three letters are beyond the columns that are let in.
                if len(letters) > 2 or len(row) > 7 or int(row) > MOST_ROWS + 1:
                    raise Unreadable("too-many-rows")
                self._shared = attributes.get("t") == "s"
            case "si":
                self._lengths.append(0)
                self._inside = "si"
            case "v" if self._shared:
                self._inside = "v"

    def _letters(self, text: str) -> None:
        if self._inside == "si":
            self._lengths[-1] += len(text)
        elif self._inside == "v":
            self._number += text[:20]

    def _end(self, name: str) -> None:
        match name.rpartition(":")[2]:
            case "si":
                self._inside = ""
            case "v":
                if self._number:
                    self._shown[int(self._number)] += 1
                self._inside, self._number = "", ""
            case "c":
                self._shared = False

    def _doctype(self, *_declared: object) -> None:
        raise Unreadable("damaged")
