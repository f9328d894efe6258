"""The house motif on paper: kawung, four petals of the palm fruit around a seed, as vectors."""

from math import ceil

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas

from services.registration.documents.pen import AMBER, SOFT_AMBER
from shared.documents.type_setting import TEAL

PETAL = HexColor("#2f7f7b")  # on teal: tone in tone, so that the text stays the loudest


def _petal(canvas: Canvas, length: float, belly: float) -> None:
    """A fat leaf from the origin along the x axis."""
    path = canvas.beginPath()
    path.moveTo(0, 0)
    path.curveTo(length * 0.12, belly, length * 0.78, belly, length, 0)
    path.curveTo(length * 0.78, -belly, length * 0.12, -belly, 0, 0)
    canvas.drawPath(path, stroke=0, fill=1)


def _diamond(canvas: Canvas, x: float, y: float, half: float) -> None:
    path = canvas.beginPath()
    path.moveTo(x, y + half)
    for dx, dy in ((half, 0), (0, -half), (-half, 0)):
        path.lineTo(x + dx, y + dy)
    path.close()
    canvas.drawPath(path, stroke=0, fill=1)


def kawung(
    canvas: Canvas, middle: tuple[float, float], radius: float, colour: Color, turn: float
) -> None:
    """Four petals, turned by so many degrees."""
    canvas.saveState()
    canvas.translate(*middle)
    canvas.rotate(turn)
    canvas.setFillColor(colour)
    for _ in range(4):
        canvas.saveState()
        canvas.translate(radius * 0.1, 0)
        _petal(canvas, radius * 0.9, radius * 0.36)
        canvas.restoreState()
        canvas.rotate(90)
    canvas.restoreState()


def _draw_tile(canvas: Canvas, side: float) -> None:
    kawung(canvas, (side / 2, side / 2), side * 0.66, PETAL, 45)
    canvas.setFillColor(SOFT_AMBER)
    _diamond(canvas, side / 2, side / 2, side * 0.055)
    for x, y in ((0, 0.5), (1, 0.5), (0.5, 0), (0.5, 1)):
        _diamond(canvas, x * side, y * side, side * 0.05)


def draw_border(
    canvas: Canvas, page: tuple[float, float], tile: float, columns: int, rows: int
) -> float:
    """A band of whole tiles in the middle of the page; returns how far its inside is from the edge.

    `columns` and `rows` of square tiles must leave about the same margin on all sides.
    """
    wide, high = columns * tile, rows * tile
    left, bottom = (page[0] - wide) / 2, (page[1] - high) / 2
    canvas.saveState()
    band = canvas.beginPath()
    band.rect(left, bottom, wide, high)
    band.rect(left + tile, bottom + tile, wide - 2 * tile, high - 2 * tile)
    canvas.setFillColor(TEAL)
    canvas.drawPath(band, stroke=0, fill=1, fillMode=0)  # even-odd: the inside stays paper
    canvas.clipPath(band, stroke=0, fill=0, fillMode=0)
    for column in range(columns):
        for row in range(rows):
            if column in {0, columns - 1} or row in {0, rows - 1}:
                canvas.saveState()
                canvas.translate(left + column * tile, bottom + row * tile)
                _draw_tile(canvas, tile)
                canvas.restoreState()
    canvas.restoreState()
    canvas.setStrokeColor(AMBER)
    canvas.setLineWidth(0.9)
    inset = tile + 4
    canvas.rect(left + inset, bottom + inset, wide - 2 * inset, high - 2 * inset)
    return max(left, bottom) + inset


def draw_strip(canvas: Canvas, width: float, tile: float) -> None:
    """A strip of the motif from the origin to the right, one tile high; the last may be cut."""
    canvas.saveState()
    strip = canvas.beginPath()
    strip.rect(0, 0, width, tile)
    canvas.setFillColor(TEAL)
    canvas.drawPath(strip, stroke=0, fill=1)
    canvas.clipPath(strip, stroke=0, fill=0)
    for column in range(ceil(width / tile)):
        canvas.saveState()
        canvas.translate(column * tile, 0)
        _draw_tile(canvas, tile)
        canvas.restoreState()
    canvas.restoreState()


def draw_rule(canvas: Canvas, x: float, y: float, half: float) -> None:
    """A fine line with a diamond in its middle at (x, y)."""
    canvas.setStrokeColor(AMBER)
    canvas.setLineWidth(0.7)
    canvas.lines([(x - half, y, x - 8, y), (x + 8, y, x + half, y)])
    canvas.setFillColor(AMBER)
    _diamond(canvas, x, y, 3)
