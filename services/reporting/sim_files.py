"""Files that SIM TPBIS gives out, as rows: JSON, CSV and XLSX alike, a piece at a time.

`keep` judges a file by what is in it; `rows` reads one that was kept.
"""

import codecs
import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, TextIO

from python_calamine import CalamineError, load_workbook

from services.reporting.resources import import_files
from shared.uploads import Refused
from shared.uploads.cells import BadCells, Most, check_cells
from shared.uploads.xlsx import check_xlsx

MOST = 128 * 1024 * 1024  # bytes, unpacked
MOST_ROWS = 200_000
MOST_COLUMNS = 200
_PIECE = 64 * 1024
_LONGEST = 128 * 1024  # characters of one row
_SHEET = Most(
    MOST_ROWS + 1,
    MOST_COLUMNS,
    area=10_000_000,  # 50 columns of as many rows; 320 MB
    cells=4_000_000,  # each takes 16 bytes of the 64 MiB that are let in
    letters=64_000_000,
)
_DELIMITERS = ";,\t"
_SIGN = re.compile(r"\S")
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
    data = _text(data)
    begins = re.search(rb"\S", data)
    extension = "json" if begins and begins[0] in {b"[", b"{"} else "csv"
    return import_files.put(data, extension)


def rows(stored: str, *, known: bool = False) -> Iterator[Row]:
    """The rows of a kept file, counted from 1 as its reader counts. Raises `Unreadable`.

    A file that is `known`, as it was read before, spares the time to look what it would take.
    """
    path = import_files.path(stored)
    if path.suffix == ".xlsx" and not known:
        _check(path)
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


def _text(data: bytes) -> bytes:
    """In UTF-8 what is so, else in Windows-1252, in which Excel saves CSV.

    Piece by piece: as one text it would be four times as large for the sake of one rare sign.
    """
    if b"\x00" in data:
        raise Refused("wrong-kind")
    starts = range(0, len(data), _PIECE)
    try:
        for _piece in codecs.iterdecode((data[at : at + _PIECE] for at in starts), "utf-8"):
            pass
        return data.removeprefix(codecs.BOM_UTF8)
    except UnicodeDecodeError:
        pass
    try:
        return b"".join(data[at : at + _PIECE].decode("cp1252").encode() for at in starts)
    except UnicodeDecodeError:
        raise Refused("wrong-kind") from None


def _json(path: Path) -> Iterator[Row]:
    """Each object of an array. Only the one that is being read is in memory."""
    with path.open(encoding="utf-8") as file:
        pieces = _Pieces(file)
        if pieces.next_sign() != "[":
            raise Unreadable("no-array")
        pieces.drop()
        number = 0
        between = pieces.next_sign()  # two rows stands one comma, and none behind the last
        while between != "]":
            number += 1
            row = pieces.value()
            if not isinstance(row, dict):
                raise Unreadable("no-array")
            if _wide(row):
                raise Unreadable("too-many-rows")
            yield number, row
            between = pieces.next_sign()
            if between == ",":
                pieces.drop()
                pieces.next_sign()
            elif between != "]":
                raise Unreadable("damaged")


def _wide(row: Any) -> bool:
    """Whether there is more in a row, however deep, than columns in a table: memory's ruin."""
    left, members = [row], 0
    while left and members <= MOST_COLUMNS:
        one = left.pop()
        members += len(one)
        inside = one.values() if isinstance(one, dict) else one
        left.extend([each for each in inside if isinstance(each, (dict, list))])
    return members > MOST_COLUMNS


class _Pieces:
    """A text that is decoded from its beginning while it is read."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._at = file, "", 0
        self._decode = json.JSONDecoder().raw_decode

    def next_sign(self) -> str:
        """The next sign that is not blank. Raises `Unreadable` at the end."""
        while not (sign := _SIGN.search(self._text, self._at)):
            self._at = len(self._text)
            self._more()
        self._at = sign.start()
        return sign[0]

    def drop(self) -> None:
        """Go on behind this sign."""
        self._at += 1

    def value(self) -> Any:
        """The value that begins here."""
        while True:
            try:
                found, self._at = self._decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or len(self._text) - self._at > _LONGEST:
                    raise Unreadable("damaged") from error
                self._more()
                continue
            return found

    def _more(self) -> None:
        """Forget what was decoded, and read on: as much again, so that nothing is read often."""
        kept = self._text[self._at :]
        piece = self._file.read(max(_PIECE, len(kept)))
        if not piece:
            raise Unreadable("damaged")
        self._text, self._at = kept + piece, 0


def _csv(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        head = file.read(_PIECE).split("\n", 1)[0]
        file.seek(0)
        delimiter = max(_DELIMITERS, key=head.count)
        lines = _Lines(file)
        titles: list[str] = []
        try:
            for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), 1):
                lines.begin_row()
                # Empty rows count too: a file of nothing else would take as long.
                if number > MOST_ROWS + 1 or len(cells) > MOST_COLUMNS:
                    raise Unreadable("too-many-rows")
                if number == 1:
                    titles = cells
                elif any(cells):
                    yield number, dict(zip(titles, cells, strict=False))
        except csv.Error as error:
            raise Unreadable("damaged") from error


class _Lines:
    """Lines of a text, as long as those of one row are together of a size for people."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._of_row = file, 0

    def begin_row(self) -> None:
        """What follows belongs to the next one."""
        self._of_row = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(_LONGEST + 1)
        if not line:
            raise StopIteration
        self._of_row += len(line)
        if self._of_row > _LONGEST:
            raise Unreadable("too-many-rows")
        return line


def _check(path: Path) -> None:
    try:
        check_cells(path.read_bytes(), _SHEET)
    except BadCells as refusal:
        raise Unreadable(refusal.code) from refusal


def _xlsx(path: Path) -> Iterator[Row]:
    try:
        with load_workbook(path) as book:
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
