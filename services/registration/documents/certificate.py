"""The certificate: A4 landscape, one page, to be hung up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import BinaryIO

from babel.dates import format_date
from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from services.registration.documents.batik import draw_border, draw_rule, kawung
from services.registration.documents.pen import (
    AMBER,
    SIGNING_ROOM,
    SOFT_AMBER,
    Signature,
    balanced,
    broadest,
    draw_qr,
    draw_signature,
    height_of,
    new_canvas,
    signature_blocks,
    write,
)
from shared.documents.common import Progress
from shared.documents.type_setting import (
    BOLD,
    INK,
    REGULAR,
    SERIF,
    SERIF_BOLD,
    SERIF_ITALIC,
    SLATE,
    TEAL,
    Block,
    Style,
    fit,
)
from shared.web.formats import Language

PROGRESS_EVERY = 20
"""Certificates between two calls of `progress`: a few dozen milliseconds."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """One certificate. Days are those of the venue's clock; all texts are in `language` already.

    `jp` is a number of lesson hours; with 0 the paper says nothing of them. `signer_prefix` is
    "a.n.", "u.b." or "", and `on_behalf_of` the office it speaks for. `place` is the city the
    paper is dated in.
    """

    number: str
    name: str
    role_text: str
    meeting_title: str
    organiser: str
    first_day: date
    last_day: date
    venue: str
    place: str
    jp: int
    signer_name: str
    signer_title: str
    issued_on: date
    verification_url: str
    code: str
    signer_prefix: str = ""
    on_behalf_of: str = ""
    signer_nip: str = ""
    language: Language = "id"


@dataclass(frozen=True, slots=True)
class _Words:
    certificate: str
    number: str
    given: str
    role: str
    held: tuple[str, str]
    jp: str
    check: str
    code: str
    range: str


_WORDS: dict[Language, _Words] = {
    "id": _Words(
        certificate="SERTIFIKAT",
        number="Nomor: {}",
        given="diberikan kepada",
        role="sebagai {} dalam kegiatan",
        held=("yang diselenggarakan oleh {}", "pada {} di {}"),
        jp="setara dengan {} jam pelajaran (JP)",
        check="Periksa keaslian:",
        code="Kode: {}",
        range="{} s.d. {}",
    ),
    "en": _Words(
        certificate="CERTIFICATE",
        number="Number: {}",
        given="is presented to",
        role="as {} in",
        held=("held by {}", "on {} at {}"),
        jp="equivalent to {} lesson hours (JP)",
        check="Check that it is genuine:",
        code="Code: {}",
        range="{} to {}",
    ),
}

PAGE = landscape(A4)
TILE, COLUMNS, ROWS = 7.25 * mm, 39, 27  # the band is 7.1 mm from every edge: printers reach it
MIDDLE = PAGE[0] / 2
ROOM = 222 * mm  # of the texts in the middle
HEAD, FOOT = PAGE[1] - 24 * mm, 24 * mm  # between them everything stands
GAP_OVER_FOOT = 6 * mm
SIGNER_ROOM = 88 * mm
QR_SIDE = 27 * mm
QR_RIGHT = PAGE[0] - 24 * mm
SEAL = 36 * mm  # its middle, from the left edge
SEAL_RADIUS = 12.5 * mm

_ORGANISER = Style(BOLD, ((9.5, 1), (8, 2)))
_HEADING = Style(SERIF, ((40, 1),))
_NUMBER = Style(REGULAR, ((10, 1), (8, 2)))
_SMALL = Style(SERIF_ITALIC, ((14, 1), (12, 1), (10, 3)))
_NAME = Style(SERIF_BOLD, ((38, 1), (32, 1), (26, 2), (20, 3), (16, 4)))
_TITLE = Style(SERIF_BOLD, ((19, 1), (17, 2), (14, 3), (11.5, 4), (9.5, 6)))
_HELD = Style(SERIF, ((13, 1), (11, 2), (9, 4)))
_JP = Style(SERIF_BOLD, ((13, 1),))
_CHECK = Style(BOLD, ((7.6, 1), (6.6, 2)))
_LINK = Style(REGULAR, ((7.6, 1), (6.8, 1), (6.4, 4)))
_SEAL_FIGURE = Style(SERIF_BOLD, ((24, 1), (16, 1)))
_SEAL_WORD = Style(BOLD, ((8, 1),))

_BORDER = "border"


def write_certificate(file: BinaryIO, facts: CertificateFacts) -> None:
    """Write one certificate; the same facts give the same bytes."""
    words = _WORDS[facts.language]
    canvas = _open(file, f"{words.certificate.title()} – {facts.name}", facts)
    _draw(canvas, facts)
    canvas.save()


def write_certificates(
    file: BinaryIO, facts: Iterable[CertificateFacts], progress: Progress
) -> int:
    """Write them into one file for printing, a page each; returns how many.

    The border is in the file once and each page adds a few kilobytes, so that 500 are nothing to
    memory. Raises `ValueError` if there are none, and whatever `progress` raises; then nothing
    is written.
    """
    waiting = iter(facts)
    first = next(waiting, None)
    if first is None:
        raise ValueError("no certificate to print")
    words = _WORDS[first.language]
    canvas = _open(file, f"{words.certificate.title()} – {first.meeting_title}", first)
    done = 0
    for done, each in enumerate(chain([first], waiting), start=1):
        _draw(canvas, each)
        if done % PROGRESS_EVERY == 0:
            progress(done)
    progress(done)
    canvas.save()
    return done


def _open(file: BinaryIO, title: str, facts: CertificateFacts) -> Canvas:
    canvas = new_canvas(file, PAGE, title=title, author=facts.organiser, language=facts.language)
    canvas.beginForm(_BORDER)
    draw_border(canvas, PAGE, TILE, COLUMNS, ROWS)
    canvas.endForm()
    return canvas


def _draw(canvas: Canvas, facts: CertificateFacts) -> None:
    canvas.doForm(_BORDER)
    top, right = _draw_signer(canvas, facts)
    _draw_texts(canvas, facts, top + GAP_OVER_FOOT)
    if facts.jp:
        _draw_seal(canvas, facts.jp)
    _draw_check(canvas, facts, right + 6 * mm)
    canvas.showPage()


# --- the middle ----------------------------------------------------------------------------

Line = tuple[Block, Color, float, float]
"""A block, its colour, the gap over it, and the room between its letters."""


def _lines(facts: CertificateFacts) -> list[Line]:
    words = _WORDS[facts.language]
    by, at = words.held
    jp = f"{words.jp.format(facts.jp)}." if facts.jp else ""
    at = at.format(_days(facts), facts.venue) + ("," if jp else ".")
    lines = [
        # its letters stand apart, which `balanced` does not count in
        (balanced(facts.organiser.upper(), _ORGANISER, ROOM * 0.78), SLATE, 0.0, 1.2),
        (fit(words.certificate, _HEADING, ROOM), TEAL, 11.0, 9.0),
        (fit(words.number.format(facts.number), _NUMBER, ROOM), SLATE, 3.0, 0.0),
        (fit(words.given, _SMALL, ROOM), SLATE, 20.0, 0.0),
        (balanced(facts.name, _NAME, ROOM), INK, 9.0, 0.0),
        (fit(words.role.format(facts.role_text), _SMALL, ROOM), SLATE, 22.0, 0.0),
        (balanced(facts.meeting_title, _TITLE, ROOM * 0.9), TEAL, 5.0, 0.0),
        (balanced(by.format(facts.organiser), _HELD, ROOM * 0.86), INK, 8.0, 0.0),
        (balanced(at, _HELD, ROOM * 0.86), INK, 1.0, 0.0),
        (fit(jp, _JP, ROOM), INK, 2.0, 0.0),
    ]
    return lines if jp else lines[:-1]


_NAME_AT = 4  # the rule stands under it


def _draw_texts(canvas: Canvas, facts: CertificateFacts, bottom: float) -> None:
    """Draw them between head and `bottom`: short ones float, long ones lose air, then size."""
    lines = _lines(facts)
    room = HEAD - bottom
    heights, gaps = height_of([line[0] for line in lines]), sum(line[2] for line in lines)
    squeeze = min(1.0, max(0.5, (room - heights) / gaps))
    needed = heights + gaps * squeeze
    shrink = min(1.0, room / needed)
    canvas.saveState()
    canvas.translate(MIDDLE, HEAD - max(0.0, room - needed) * 0.4)
    canvas.scale(shrink, shrink)
    y = 0.0
    for at, (block, colour, gap, spacing) in enumerate(lines):
        y -= gap * squeeze
        y = write(canvas, block, 0, y, colour, align="centre", spacing=spacing)
        if at == _NAME_AT:
            draw_rule(canvas, 0, y - 8 * squeeze, 62 * mm)
    canvas.restoreState()


def _days(facts: CertificateFacts) -> str:
    """9 Agustus 2022, 9–10 Agustus 2022, 31 Agustus s.d. 1 September 2022."""
    first, last, language = facts.first_day, facts.last_day, facts.language
    end = format_date(last, "d MMMM y", locale=language)
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    pattern = "d MMMM" if first.year == last.year else "d MMMM y"
    start = format_date(first, pattern, locale=language)
    return _WORDS[language].range.format(start, end)


# --- the foot ------------------------------------------------------------------------------


def _signature(facts: CertificateFacts) -> Signature:
    day = format_date(facts.issued_on, "d MMMM y", locale=facts.language)
    return Signature(
        f"{facts.place}, {day}" if facts.place else day,
        facts.signer_prefix,
        facts.on_behalf_of,
        facts.signer_title,
        facts.signer_name,
        facts.signer_nip,
    )


def _draw_signer(canvas: Canvas, facts: CertificateFacts) -> tuple[float, float]:
    """Draw who signs, standing on the foot; returns the top and the right edge of the block."""
    signature = _signature(facts)
    over, under = signature_blocks(signature, SIGNER_ROOM)
    top = FOOT + height_of(over) + SIGNING_ROOM + height_of(under)
    draw_signature(canvas, signature, (MIDDLE, top), SIGNER_ROOM, align="centre")
    return top, MIDDLE + broadest([*over, *under]) / 2


def _draw_seal(canvas: Canvas, jp: int) -> None:
    """A rosette that says the lesson hours."""
    y = FOOT + SEAL_RADIUS
    kawung(canvas, (SEAL, y), SEAL_RADIUS, SOFT_AMBER, 0)
    kawung(canvas, (SEAL, y), SEAL_RADIUS, AMBER, 45)
    canvas.setFillColor(TEAL)
    canvas.circle(SEAL, y, SEAL_RADIUS * 0.72, stroke=0, fill=1)
    figure = fit(str(jp), _SEAL_FIGURE, SEAL_RADIUS * 1.2)
    word = fit("JP", _SEAL_WORD, SEAL_RADIUS)
    top = y + (figure.height + word.height) / 2 - 1
    top = write(canvas, figure, SEAL, top, Color(1, 1, 1), align="centre")
    write(canvas, word, SEAL, top + 3, SOFT_AMBER, align="centre", spacing=1)


def _draw_check(canvas: Canvas, facts: CertificateFacts, begin: float) -> None:
    """The QR, and left of it, from `begin` on, the address for those without a camera."""
    words = _WORDS[facts.language]
    left = QR_RIGHT - QR_SIDE
    draw_qr(canvas, facts.verification_url, left, FOOT, QR_SIDE)
    room = left - 1 * mm - begin
    blocks = [
        (fit(words.check, _CHECK, room), TEAL),
        (fit(facts.verification_url, _LINK, room), INK),
        (fit(words.code.format(facts.code), _CHECK, room), INK),
    ]
    y = FOOT + 3 * mm + height_of([block for block, _ in blocks])
    for block, colour in blocks:
        y = write(canvas, block, left - 1 * mm, y, colour, align="right")
