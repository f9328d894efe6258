"""A list of rows as paper, sheet and plain text: the same columns and the same end in each.

`rows` are read once, `progress` hears about every 200 of them and may raise. Each writer returns
the number of rows, and raises `RowCountMismatch` if that is not what the footer promises.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import FastExcel, Format

from services.reporting.documents.common import Footer, Language, closing, counted, csv_text
from services.reporting.documents.list_paper import ListPaper, Place
from services.reporting.documents.sheets import head_format, page_setup
from shared.documents.common import Progress, clean

SHEET_ROWS = 1_048_576
"""What one Excel sheet holds, its head included."""

BLOCK = 100
"""Rows that are looked at together."""

Cell = str | int | float | None
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """`share` is its part of a paper's width; 0 leaves it out there. Numbers stand to the right."""

    label: str
    share: float = 1
    number: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """What the list is. `facts` stand above it on paper, and on a sheet of their own."""

    kind: str
    title: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    zone: str  # WIB, WITA or WIT
    nothing: str  # what stands in place of rows, if there are none
    signers: tuple[str, ...] = ()  # who sign below it, on paper


@dataclass(frozen=True, slots=True)
class _Words:
    notes: str
    heads: tuple[str, str]
    page: str


_WORDS: dict[Language, _Words] = {
    "id": _Words("Keterangan", ("Keterangan", "Isi"), "Halaman &P dari &N"),
    "en": _Words("Notes", ("Note", "Content"), "Page &P of &N"),
}


def write_pdf(  # noqa: PLR0913, PLR0917 - the one shape of all writers
    path: Path,
    listing: Listing,
    rows: Iterable[Row],
    footer: Footer,
    progress: Progress,
    language: Language,
) -> int:
    """Write the list as A4 landscape, its head on every page."""
    kept = [n for n, column in enumerate(listing.columns) if column.share]
    columns = [listing.columns[n] for n in kept]
    paper = ListPaper(
        path,
        kind=listing.kind,
        title=listing.title,
        facts=listing.facts,
        places=[Place(column.label, column.share, column.number) for column in columns],
        language=language,
    )
    for row in counted(rows, footer.row_count, progress):
        paper.add([row[n] for n in kept])
    if footer.row_count == 0:
        paper.say(listing.nothing)
    if listing.signers:
        paper.sign(listing.signers)
    ends = closing(footer, listing.zone, language)
    paper.finish(tuple(f"{label}: {value}" for label, value in ends), footer.watermark)
    return footer.row_count


def write_xlsx(  # noqa: PLR0913, PLR0917 - the one shape of all writers
    path: Path,
    listing: Listing,
    rows: Iterable[Row],
    footer: Footer,
    progress: Progress,
    language: Language,
    per_sheet: int = SHEET_ROWS - 1,
) -> int:
    """Write sheets of as many rows as fit, then one with the facts and the end.

    Every text is a string cell, which Excel never computes.
    """
    words = _WORDS[language]
    heads = tuple(column.label for column in listing.columns)
    book = FastExcel(str(path), output_format="xlsx").format(bold_headers=True).freeze(row=1, col=1)
    read = iter(rows)
    done = 0
    # A sheet that is full is closed by its count, not by looking at the next row.
    for sheet, begins in enumerate(range(0, max(footer.row_count, 1), per_sheet), 1):
        size = min(per_sheet, footer.row_count - begins)
        last = begins + per_sheet >= footer.row_count
        part = counted(_some(read, None if last else size), size, _from(progress, done))
        name = listing.kind[:25] if sheet == 1 else f"{listing.kind[:25]} {sheet}"
        book.sheet(name, _records(part, heads), **_look(listing, words))
        done += size
    book.sheet(words.notes, _notes(listing, footer, language), **_notes_look(words))
    book.save()
    return footer.row_count


def write_csv(  # noqa: PLR0913, PLR0917 - the one shape of all writers
    path: Path,
    listing: Listing,
    rows: Iterable[Row],
    footer: Footer,
    progress: Progress,
    language: Language,
) -> int:
    """Write the rows for other programs: UTF-8 with BOM, commas, CR LF, and a last row "#"."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow([column.label for column in listing.columns])
        for row in counted(rows, footer.row_count, progress):
            out.writerow([csv_text(cell) if isinstance(cell, str) else cell for cell in row])
        out.writerow(last_row(listing, footer, language))
    return footer.row_count


WRITERS = {"pdf": write_pdf, "xlsx": write_xlsx, "csv": write_csv}


def last_row(listing: Listing, footer: Footer, language: Language) -> list[str]:
    """What closes a CSV: as wide as every other row, as some readers refuse one that is not."""
    complete, *ends = (
        f"{label}: {value}" for label, value in closing(footer, listing.zone, language)
    )
    about = [*ends, listing.title, *(value for _label, value in listing.facts)]
    cells = [f"# {complete}", *map(csv_text, about)]
    room = len(listing.columns)
    if len(cells) > room:
        return [*cells[: room - 1], "; ".join(cells[room - 1 :])]
    return cells + [""] * (room - len(cells))


def _some(read: Iterator[Row], count: int | None) -> Iterator[Row]:
    """The next so many, or all that are left: a row too many is met, and not left unread."""
    if count is None:
        yield from read
        return
    for _ in range(count):
        row = next(read, None)
        if row is None:
            return
        yield row


def _from(progress: Progress, before: int) -> Progress:
    return lambda done: progress(before + done)


def _records(rows: Iterable[Row], heads: tuple[str, ...]) -> Iterator[dict[str, Cell]]:
    read = iter(rows)
    block = list(islice(read, BLOCK))
    if not block:
        yield dict.fromkeys(heads)  # the library takes the heads from the first record
    while block:
        # Nearly every row is printable as it is, and asking is many times as fast as cleaning.
        plain = _printable(*block)
        for row in block:
            written = row if plain or _printable(row) else map(_written, row)
            yield dict(zip(heads, written, strict=True))
        block = list(islice(read, BLOCK))


def _printable(*rows: Row) -> bool:
    return "".join([cell for row in rows for cell in row if isinstance(cell, str)]).isprintable()


def _written(cell: Cell) -> Cell:
    return clean(cell) if isinstance(cell, str) else cell


def _look(listing: Listing, words: _Words) -> dict[str, Any]:
    return {
        "column_widths": [
            10.0 if column.number else max(12.0, 14.0 * (column.share or 1))
            for column in listing.columns
        ],
        "header_format": head_format(),
        "autofilter": True,
        "page_setup": page_setup(f"{listing.kind} – {listing.title}", words.page),
    }


def _notes(listing: Listing, footer: Footer, language: Language) -> list[dict[str, str]]:
    label_head, value_head = _WORDS[language].heads
    about = ((listing.kind, listing.title), *listing.facts)
    return [
        {label_head: label, value_head: clean(value)}
        for label, value in (*about, *closing(footer, listing.zone, language))
    ]


def _notes_look(words: _Words) -> dict[str, Any]:
    return {
        "column_widths": dict(zip(words.heads, (22.0, 80.0), strict=True)),
        "column_formats": [Format().set_bold(), Format().set_text_wrap()],
        "header_format": head_format(),
    }
