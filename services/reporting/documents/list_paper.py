"""A list on paper: A4 landscape, drawn straight on the canvas row by row, of any length."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from babel.numbers import format_decimal
from reportlab.lib.units import mm

from services.reporting.documents.common import Language
from services.reporting.documents.numbered_paper import (
    BODY_BOTTOM,
    KIND,
    LEFT,
    RIGHT,
    TITLE,
    TOP,
    NumberedPaper,
)
from shared.documents.type_setting import (
    BOLD,
    FAINT,
    INK,
    REGULAR,
    SLATE,
    TEAL,
    TINT,
    Block,
    Style,
    fit,
)

HEAD_HEIGHT = 10 * mm  # of the table
PAD = 1.4 * mm
SIGN_HEIGHT = 34 * mm

# The most lines at the smallest size keep any row well under a page.
_CELL = Style(REGULAR, ((7.8, 2), (6.8, 4), (6, 12)))
_NUMBER = Style(REGULAR, ((7.8, 1), (6.2, 1)))
_HEAD = Style(BOLD, ((7.4, 2), (6, 3)))
_FACT = Style(REGULAR, ((8.4, 1), (7.2, 2)))

_HEADING = "heading"
_ACROSS = 2  # facts beside each other


@dataclass(frozen=True, slots=True)
class Place:
    """A column: its head, its share of the width, and whether figures stand in it."""

    label: str
    share: float
    number: bool


class ListPaper(NumberedPaper):
    """`add` each row, `finish` once."""

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
        super().__init__(path, title=f"{kind} – {title}", language=language)
        self._language = language
        self._places = places
        whole = sum(place.share for place in places)
        widths = [(RIGHT - LEFT) * place.share / whole for place in places]
        self._edges = [LEFT + sum(widths[:n]) for n in range(len(widths) + 1)]
        self._rooms = [each - 2 * PAD for each in widths]
        self._body_top = self._draw_heading(kind, title, facts)
        self._open_page()

    def add(self, row: Sequence[str | float | None]) -> None:
        """Write one row, on a new page if this one is full."""
        cells = [self._set(n, cell) for n, cell in enumerate(row)]
        height = max(block.height for block in cells) + 2 * PAD
        if self._y - height < BODY_BOTTOM:
            self._close_page()
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
            self._close_page()
            self._open_page(with_head=False)
        room = (RIGHT - LEFT) / len(signers)
        for n, words in enumerate(signers):
            x, y = LEFT + n * room, self._y - 26 * mm
            self._rules.append((x, y, x + 70 * mm, y))
            self._write(fit(words, _CELL, 70 * mm), x, y - 1 * mm, SLATE)
        self._y -= SIGN_HEIGHT

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
        self._rules = []
        self._y = TOP
        if with_head:
            self._canvas.doForm(_HEADING)
            self._y = self._body_top

    def _draw_rules(self) -> None:
        self._lines(FAINT, 0.4, self._rules)

    def _draw_heading(self, kind: str, title: str, facts: Sequence[tuple[str, str]]) -> float:
        """What stands on each page, drawn once; returns where the rows begin."""
        self._canvas.beginForm(_HEADING)
        self._canvas.setFillColor(TEAL)
        self._canvas.rect(LEFT, TOP - 0.9 * mm, RIGHT - LEFT, 0.9 * mm, stroke=0, fill=1)
        self._text = self._new_text()
        y = TOP - 3.6 * mm
        for words, style, colour in ((kind.upper(), KIND, TEAL), (title, TITLE, INK)):
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
        heads = [
            fit(place.label, _HEAD, room)
            for place, room in zip(self._places, self._rooms, strict=True)
        ]
        one_size = Style(BOLD, ((min(block.size for block in heads), 3),))
        for n, place in enumerate(self._places):
            block = fit(place.label, one_size, self._rooms[n])
            x = self._edges[n + 1] - PAD if place.number else self._edges[n] + PAD
            y = (top + bottom + block.height) / 2
            self._write(block, x, y, TEAL, to_the_left=place.number)


def _figure(value: float, language: Language) -> str:
    return str(format_decimal(value, "#,##0.##", locale=language))
