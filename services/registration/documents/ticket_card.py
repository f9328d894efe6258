"""A ticket to keep or to print: A6 portrait, with the code that the crew at the door scans."""

from dataclasses import dataclass
from typing import BinaryIO

from reportlab.lib.pagesizes import A6
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from services.registration.documents.batik import draw_rule, draw_strip
from services.registration.documents.pen import balanced, draw_qr, new_canvas, write
from shared.documents.type_setting import (
    BOLD,
    INK,
    REGULAR,
    SERIF_BOLD,
    SLATE,
    TEAL,
    Style,
    fit,
)
from shared.web.formats import Language


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """One ticket. `days` and `hours` are words, on the clock of the venue."""

    name: str
    meeting_title: str
    days: str
    hours: str
    venue: str
    url: str
    code: str
    language: Language = "id"


_WORDS: dict[Language, tuple[str, str]] = {
    "id": ("Tiket", "Perlihatkan kode ini di meja pendaftaran."),
    "en": ("Ticket", "Show this code at the registration desk."),
}

MIDDLE = A6[0] / 2
ROOM = A6[0] - 22 * mm
STRIP = 6 * mm
QR_SIDE, QR_BOTTOM = 52 * mm, 19 * mm

_KIND = Style(BOLD, ((8.6, 1), (7, 2)))
_MEETING = Style(SERIF_BOLD, ((15, 2), (12.5, 3), (10.5, 4)))
_NAME = Style(BOLD, ((12.5, 2), (10, 3)))
_FACT = Style(REGULAR, ((9, 2), (8, 3)))
_CODE = Style(BOLD, ((14, 1),))


def write_ticket(file: BinaryIO, facts: TicketFacts) -> None:
    """Write one ticket; longer words are set smaller, and cut only past their last size."""
    kind, hint = _WORDS[facts.language]
    canvas = new_canvas(
        file,
        A6,
        title=f"{kind} – {facts.meeting_title}",
        author="Sejawat",
        language=facts.language,
    )
    _draw_strip(canvas)
    _draw_words(canvas, facts, kind)
    draw_qr(canvas, facts.url, MIDDLE - QR_SIDE / 2, QR_BOTTOM, QR_SIDE)
    write(canvas, fit(facts.code, _CODE, ROOM), MIDDLE, QR_BOTTOM, INK, align="centre", spacing=1)
    write(canvas, balanced(hint, _FACT, ROOM), MIDDLE, QR_BOTTOM - 20, SLATE, align="centre")
    canvas.showPage()
    canvas.save()


def _draw_strip(canvas: Canvas) -> None:
    canvas.saveState()
    canvas.translate(0, A6[1] - STRIP)
    draw_strip(canvas, A6[0], STRIP)
    canvas.restoreState()


def _draw_words(canvas: Canvas, facts: TicketFacts, kind: str) -> None:
    lines = (
        (kind.upper(), _KIND, SLATE, 2),
        (facts.meeting_title, _MEETING, TEAL, 3),
        (f"{facts.days}, {facts.hours}", _FACT, INK, 1),
        (facts.venue, _FACT, SLATE, 10),
    )
    y = A6[1] - STRIP - 7 * mm
    for words, style, colour, gap in lines:
        y = write(canvas, balanced(words, style, ROOM), MIDDLE, y, colour, align="centre") - gap
    draw_rule(canvas, MIDDLE, y, 22 * mm)
    write(canvas, balanced(facts.name, _NAME, ROOM), MIDDLE, y - 9, INK, align="centre")
