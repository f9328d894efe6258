"""A letter's paper: A4 portrait, text that flows down and on to further pages."""

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from services.registration.documents.pen import height_of, write
from shared.documents.type_setting import INK, REGULAR, SERIF, SLATE, Block, Style, fit

LEFT, RIGHT = 25 * mm, A4[0] - 22 * mm
TOP, BOTTOM = A4[1] - 18 * mm, 22 * mm
ROOM = RIGHT - LEFT

TEXT = Style(SERIF, ((11.5, 9999),))
FIELD = Style(SERIF, ((11.5, 4), (9.5, 8)))
NOTE = Style(REGULAR, ((8, 4), (7, 6)))


class Letter:
    """A pen that goes down the page and on to the next."""

    def __init__(self, canvas: Canvas, page_word: str) -> None:
        self.canvas = canvas
        self.y = TOP
        self._page = 1
        self._page_word = page_word

    def need(self, height: float) -> None:
        """Go to the next page if this one has less than `height` points left."""
        if self.y - height < BOTTOM:
            self.next_page()

    def next_page(self) -> None:
        """Close this page; the next ones say which they are."""
        self.canvas.showPage()
        self._page += 1
        number = fit(self._page_word.format(self._page), NOTE, ROOM)
        write(self.canvas, number, RIGHT, BOTTOM - 8 * mm, SLATE, align="right")
        self.y = TOP

    def say(self, text: str, style: Style = TEXT, indent: float = 0, colour: Color = INK) -> None:
        """Write a text of any length, line by line."""
        block = fit(text, style, ROOM - indent)
        for line in block.lines:
            self.need(block.leading)
            one = Block((line,), block.font, block.size)
            self.y = write(self.canvas, one, LEFT + indent, self.y, colour)

    def row(self, label: Block, value: list[Block], x: float, room: float, colon: str = "") -> None:
        """A label and, `room` points on, what it says; on one page, but for the very longest."""
        self.need(max(label.height, min(height_of(value), 60 * mm)))
        write(self.canvas, label, x, self.y)
        if colon:
            write(self.canvas, fit(colon, TEXT, ROOM), x + room - 3 * mm, self.y)
        low = self.y - label.height
        for at, block in enumerate(value):
            if self.y - block.height < BOTTOM:
                self.next_page()
                low = self.y
            self.y = write(self.canvas, block, x + room, self.y, SLATE if at else INK)
        self.y = min(self.y, low)
