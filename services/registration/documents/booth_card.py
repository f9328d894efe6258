"""The card on the table of a mini booth (lapak mini): A5 portrait."""

from dataclasses import dataclass
from typing import BinaryIO

from reportlab.lib.pagesizes import A5
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from services.registration.documents.batik import draw_border, draw_rule
from services.registration.documents.pen import (
    Align,
    balanced,
    draw_qr,
    height_of,
    new_canvas,
    write,
)
from shared.documents.type_setting import (
    BOLD,
    INK,
    REGULAR,
    SERIF_BOLD,
    SERIF_ITALIC,
    SLATE,
    TEAL,
    Block,
    Style,
    fit,
)
from shared.web.formats import Language


@dataclass(frozen=True, slots=True)
class Product:
    """What lies on the table; `note` says in few words what it is or costs."""

    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class BoothCardFacts:
    """One booth. `number` may be empty until the tables are given out."""

    library: str
    region: str
    meeting_title: str
    products: tuple[Product, ...]
    gallery_url: str
    number: str = ""
    language: Language = "id"


@dataclass(frozen=True, slots=True)
class _Words:
    booth: str
    more: str
    see: str


_WORDS: dict[Language, _Words] = {
    "id": _Words("Lapak mini", "dan {} lainnya", "Pindai untuk melihat foto dan cerita kami."),
    "en": _Words("Mini booth", "and {} more", "Scan to see our photos and our story."),
}

TILE, COLUMNS, ROWS = 6.2 * mm, 22, 32  # 5.8 mm from every edge
MIDDLE = A5[0] / 2
LEFT, RIGHT = 20 * mm, A5[0] - 20 * mm
ROOM = RIGHT - LEFT
TOP, BOTTOM = A5[1] - 21 * mm, 18 * mm
QR_SIDE = 36 * mm
GAP = 9  # between products, in points

_KIND = Style(BOLD, ((8.6, 1), (7, 2)))
_LIBRARY = Style(SERIF_BOLD, ((25, 2), (20, 3), (16, 4), (12, 6)))
_REGION = Style(SERIF_ITALIC, ((12, 1), (10, 3)))
_PRODUCT = Style(SERIF_BOLD, ((14, 1), (12, 2), (9.5, 3)))
_NOTE = Style(REGULAR, ((9, 2), (7.6, 3)))
_SEE = Style(REGULAR, ((8.6, 4), (7.4, 6)))


def write_booth_card(file: BinaryIO, facts: BoothCardFacts) -> None:
    """Write one card; products beyond the room are counted, not squeezed in."""
    words = _WORDS[facts.language]
    title = f"{words.booth} – {facts.library}"
    canvas = new_canvas(file, A5, title=title, author=facts.library, language=facts.language)
    draw_border(canvas, A5, TILE, COLUMNS, ROWS)
    y = _draw_head(canvas, facts)
    _draw_products(canvas, facts, y)
    _draw_foot(canvas, facts)
    canvas.showPage()
    canvas.save()


def _draw_head(canvas: Canvas, facts: BoothCardFacts) -> float:
    kind = f"{_WORDS[facts.language].booth} {facts.number}".strip().upper()
    align: Align = "centre"
    y = write(canvas, fit(kind, _KIND, ROOM), MIDDLE, TOP, SLATE, align=align, spacing=1)
    y = write(canvas, balanced(facts.library, _LIBRARY, ROOM), MIDDLE, y - 8, TEAL, align=align)
    y = write(canvas, balanced(facts.region, _REGION, ROOM), MIDDLE, y - 3, SLATE, align=align)
    draw_rule(canvas, MIDDLE, y - 13, 30 * mm)
    return y - 28


def _draw_products(canvas: Canvas, facts: BoothCardFacts, y: float) -> None:
    """From `y` down to the QR, in the middle of that room if they are few."""
    room = y - (BOTTOM + QR_SIDE + 6 * mm)
    shown = [_product(product) for product in facts.products]
    more: list[Block] = []
    while shown and _height(shown) + height_of(more) > room:
        shown.pop()
        rest = len(facts.products) - len(shown)
        more = [fit(_WORDS[facts.language].more.format(rest), _REGION, ROOM)]
    y -= (room - _height(shown) - height_of(more)) * 0.4
    for blocks in shown:
        for block, colour in zip(blocks, (INK, SLATE), strict=False):
            y = write(canvas, block, MIDDLE, y, colour, align="centre")
        y -= GAP
    for block in more:
        write(canvas, block, MIDDLE, y, SLATE, align="centre")


def _height(products: list[list[Block]]) -> float:
    return sum(height_of(blocks) + GAP for blocks in products)


def _product(product: Product) -> list[Block]:
    name = balanced(product.name, _PRODUCT, ROOM)
    return [name, balanced(product.note, _NOTE, ROOM)] if product.note else [name]


def _draw_foot(canvas: Canvas, facts: BoothCardFacts) -> None:
    draw_qr(canvas, facts.gallery_url, RIGHT - QR_SIDE, BOTTOM, QR_SIDE)
    room = ROOM - QR_SIDE - 4 * mm
    blocks = [
        (fit(_WORDS[facts.language].see, _SEE, room), INK),
        (fit(facts.meeting_title, _KIND, room), TEAL),
    ]
    y = BOTTOM + (QR_SIDE + height_of([block for block, _ in blocks])) / 2
    for block, colour in blocks:
        y = write(canvas, block, LEFT, y, colour) - 4
