"""A list on paper: A4 landscape, drawn straight on the canvas row by row, of any length."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.numbers import format_decimal
from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.textobject import PDFTextObject

from services.reporting.documents.common import Language
from shared.documents.type_setting import (
    BOLD,
    CONDENSED,
    FAINT,
    INK,
    REGULAR,
    SLATE,
    TEAL,
    TINT,
    Block,
    Style,
    fit,
    register_fonts,
    width,
)

PAGE_WIDTH, PAGE_HEIGHT = landscape(A4)
LEFT, RIGHT = 14 * mm, PAGE_WIDTH - 14 * mm
TOP = PAGE_HEIGHT - 10 * mm
BODY_BOTTOM = 17 * mm
FOOT_BASELINE = 10 * mm
HEAD_HEIGHT = 10 * mm  # of the table
PAD = 1.4 * mm
SIGN_HEIGHT = 34 * mm

# The most lines at the smallest size keep any row well under a page.
_CELL = Style(REGULAR, ((7.8, 2), (6.8, 4), (6, 12)))
_NUMBER = Style(REGULAR, ((7.8, 1), (6.2, 1)))
_HEAD = Style(BOLD, ((7.4, 2), (6, 3)))
_KIND = Style(BOLD, ((7.6, 1),))
_TITLE = Style(BOLD, ((15, 1), (12.5, 2), (10, 3)))
_FACT = Style(REGULAR, ((8.4, 1), (7.2, 2)))
_FOOT = Style(REGULAR, ((7.2, 1), (6, 1)))
_CLOSING = Style(BOLD, ((7.2, 1), (6, 2)))

_TOTAL, _HEADING = "total_of_pages", "heading"
_ACROSS = 2  # facts beside each other


@dataclass(frozen=True, slots=True)
class Place:
    """A column: its head, its share of the width, and whether figures stand in it."""

    label: str
    share: float
    number: bool


class ListPaper:
    """`add` each row, `finish` once. Nothing is on disk before."""

    def __init__(  # noqa: PLR0913 - all that stands above the rows
        self,
        path: Path,
        *,
        kind: str,
        title: str,
        facts: Sequence[tuple[str, str]],
        places: Sequence[Place],
        language: Language,
    ) -> None:
        register_fonts()
        self._canvas = Canvas(
            str(path),
            pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
            pageCompression=1,
            initialFontName=REGULAR,  # type: ignore[arg-type] # or Helvetica would be named
        )
        self._canvas.setTitle(f"{kind} – {title}")
        self._canvas.setCreator("Sejawat")
        self._canvas.setCatalogEntry("Lang", language)  # for screen readers
        self._language = language
        self._page_words = ("Halaman", "dari") if language == "id" else ("Page", "of")
        self._places = places
        whole = sum(place.share for place in places)
        widths = [(RIGHT - LEFT) * place.share / whole for place in places]
        self._edges = [LEFT + sum(widths[:n]) for n in range(len(widths) + 1)]
        self._rooms = [each - 2 * PAD for each in widths]
        self._page = 0
        self._text = self._new_text()
        self._body_top = self._draw_heading(kind, title, facts)
        self._open_page()

    def add(self, row: Sequence[str | float | None]) -> None:
        """Write one row, on a new page if this one is full."""
        cells = [self._set(n, cell) for n, cell in enumerate(row)]
        height = max(block.height for block in cells) + 2 * PAD
        if self._y - height < BODY_BOTTOM:
            self._close_page(())
            self._open_page()
        for n, block in enumerate(cells):
            right = self._places[n].number
            x = self._edges[n + 1] - PAD if right else self._edges[n] + PAD
            self._write(block, x, self._y - PAD, INK, to_the_left=right)
        self._y -= height
        self._rules.append((LEFT, self._y, RIGHT, self._y))

    def say(self, words: str) -> None:
        """A sentence in the body, for a list without rows."""
        self._write(fit(words, _CELL, RIGHT - LEFT), LEFT + PAD, self._y - 3 * mm, SLATE)
        self._y -= 10 * mm

    def sign(self, signers: Sequence[str]) -> None:
        """Room for signatures, above who they are."""
        if self._y - SIGN_HEIGHT < BODY_BOTTOM:
            self._close_page(())
            self._open_page(with_head=False)
        room = (RIGHT - LEFT) / len(signers)
        for n, words in enumerate(signers):
            x, y = LEFT + n * room, self._y - 26 * mm
            self._rules.append((x, y, x + 70 * mm, y))
            self._write(fit(words, _CELL, 70 * mm), x, y - 1 * mm, SLATE)
        self._y -= SIGN_HEIGHT

    def finish(self, closing: tuple[str, ...]) -> None:
        """Close the last page with `closing` on it and write the file."""
        self._close_page(closing)
        self._canvas.beginForm(_TOTAL)
        self._text = self._new_text()
        self._write(fit(str(self._page), _FOOT, 99), 0, FOOT_BASELINE, SLATE, on_baseline=True)
        self._canvas.drawText(self._text)
        self._canvas.endForm()
        self._canvas.save()

    def _set(self, n: int, cell: str | float | None) -> Block:
        if cell is None:
            return fit("–", _NUMBER, self._rooms[n])
        if isinstance(cell, str):
            return fit(cell, _NUMBER if self._places[n].number else _CELL, self._rooms[n])
        return fit(_figure(cell, self._language), _NUMBER, self._rooms[n])

    # --- page ----------------------------------------------------------------------------

    def _open_page(self, *, with_head: bool = True) -> None:
        self._page += 1
        self._text = self._new_text()
        self._rules: list[tuple[float, float, float, float]] = []
        self._y = TOP
        if with_head:
            self._canvas.doForm(_HEADING)
            self._y = self._body_top

    def _close_page(self, closing: tuple[str, ...]) -> None:
        self._canvas.setStrokeColor(FAINT)
        self._canvas.setLineWidth(0.4)
        self._canvas.lines(self._rules)
        if closing:
            block = fit(" · ".join(closing), _CLOSING, RIGHT - LEFT - 40 * mm)
            self._write(block, RIGHT, FOOT_BASELINE, TEAL, to_the_left=True, on_baseline=True)
        page, of = self._page_words
        block = fit(f"{page} {self._page} {of}", _FOOT, 99)
        self._write(block, LEFT, FOOT_BASELINE, SLATE, on_baseline=True)
        self._canvas.drawText(self._text)
        # The total is a form that `finish` fills in, so that no page is kept until then.
        self._canvas.saveState()
        self._canvas.translate(LEFT + width(f"{block.lines[0]} ", block.font, block.size), 0)
        self._canvas.doForm(_TOTAL)
        self._canvas.restoreState()
        self._canvas.showPage()

    def _draw_heading(self, kind: str, title: str, facts: Sequence[tuple[str, str]]) -> float:
        """What stands on each page, drawn once; returns where the rows begin."""
        self._canvas.beginForm(_HEADING)
        self._canvas.setFillColor(TEAL)
        self._canvas.rect(LEFT, TOP - 0.9 * mm, RIGHT - LEFT, 0.9 * mm, stroke=0, fill=1)
        self._text = self._new_text()
        y = TOP - 3.6 * mm
        for words, style, colour in ((kind.upper(), _KIND, TEAL), (title, _TITLE, INK)):
            block = fit(words, style, RIGHT - LEFT)
            self._write(block, LEFT, y, colour)
            y -= block.height + 1 * mm
        room = (RIGHT - LEFT) / _ACROSS
        for start in range(0, len(facts), _ACROSS):
            line = [
                fit(f"{label}: {value}", _FACT, room - 4 * mm)
                for label, value in facts[start : start + _ACROSS]
            ]
            for n, block in enumerate(line):
                self._write(block, LEFT + n * room, y, SLATE)
            y -= max(block.height for block in line) + 0.6 * mm
        top, bottom = y - 2 * mm, y - 2 * mm - HEAD_HEIGHT
        self._draw_table_head(top, bottom)
        self._canvas.drawText(self._text)
        self._canvas.endForm()
        return bottom

    def _draw_table_head(self, top: float, bottom: float) -> None:
        self._canvas.setFillColor(TINT)
        self._canvas.rect(LEFT, bottom, RIGHT - LEFT, top - bottom, stroke=0, fill=1)
        self._canvas.setStrokeColor(TEAL)
        self._canvas.line(LEFT, bottom, RIGHT, bottom)
        for n, place in enumerate(self._places):
            block = fit(place.label, _HEAD, self._rooms[n])
            x = self._edges[n + 1] - PAD if place.number else self._edges[n] + PAD
            y = (top + bottom + block.height) / 2
            self._write(block, x, y, TEAL, to_the_left=place.number)

    # --- pen -------------------------------------------------------------------------------

    def _new_text(self) -> PDFTextObject:
        self._pen: tuple[str, float, Color] | None = None
        text = self._canvas.beginText()
        text.setHorizScale(CONDENSED)
        return text

    def _write(  # noqa: PLR0913 - a place, a colour and an alignment
        self,
        block: Block,
        x: float,
        y: float,
        colour: Color,
        *,
        to_the_left: bool = False,
        on_baseline: bool = False,
    ) -> None:
        """Lines from `y` down: its top, or the first baseline; `x` is their right edge at will."""
        baseline = y if on_baseline else y - block.size * 0.93
        if self._pen != (block.font, block.size, colour):
            self._pen = (block.font, block.size, colour)
            self._text.setFont(block.font, block.size)
            self._text.setFillColor(colour)
        for line in block.lines:
            start = x - width(line, block.font, block.size) if to_the_left else x
            self._text.setTextOrigin(start, baseline)
            self._text.textOut(line)
            baseline -= block.leading


def _figure(value: float, language: Language) -> str:
    return str(format_decimal(value, "#,##0.##", locale=language))
