"""Maps of squares: each province as large as every other, about where it lies.

A map of real shapes shows Papua, and hides Jakarta. Here each has a square that a thumb can meet.
The kab/kota of a province have no shape that anybody knows by heart: they stand in order of code.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from services.reporting import charts
from services.reporting.charts import WIDTH
from shared import regions

# The two letters of ISO 3166-2:ID, about where the province lies.
_COUNTRY = """
    AC .. .. .. .. .. .. .. .. .. .. ..
    SU RI KR .. .. KU .. GO SA .. PD ..
    SB JA .. .. KB KI .. ST .. MU PB PA
    .. BE SS BB KT KS .. SR .. MA PT PE
    .. .. LA JK .. .. .. SN SG .. .. PS
    .. .. BT JB JT JI BA NB NT .. .. ..
    .. .. .. .. YO .. .. .. .. .. .. ..
"""
_LETTERS = """
    11 AC  12 SU  13 SB  14 RI  15 JA  16 SS  17 BE  18 LA  19 BB  21 KR  31 JK  32 JB  33 JT
    34 YO  35 JI  36 BT  51 BA  52 NB  53 NT  61 KB  62 KT  63 KS  64 KI  65 KU  71 SA  72 ST
    73 SN  74 SG  75 GO  76 SR  81 MA  82 MU  91 PA  92 PB  93 PS  94 PT  95 PE  96 PD
"""
_SAID = _LETTERS.split()
LETTERS: dict[str, str] = dict(zip(_SAID[::2], _SAID[1::2], strict=True))
_ROWS = [row.split() for row in _COUNTRY.strip().splitlines()]
_PLACES = {name: (x, y) for y, row in enumerate(_ROWS) for x, name in enumerate(row)}
PROVINCES = {code: _PLACES[name] for code, name in LETTERS.items()}  # column, row
CLASSES = 5
_ABREAST = 3  # kab/kota in a row: wide enough for a name
_NAME = 15  # letters of it
# From little to much: how opaque, and what can be read on it.
_SHADES = (
    ("0", "var(--soft)"),
    ("0.1", "var(--ink)"),
    ("0.24", "var(--ink)"),
    ("0.4", "var(--ink)"),
    ("0.88", "var(--on-primary)"),
    ("1", "var(--on-primary)"),
)


@dataclass(frozen=True, slots=True)
class Square:
    """A region, how much of something it has, that in words, and where it leads."""

    code: str
    name: str
    value: float
    text: str
    url: str


def country(title: str, description: str, squares: Sequence[Square]) -> Markup:
    """Provinces about where they lie; one that is not in `PROVINCES` raises `KeyError`."""
    pitch = WIDTH / len(_ROWS[0])
    drawn = []
    for square, level in _levelled(squares):
        column, row = PROVINCES[square.code]
        box = (column * pitch + 1, row * pitch + 1, pitch - 2, pitch - 2)
        drawn.append(_square(square, level, box, LETTERS[square.code], 13))
    return charts.picture(title, description, round(len(_ROWS) * pitch), drawn, "group")


def province(title: str, description: str, squares: Sequence[Square]) -> Markup:
    """Regions in the order in which they come, row by row."""
    width, height = WIDTH / _ABREAST, 46
    names = {square.name for square in squares}
    drawn = []
    for at, (square, level) in enumerate(_levelled(squares)):
        row, column = divmod(at, _ABREAST)
        box = (column * width + 1.5, row * height + 1.5, width - 3, height - 3.0)
        name = charts.shortened(_room_for(square.name, names), _NAME)
        drawn.append(_square(square, level, box, name, 12))
    rows = -(-len(squares) // _ABREAST)
    return charts.picture(title, description, rows * height, drawn, "group")


def _room_for(name: str, others: Collection[str]) -> str:
    """A name for a small square. A kota says so when a kabupaten beside it has the same name."""
    bare = name.removeprefix("Kab. ").removeprefix("Kota ")
    shown = name if f"Kab. {bare}" in others and name != f"Kab. {bare}" else bare
    return shown.replace("Kepulauan ", "Kep. ")


def levels(values: Sequence[float]) -> list[int]:
    """Which fifth each value belongs to, 1 to 5, equal ones to the same; 0 for nothing at all."""
    ranked = sorted({value for value in values if value > 0})
    place = {value: 1 + at * CLASSES // len(ranked) for at, value in enumerate(ranked)}
    return [place.get(value, 0) for value in values]


def short_name(code: str) -> str:
    """A region's name without what lies around it; a code that is known no more stays a code."""
    region = regions.find(code)
    return region.label.partition(",")[0] if region else code or "Indonesia"


def _levelled(squares: Sequence[Square]) -> list[tuple[Square, int]]:
    return list(zip(squares, levels([square.value for square in squares]), strict=True))


def _square(
    square: Square, level: int, box: tuple[float, float, float, float], name: str, size: int
) -> str:
    """A link; below the name stand as many dots as its level, for who sees no shades."""
    x, y, width, height = box
    opacity, ink = _SHADES[level]
    middle = x + width / 2
    dots = "".join(
        f'<circle cx="{middle + (dot - (level - 1) / 2) * 4.6:.1f}" cy="{y + height - 6:.1f}" '
        f'r="1.5" fill="{ink}"/>'
        for dot in range(level)
    )
    edge = "" if level else ' stroke-dasharray="3 3"'
    area = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="4"'
    said = escape(f"{square.name}: {square.text}")
    return (
        f'<a href="{escape(square.url)}" aria-label="{said}"><title>{said}</title>'
        f'<rect {area} fill="var(--card)" stroke="var(--edge)"{edge}/>'
        f'<rect {area} fill="var(--primary)" fill-opacity="{opacity}"/>'
        f'<text x="{middle:.1f}" y="{y + height / 2 + 2:.1f}" text-anchor="middle" '
        f'font-size="{size}" font-weight="600" fill="{ink}">{escape(name)}</text>{dots}</a>'
    )
