"""A paper to sign on: A4 landscape, one line per person, cells wide enough for a pen.

Drawn straight on the canvas (a reportlab Table takes 1.6 times as long), one row at a time, so
that the list may be of any length. Signature cells alternate left and right, as on Indonesian
lists: each reaches down into its neighbour's empty half and is twice as high as its row.
"""

from dataclasses import dataclass
from pathlib import Path

from reportlab.lib.units import mm

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
    RULE,
    SLATE,
    TEAL,
    TINT,
    Block,
    Style,
    fit,
)

SPLIT = LEFT + (RIGHT - LEFT) * 0.62  # of the heading's two sides
HEADING_HEIGHT = 24 * mm  # at least; long titles push the table down
HEAD_HEIGHT = 7.5 * mm  # of the table

ROW_HEIGHT = 9.5 * mm
"""The least height of a row; a person signs in twice that."""
PAD = 2 * mm

# No, name, institution, position, phone, signature: 269 mm in all.
_WIDTHS = [13 * mm, 60 * mm, 65 * mm, 38 * mm, 29 * mm, 64 * mm]
EDGES = [LEFT + sum(_WIDTHS[:i]) for i in range(len(_WIDTHS) + 1)]
_ROOM = [each - 2 * PAD for each in _WIDTHS]
SIGN_LEFT, SIGN_RIGHT = EDGES[5], EDGES[6]
SIGN_MIDDLE = (SIGN_LEFT + SIGN_RIGHT) / 2

# The most lines at the smallest size keep any row well under a page.
_NAME = Style(BOLD, ((8.6, 3), (7.6, 4), (6.6, 10)))
_MAIN = Style(REGULAR, ((8.6, 3), (7.6, 5), (6.6, 12)))
_NOTE = Style(REGULAR, ((7, 1), (6.2, 6)))
_NUMBER = Style(REGULAR, ((8.6, 1), (6.6, 1)))
_HEAD = Style(BOLD, ((8, 1), (6.6, 1)))
_DAY = Style(BOLD, ((11, 1), (9, 2)))
_PLACE = Style(REGULAR, ((9, 2), (7.6, 3)))


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands at the head of each page of one list."""

    kind: str
    title: str
    organiser: str
    day: str
    venue: str
    part: str
    columns: tuple[str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the list: four cells, two of them with a small second line."""

    number: str
    name: str
    below_name: str
    institution: str
    below_institution: str
    position: str
    phone: str


class SigningPaper(NumberedPaper):
    """Lists on one file: `begin` each, `add` its people, `finish` once."""

    def __init__(self, path: Path, *, title: str, author: str, language: str) -> None:
        super().__init__(path, title=title, language=language)
        self._canvas.setAuthor(author)
        self._lists = 0
        self._placed = 0  # people on this list
        self._fresh = True  # no row on this page yet
        self._head_top = self._body_top = TOP

    def begin(self, heading: Heading) -> None:
        """Start a list on a new page."""
        if self._lists:
            self._close_page()
        self._lists += 1
        self._placed = 0
        self._canvas.beginForm(self._form)  # drawn once, shown on each page of the list
        self._head_top = min(TOP - HEADING_HEIGHT, self._draw_heading(heading) - 3 * mm)
        self._body_top = self._head_top - HEAD_HEIGHT
        self._draw_table_head(heading)
        self._canvas.endForm()
        self._open_page()

    def add(self, person: Person) -> None:
        """Write one line, on a new page if this one is full."""
        cells = _set(person)
        height = max(ROW_HEIGHT, *(_stack_height(cell) + PAD for cell in cells))
        if self._y - height < BODY_BOTTOM:
            self._close_page()
            self._open_page()
        if not self._fresh:
            self._rule_between()
        self._placed += 1
        self._write_row(cells, person.number, height)
        self._y -= height
        self._fresh = False

    def say(self, words: str) -> None:
        """A sentence in the body, for a list without people."""
        self._y -= ROW_HEIGHT
        block = fit(words, _MAIN, EDGES[5] - EDGES[1] - 2 * PAD)
        self._write(block, EDGES[1] + PAD, self._y + ROW_HEIGHT / 2 + block.height / 2, SLATE)

    # --- page ----------------------------------------------------------------------------

    @property
    def _form(self) -> str:
        return f"heading_{self._lists}"

    def _open_page(self) -> None:
        self._page += 1
        self._canvas.doForm(self._form)
        self._text = self._new_text()
        self._y = self._body_top
        self._rules = []
        self._fresh = True

    def _draw_rules(self) -> None:
        self._lines(FAINT, 0.4, [(x, self._body_top, x, self._y) for x in (*EDGES, SIGN_MIDDLE)])
        self._lines(RULE, 0.5, [*self._rules, (LEFT, self._y, RIGHT, self._y)])

    # --- heading ---------------------------------------------------------------------------

    def _draw_heading(self, heading: Heading) -> float:
        """What, by whom, and on the right when and where; returns where it ends."""
        self._canvas.setFillColor(TEAL)
        self._canvas.rect(LEFT, TOP - 0.9 * mm, RIGHT - LEFT, 0.9 * mm, stroke=0, fill=1)
        self._text = self._new_text()
        top = TOP - 3.6 * mm
        kind = fit(heading.kind.upper(), KIND, SPLIT - LEFT)
        self._text.setCharSpace(0.8)
        self._write(kind, LEFT, top, TEAL)
        self._text.setCharSpace(0)
        left = top - kind.height - 1.2 * mm
        for words, style, colour in (
            (heading.title, TITLE, INK),
            (heading.organiser, _PLACE, SLATE),
        ):
            block = fit(words, style, SPLIT - LEFT - 8 * mm)
            self._write(block, LEFT, left, colour)
            left -= block.height + 0.9 * mm
        right = top
        for words, style, colour in (
            (heading.day, _DAY, INK),
            (heading.venue, _PLACE, INK),
            (heading.part, _PLACE, SLATE),
        ):
            block = fit(words, style, RIGHT - SPLIT)
            self._write(block, RIGHT, right, colour, to_the_left=True)
            right -= block.height + 0.9 * mm
        self._canvas.drawText(self._text)
        return min(left, right)

    def _draw_table_head(self, heading: Heading) -> None:
        top, bottom = self._head_top, self._body_top
        self._canvas.setFillColor(TINT)
        self._canvas.rect(LEFT, bottom, RIGHT - LEFT, top - bottom, stroke=0, fill=1)
        self._lines(TEAL, 1, [(LEFT, bottom, RIGHT, bottom)])
        self._lines(TEAL, 0.5, [(LEFT, top, RIGHT, top)])
        self._text = self._new_text()
        for i, words in enumerate(heading.columns):
            block = fit(words, _HEAD, EDGES[i + 1] - EDGES[i] - PAD)
            x = EDGES[1] - PAD if i == 0 else EDGES[i] + PAD
            y = (top + bottom + block.height) / 2
            self._write(block, x, y, TEAL, to_the_left=i == 0)
        self._canvas.drawText(self._text)

    # --- rows ------------------------------------------------------------------------------

    def _write_row(self, cells: list[list[Block]], number: str, height: float) -> None:
        middle = self._y - height / 2
        for i, cell in enumerate(cells):
            y = middle + _stack_height(cell) / 2
            for place, block in enumerate(cell):
                x = EDGES[1] - PAD if i == 0 else EDGES[i] + PAD
                colour = SLATE if place or i == 0 else INK
                self._write(block, x, y, colour, to_the_left=i == 0)
                y -= block.height
        label = fit(f"{number}.", _NOTE, 12 * mm)
        x = (SIGN_LEFT if self._placed % 2 else SIGN_MIDDLE) + PAD
        self._write(label, x, middle + label.height / 2, SLATE)

    def _rule_between(self) -> None:
        """The line over the next row: full width but for the half that is still being signed."""
        left_half_opens = self._placed % 2 == 0
        start, end = (SIGN_LEFT, SIGN_MIDDLE) if left_half_opens else (SIGN_MIDDLE, SIGN_RIGHT)
        y = self._y
        self._rules += [(LEFT, y, SIGN_LEFT, y), (start, y, end, y)]


def _set(person: Person) -> list[list[Block]]:
    """The cells of a row left of the signature, each a stack of blocks."""
    number, name, institution, position, phone, _ = _ROOM
    return [
        [fit(person.number, _NUMBER, number)],
        _stack(fit(person.name, _NAME, name), fit(person.below_name, _NOTE, name)),
        _stack(
            fit(person.institution, _MAIN, institution),
            fit(person.below_institution, _NOTE, institution),
        ),
        [fit(person.position, _MAIN, position)],
        [fit(person.phone, _MAIN, phone)],
    ]


def _stack(*blocks: Block) -> list[Block]:
    return [block for block in blocks if block.lines]


def _stack_height(cell: list[Block]) -> float:
    return sum(block.height for block in cell)
