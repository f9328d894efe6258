"""How far out the cells of a workbook stand and how much they show, before a reader makes room.

python-calamine makes room for the whole rectangle around all cells and for as many shared strings
as are announced, and copies a shared string for each cell that shows it: a file of 2 kB can ask for
100 GB, which no exception tells.
"""

import re
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

_PLACE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_ROW = re.compile(r"[0-9]{1,7}")
_LONGEST = 32_767  # letters in one cell, Excel's own limit


class BadCells(Exception):
    """A workbook that is not to be read. `code` is `damaged` or `too-many-rows`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Most:
    """What a workbook may have: `area` is the rectangle around all cells of a sheet."""

    row: int
    column: int
    area: int
    cells: int  # that are written in the file
    letters: int  # of all cells with shared strings


def check_cells(data: bytes, most: Most) -> None:
    """Let a workbook through that `check_xlsx` let through; raises `BadCells`.

    A sheet may be a part of any name, the shared strings have theirs.
    """
    found = _Parts(most)
    try:
        with ZipFile(BytesIO(data)) as archive:
            for info in archive.infolist():
                part = archive.read(info)
                if info.filename.lower().endswith("sharedstrings.xml") or b"sheetData" in part:
                    found.read(part)
    except (BadZipFile, zlib.error, EOFError) as error:  # a header that lies of a part's size
        raise BadCells("damaged") from error
    if found.letters() > most.letters:
        raise BadCells("too-many-rows")


class _Parts:
    """The sheets and shared strings of a workbook, as far as `check_cells` must know them."""

    def __init__(self, most: Most) -> None:
        self._most = most
        self._lengths: list[int] = []  # of the shared strings
        self._shown: Counter[int] = Counter()  # by how many cells each is shown
        self._bytes = 0  # of this part
        self._in_string = self._in_cell = False
        self._shared = False  # whether the cell shows a shared string
        self._number = ""  # which

    def read(self, part: bytes) -> None:
        """Raises `BadCells`."""
        if self._lengths and b"sheetData" not in part:  # two lists: which would be read?
            raise BadCells("damaged")
        self._bytes, self._cells = len(part), 0
        # Where a cell stands that does not say so, and the furthest of all; rows from 1.
        self._row, self._column, self._last_row, self._last_column = 1, 0, 0, 0
        # Handlers of text come and go: most of it is numbers, which nobody needs to hear of.
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(part, True)
        except (expat.ExpatError, ValueError) as error:
            raise BadCells("damaged") from error

    def letters(self) -> int:
        """Of all cells with shared strings together. Raises `BadCells`."""
        if any(not 0 <= number < len(self._lengths) for number in self._shown):
            raise BadCells("damaged")
        return sum(self._lengths[number] * times for number, times in self._shown.items())

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "c" | "si" if self._in_cell or self._in_string:  # readers differ on what it means
                raise BadCells("damaged")
            case "c":
                self._stand(attributes.get("r"))
                self._in_cell, self._shared = True, attributes.get("t") == "s"
            case "v" if self._shared:
                self._parser.CharacterDataHandler = self._digits
            case "row" if "r" in attributes:
                if not _ROW.fullmatch(attributes["r"]):
                    raise BadCells("damaged")
                self._row = int(attributes["r"])
            case "si":
                self._in_string = True
                self._lengths.append(0)
                self._parser.CharacterDataHandler = self._string
            case "sst" if int(attributes.get("uniqueCount", 0)) > self._bytes:
                raise BadCells("damaged")

    def _stand(self, said: str | None) -> None:
        """A cell that says where it is moves those behind it along, but not into its row."""
        row = self._row
        if said is not None:
            place = _PLACE.fullmatch(said)
            if place is None:
                raise BadCells("damaged")
            row, self._column = int(place[2]), _column(place[1]) - 1
        self._column += 1
        self._cells += 1
        if row > self._last_row or self._column > self._last_column:
            self._last_row = max(self._last_row, row)
            self._last_column = max(self._last_column, self._column)
            self._within()
        if self._cells > self._most.cells:
            raise BadCells("too-many-rows")

    def _within(self) -> None:
        row, column, most = self._last_row, self._last_column, self._most
        if row > most.row or column > most.column or row * column > most.area:
            raise BadCells("too-many-rows")

    def _string(self, text: str) -> None:
        self._lengths[-1] += len(text)
        if self._lengths[-1] > _LONGEST:
            raise BadCells("damaged")

    def _digits(self, text: str) -> None:
        self._number += text
        if len(self._number) > 20:
            raise BadCells("damaged")

    def _end(self, name: str) -> None:
        match name.rpartition(":")[2]:
            case "c":
                if self._number:
                    self._shown[int(self._number)] += 1
                    self._number = ""
                self._in_cell = self._shared = False
            case "v" if self._shared:
                self._parser.CharacterDataHandler = None
            case "row":
                self._row, self._column = self._row + 1, 0
            case "si":
                self._in_string = False
                self._parser.CharacterDataHandler = None

    def _doctype(self, *_declared: object) -> None:
        raise BadCells("damaged")


@cache
def _column(letters: str) -> int:
    number = 0
    for sign in letters.upper():
        number = number * 26 + ord(sign) - 64
    return number
