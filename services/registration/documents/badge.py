"""Name badges: eight on an A4 page, to be cut and put into a holder of 90 by 65 mm."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from services.registration.documents.batik import draw_strip
from services.registration.documents.pen import AMBER, balanced, draw_qr, height_of, new_canvas
from services.registration.documents.pen import write as write_block
from shared.documents.common import Progress
from shared.documents.type_setting import (
    BOLD,
    INK,
    REGULAR,
    RULE,
    SERIF_BOLD,
    SLATE,
    TEAL,
    Style,
    fit,
)
from shared.web.formats import Language

PER_PAGE, COLUMNS = 8, 2
WIDE, HIGH = 90 * mm, 65 * mm
MARGIN_X, MARGIN_Y = (A4[0] - 2 * WIDE) / 2, (A4[1] - 4 * HIGH) / 2
TILE = 5 * mm
INSET = 5 * mm
QR_SIDE = 26 * mm
NAME_FLOOR = 3.5 * mm + QR_SIDE  # the name stands over the QR

_MEETING = Style(BOLD, ((7.6, 2), (6.6, 2)))
_NAME = Style(SERIF_BOLD, ((21, 1), (17, 2), (13, 3), (10, 4)))
_ROLE = Style(BOLD, ((9, 1), (7.6, 2)))
_PLACE = Style(REGULAR, ((8.6, 2), (7.6, 3), (6.6, 4)))
_CODE = Style(BOLD, ((7.2, 1), (6, 1), (5, 2)))


@dataclass(frozen=True, slots=True)
class BadgeFacts:
    """One person. `ticket` is what the QR says, the same as on the person's own page."""

    name: str
    role_text: str
    institution: str
    region: str
    meeting_title: str
    ticket: str
    code: str
    language: Language = "id"


def write_badges(file: BinaryIO, facts: Iterable[BadgeFacts], progress: Progress) -> int:
    """Write them in their order, eight a page; returns how many.

    `progress` hears of every full page and of the end. Raises `ValueError` if there are none.
    """
    canvas: Canvas | None = None
    done = 0
    for each in facts:
        if canvas is None:
            canvas = _open(file, each)
        elif done % PER_PAGE == 0:
            canvas.showPage()
            progress(done)
        row, column = divmod(done % PER_PAGE, COLUMNS)
        _draw(canvas, each, MARGIN_X + column * WIDE, A4[1] - MARGIN_Y - (row + 1) * HIGH)
        done += 1
    if canvas is None:
        raise ValueError("no badge to print")
    progress(done)
    canvas.showPage()
    canvas.save()
    return done


def _open(file: BinaryIO, first: BadgeFacts) -> Canvas:
    kind = "Tanda pengenal" if first.language == "id" else "Name badges"
    title = f"{kind} – {first.meeting_title}"
    canvas = new_canvas(file, A4, title=title, author="Sejawat", language=first.language)
    canvas.beginForm("strip")
    draw_strip(canvas, WIDE, TILE)
    canvas.endForm()
    return canvas


def _draw(canvas: Canvas, facts: BadgeFacts, x: float, y: float) -> None:
    """One badge with (x, y) as its lower left corner; a fine line to cut along."""
    canvas.saveState()
    canvas.translate(x, y + HIGH - TILE)
    canvas.doForm("strip")
    canvas.restoreState()
    top = y + HIGH - TILE - 3 * mm
    meeting = balanced(facts.meeting_title, _MEETING, WIDE - 2 * INSET)
    top = write_block(canvas, meeting, x + WIDE / 2, top, TEAL, align="centre")
    name = balanced(facts.name, _NAME, WIDE - 2 * INSET)
    top -= (top - y - NAME_FLOOR - name.height) / 2
    write_block(canvas, name, x + WIDE / 2, top, INK, align="centre")
    _draw_foot(canvas, facts, x, y)
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.3)
    canvas.rect(x, y, WIDE, HIGH)


def _draw_foot(canvas: Canvas, facts: BadgeFacts, x: float, y: float) -> None:
    room = WIDE - 2 * INSET - QR_SIDE
    qr_left = x + WIDE - QR_SIDE - 2 * mm
    draw_qr(canvas, facts.ticket, qr_left, y + 3.5 * mm, QR_SIDE)
    code = fit(facts.code, _CODE, QR_SIDE)
    write_block(canvas, code, qr_left + QR_SIDE / 2, y + 4.5 * mm, SLATE, align="centre")
    blocks = [
        (fit(facts.role_text.upper(), _ROLE, room), AMBER),
        (fit(facts.institution, _PLACE, room), INK),
        (fit(facts.region, _PLACE, room), SLATE),
    ]
    top = y + INSET + height_of([block for block, _ in blocks]) + 3
    for block, colour in blocks:
        top = write_block(canvas, block, x + INSET, top, colour) - 1.5
