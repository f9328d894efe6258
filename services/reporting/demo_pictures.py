"""Pictures of the demo's reports: drawn, and each says so. Nobody is on them."""

from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

SIZE = (960, 640)
BANNER = 90  # pixels at the foot
WORDS = "Gambar contoh, bukan foto kegiatan"
INK, WALL, WOOD = "#1d2a2f", "#f3efe6", "#8a5a2b"
COLOURS = ("#0b5d5b", "#c7791a", "#b3372f", "#2f7d4f", "#35618e", "#7a4b8a")

_Draw = ImageDraw.ImageDraw


def of(number: int) -> tuple[str, BytesIO]:
    """A picture's name and its file; the same for the same number."""
    name, draw = tuple(_PICTURES.items())[number % len(_PICTURES)]
    image = Image.new("RGB", SIZE, WALL)
    pen = ImageDraw.Draw(image)
    draw(pen)
    top = SIZE[1] - BANNER
    pen.rectangle((0, top, *SIZE), fill=INK)
    middle = (SIZE[0] / 2, top + BANNER / 2)
    pen.text(middle, WORDS, fill="white", font=ImageFont.load_default(40), anchor="mm")
    file = BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return f"{name} (contoh).png", file


def _shelf(pen: _Draw) -> None:
    for board in range(3):
        foot = 190 + board * 170
        for book in range(22):
            left, height = 60 + book * 38, 90 + (book * 7 + board * 11) % 50
            colour = COLOURS[(book * 5 + board) % len(COLOURS)]
            pen.rectangle((left, foot - height, left + 31, foot), fill=colour)
        pen.rectangle((40, foot, 920, foot + 16), fill=WOOD)


def _cloth(pen: _Draw) -> None:
    pen.rectangle((80, 60, 880, 500), fill=COLOURS[0])
    for row in range(4):
        for column in range(7):
            x, y = 140 + column * 113, 115 + row * 110
            for radius, colour in ((46, COLOURS[1]), (32, WALL), (18, COLOURS[2])):
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _garden(pen: _Draw) -> None:
    pen.rectangle((0, 0, 960, 210), fill="#cfe3ea")
    pen.rectangle((0, 210, 960, 550), fill="#6b4a2f")
    for row in range(3):
        for plant in range(9):
            x, y = 80 + plant * 100, 290 + row * 100
            pen.line((x, y, x, y - 60), fill=COLOURS[3], width=8)
            for side in (-1, 1):
                leaf = sorted((x, x + side * 40))
                pen.ellipse((leaf[0], y - 66, leaf[1], y - 40), fill=COLOURS[3])


_PICTURES: dict[str, Callable[[_Draw], None]] = {
    "Rak buku": _shelf,
    "Kain batik": _cloth,
    "Kebun sayur": _garden,
}
COUNT = len(_PICTURES)
