"""A paper of numbered pages: A4 landscape, drawn straight on the canvas, of any length."""

from pathlib import Path

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.textobject import PDFTextObject

from shared.documents.type_setting import (
    BOLD,
    CONDENSED,
    REGULAR,
    SLATE,
    TEAL,
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

KIND = Style(BOLD, ((7.6, 1),))
TITLE = Style(BOLD, ((15, 1), (12.5, 2), (10, 3)))
_FOOT = Style(REGULAR, ((7.2, 1), (6, 1)))
_CLOSING = Style(BOLD, ((7.2, 1), (6, 2)))

_TOTAL = "total_of_pages"

Line = tuple[float, float, float, float]


class NumberedPaper:
    """What papers share: the file, a pen that goes down line by line, the foot of each page.

    Nothing is on disk before `finish`; a paper that is dropped leaves nothing to close.
    """

    def __init__(self, path: Path, *, title: str, language: str) -> None:
        register_fonts()
        self._canvas = Canvas(
            str(path),
            pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
            pageCompression=1,
            # Helvetica would be named in the file, not embedded; the stub is wrong about the type
            initialFontName=REGULAR,  # type: ignore[arg-type]
        )
        self._canvas.setTitle(title)
        self._canvas.setCreator("Sejawat")
        self._canvas.setCatalogEntry("Lang", language)  # for screen readers
        self._page_words = ("Halaman", "dari") if language == "id" else ("Page", "of")
        self._page = 0
        self._y = TOP
        self._rules: list[Line] = []
        self._text = self._new_text()

    def finish(self, closing: tuple[str, ...], watermark: str) -> None:
        """Close the last page with `closing` on it and write the file.

        `watermark` is among its metadata.
        """
        self._canvas.setKeywords(watermark)
        self._close_page(closing)
        self._canvas.beginForm(_TOTAL)
        self._text = self._new_text()
        self._write(fit(str(self._page), _FOOT, 99), 0, FOOT_BASELINE, SLATE, on_baseline=True)
        self._canvas.drawText(self._text)
        self._canvas.endForm()
        self._canvas.save()

    # --- page ----------------------------------------------------------------------------

    def _draw_rules(self) -> None:
        """The lines of a page, when all its rows are known."""
        raise NotImplementedError

    def _close_page(self, closing: tuple[str, ...] = ()) -> None:
        """Draw what only now is known; `closing` stands on the last page."""
        self._draw_rules()
        if closing:
            block = fit(" · ".join(closing), _CLOSING, RIGHT - LEFT - 40 * mm)
            self._write(block, RIGHT, FOOT_BASELINE, TEAL, to_the_left=True, on_baseline=True)
        self._write_page_number()
        self._canvas.showPage()

    def _write_page_number(self) -> None:
        """Write the end of the page's text, then the total.

        The total is a form that `finish` fills in, so that no page has to be kept until then.
        """
        page, of = self._page_words
        block = fit(f"{page} {self._page} {of}", _FOOT, 99)
        self._write(block, LEFT, FOOT_BASELINE, SLATE, on_baseline=True)
        self._canvas.drawText(self._text)
        self._canvas.saveState()
        blank = width(f"{block.lines[0]} ", block.font, block.size)
        self._canvas.translate(LEFT + blank, 0)
        self._canvas.doForm(_TOTAL)
        self._canvas.restoreState()

    # --- pen -------------------------------------------------------------------------------

    def _lines(self, colour: Color, weight: float, lines: list[Line]) -> None:
        self._canvas.setStrokeColor(colour)
        self._canvas.setLineWidth(weight)
        self._canvas.lines(lines)

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
