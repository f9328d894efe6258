"""What the papers of registration draw with: a canvas, blocks of text, QR codes, a signer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from services.registration.documents.ticket import QUIET, qr_runs
from shared.documents.type_setting import (
    INK,
    REGULAR,
    SERIF,
    SERIF_BOLD,
    Block,
    Style,
    fit,
    horizontal_scale,
    register_fonts,
    width,
)
from shared.web.formats import Language

AMBER = HexColor("#c7791a")
SOFT_AMBER = HexColor("#f0c27a")
SOFT_TEAL = HexColor("#5fa9a1")

Align = Literal["left", "centre", "right"]
_SHARES: dict[Align, float] = {"left": 0, "centre": 0.5, "right": 1}


def new_canvas(
    file: BinaryIO, size: tuple[float, float], *, title: str, author: str, language: Language
) -> Canvas:
    """A paper whose bytes depend on its facts alone: no date of making, no random key."""
    register_fonts()
    canvas = Canvas(
        file,
        pagesize=size,
        pageCompression=1,
        invariant=1,
        initialFontName=REGULAR,  # type: ignore[arg-type]  # the stub is wrong about the type
    )
    canvas.setTitle(title)
    canvas.setAuthor(author)
    canvas.setCreator("Sejawat")
    canvas.setCatalogEntry("Lang", language)  # for screen readers
    return canvas


def balanced(text: str, style: Style, room: float) -> Block:
    """As `fit`, with lines of about one length: no date or word is left alone on the last."""
    best = fit(text, style, room)
    if len(best.lines) < 2:
        return best
    wanted = (best.size, len(best.lines), " ".join(best.lines))
    narrow, wide = room / len(best.lines), room
    while wide - narrow > 4:
        middle = (narrow + wide) / 2
        block = fit(text, style, middle)
        # not the same words if the narrower one had to break or cut some
        if (block.size, len(block.lines), " ".join(block.lines)) == wanted:
            best, wide = block, middle
        else:
            narrow = middle
    return best


def write(  # noqa: PLR0913 - a place, a colour and an alignment
    canvas: Canvas,
    block: Block,
    x: float,
    top: float,
    colour: Color = INK,
    *,
    align: Align = "left",
    spacing: float = 0,
) -> float:
    """Lines from `top` down; returns where they end. `spacing` is extra room between letters."""
    scale = horizontal_scale(block.font)
    text = canvas.beginText()
    text.setFont(block.font, block.size)
    text.setHorizScale(scale)
    text.setCharSpace(spacing)
    text.setFillColor(colour)
    baseline = top - block.size * 0.93
    for line in block.lines:
        long = width(line, block.font, block.size) + spacing * scale / 100 * (len(line) - 1)
        text.setTextOrigin(x - long * _SHARES[align], baseline)
        text.textOut(line)
        baseline -= block.leading
    canvas.drawText(text)
    return top - block.height


def draw_qr(canvas: Canvas, text: str, x: float, y: float, side: float) -> None:
    """A code in the square above and right of (x, y); the square has its quiet zone in it.

    Drawn in modules, one rectangle a run: sharp at any size, and two kilobytes a page.
    """
    count, runs = qr_runs(text)
    module = side / (count + 2 * QUIET)
    canvas.saveState()
    canvas.setFillColor(white)
    canvas.rect(x, y, side, side, stroke=0, fill=1)
    canvas.setFillColor(INK)
    canvas.translate(x + QUIET * module, y + (QUIET + count) * module)
    canvas.scale(module, -module)
    path = canvas.beginPath()
    for column, row, length in runs:
        path.rect(column, row, length, 1)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs, where and when; `prefix` is "a.n.", "u.b." or nothing."""

    place_and_day: str
    prefix: str
    on_behalf_of: str
    title: str
    name: str
    nip: str


_LINE = Style(SERIF, ((11.5, 2), (10, 3), (9, 4)))
_SIGNER = Style(SERIF_BOLD, ((12, 1), (11, 2), (9.5, 3)))
SIGNING_ROOM = 17 * mm


def signature_blocks(signature: Signature, room: float) -> tuple[list[Block], list[Block]]:
    """What stands over the signature and what stands under it, within `room` points."""
    office = signature.on_behalf_of
    if signature.prefix == "u.b.":  # the office has a line of its own, then the one who may sign
        over = [signature.place_and_day, office, "u.b.", f"{signature.title},"]
    elif office:
        over = [signature.place_and_day, f"{signature.prefix} {office}", f"{signature.title},"]
    else:
        over = [signature.place_and_day, f"{signature.title},"]
    under = [balanced(signature.name, _SIGNER, room)]
    if signature.nip:
        under.append(fit(f"NIP {signature.nip}", _LINE, room))
    return [balanced(words, _LINE, room) for words in over if words.strip(", ")], under


def height_of(blocks: Sequence[Block]) -> float:
    """Points of all of them under each other."""
    return sum(block.height for block in blocks)


def broadest(blocks: Sequence[Block]) -> float:
    """Points of the longest line of all."""
    return max(width(line, block.font, block.size) for block in blocks for line in block.lines)


def draw_signature(
    canvas: Canvas,
    signature: Signature,
    at: tuple[float, float],
    room: float,
    *,
    align: Align = "left",
) -> float:
    """Draw it from `at` down, with room to sign; returns where it ends."""
    x, top = at
    over, under = signature_blocks(signature, room)
    for block in over:
        top = write(canvas, block, x, top, align=align)
    top -= SIGNING_ROOM
    for block in under:
        top = write(canvas, block, x, top, align=align)
    return top
