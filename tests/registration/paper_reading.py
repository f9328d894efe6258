"""Reads a finished PDF back: where its letters stand and what its QR codes say."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import zxingcpp
from PIL import Image, ImageDraw
from pypdf import PageObject, PdfReader, Transformation
from pypdf.generic import ContentStream
from reportlab.pdfbase import pdfmetrics

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(frozen=True, slots=True)
class Box:
    """A line of text on the page, in points; descenders and accents are left out."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


def reader(content: bytes) -> PdfReader:
    return PdfReader(BytesIO(content))


def texts(content: bytes) -> list[str]:
    """The text of each page, its line breaks made blanks."""
    return [" ".join(page.extract_text().split()) for page in reader(content).pages]


def boxes(page: PageObject) -> list[Box]:
    """Where the lines written on the page itself stand, measured by the fonts of the file."""
    fonts = {name: font.get_object() for name, font in page["/Resources"]["/Font"].items()}  # type: ignore[index]
    found: list[Box] = []
    font: Any = None
    size, scale, spacing = 0.0, 1.0, 0.0
    line: Matrix = IDENTITY
    for operator, operands, ctm in _walk(page):
        if operator == b"Tf":
            font, size = fonts[operands[0]], float(operands[1])
        elif operator == b"Tz":
            scale = float(operands[0]) / 100
        elif operator == b"Tc":
            spacing = float(operands[0])
        elif operator == b"Tm":
            line = _matrix(operands)
        elif operator == b"Tj" and operands[0].original_bytes:
            shown = operands[0].original_bytes
            wide = (_advance(font, shown) * size + spacing * (len(shown) - 1)) * scale
            x, y, zoom = ctm[0] * line[4] + ctm[4], ctm[3] * line[5] + ctm[5], ctm[0]
            found.append(Box(x, y, x + wide * zoom, y + 0.66 * size * zoom))
    return found


def codes(page: PageObject) -> list[str]:
    """What the QR codes drawn as rectangles say, each painted anew and scanned."""
    return [_scanned(modules) for modules in _drawn_codes(page)]


def scanned(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


def _drawn_codes(page: PageObject) -> Iterator[list[tuple[int, ...]]]:
    modules: list[tuple[int, ...]] | None = None
    for operator, operands, _ in _walk(page):
        if operator == b"cm" and float(operands[3]) < 0:  # modules count from the top
            modules = []
        elif operator == b"re" and modules is not None:
            modules.append(tuple(round(float(value)) for value in operands))
        elif operator == b"Q" and modules:
            yield modules
            modules = None


def _scanned(modules: list[tuple[int, ...]]) -> str:
    side = max(x + length for x, _, length, _ in modules)
    image = Image.new("L", (side + 8, side + 8), 255)
    pen = ImageDraw.Draw(image)
    for x, y, length, height in modules:
        pen.rectangle((x + 4, y + 4, x + 3 + length, y + 3 + height), fill=0)
    (text,) = scanned(image.resize((4 * image.width, 4 * image.height), Image.Resampling.NEAREST))
    return text


def _walk(page: PageObject) -> Iterator[tuple[bytes, list[Any], Matrix]]:
    """Each operator of the page, its operands, and the matrix in force."""
    kept: list[Matrix] = []
    ctm: Matrix = IDENTITY
    for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
        if operator == b"q":
            kept.append(ctm)
        elif operator == b"Q":
            ctm = kept.pop()
        elif operator == b"cm":
            ctm = Transformation(_matrix(operands)).transform(Transformation(ctm)).ctm
        yield operator, operands, ctm


def _matrix(operands: list[Any]) -> Matrix:
    a, b, c, d, e, f = (float(value) for value in operands)
    return a, b, c, d, e, f


def _advance(font: Any, shown: bytes) -> float:
    """Width at size 1; Times has no widths in the file, since every reader knows them."""
    if "/Widths" not in font:
        name = font["/BaseFont"].removeprefix("/")
        return float(pdfmetrics.stringWidth(shown.decode("cp1252"), name, 1))
    first = int(font["/FirstChar"])
    return sum(float(font["/Widths"][code - first]) for code in shown) / 1000
