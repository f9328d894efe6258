"""Charts as SVG of our own: a tenth of a millisecond each, in the colours of the site.

They know no language: whoever draws one brings each figure in words too. Sizes are in a view box as
wide as a phone, so nothing runs over the edge of one; what a colour says, a sign or a pattern says
as well. A chart is a picture to assistive technology, and the page gives the same as a table.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10
from typing import Literal

from markupsafe import Markup, escape

WIDTH = 360
TEXT = 15  # pixels of letters, at the width of the view box
_LONGEST = 34  # letters of a label beside a figure
_ROW = 46
_PLOT = (54, 354, 36, 164)  # left, right, top, bottom of a line's plot

Tone = Literal["green", "yellow", "red"]
# Colour, the sign of the same state in site.css, and the pattern over the colour.
_TONES: dict[Tone, tuple[str, str, str]] = {
    "green": ("var(--green)", "✓", ""),
    "yellow": ("var(--yellow)", "~", "M0 8 8 0"),
    "red": ("var(--red)", "✕", "M0 4H8M4 0V8"),
}


@dataclass(frozen=True, slots=True)
class Point:
    """One figure: what it is of, how much, and how much in the reader's words.

    `second` is another figure of the same, such as how much of it is verified.
    """

    label: str
    value: float
    text: str
    second: float | None = None
    second_text: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole, with its share in words."""

    label: str
    value: float
    text: str
    tone: Tone


def bars(title: str, description: str, points: Sequence[Point]) -> Markup:
    """A bar for each figure, one below the other; one below zero goes to the left of zero."""
    if not points:
        return nothing(title, description)
    low, high = min(0.0, *(p.value for p in points)), max(0.0, *(p.value for p in points))
    scale = WIDTH / (high - low or 1)
    zero = -low * scale
    drawn = []
    for at, point in enumerate(points):
        top = at * _ROW
        length = abs(point.value) * scale
        begins = zero if point.value >= 0 else zero - length
        drawn.append(
            f'<text x="0" y="{top + 16}">{escape(shortened(point.label))}</text>'
            f'<text x="{WIDTH}" y="{top + 16}" text-anchor="end" font-weight="600">'
            f"{escape(point.text)}</text>"
            f'<rect y="{top + 23}" width="{WIDTH}" height="13" rx="3" fill="var(--sand)"/>'
            f'<rect x="{begins:.1f}" y="{top + 23}" width="{length:.1f}" height="13" rx="3" '
            f'fill="var(--primary)"><title>{escape(point.label)}: {escape(point.text)}</title>'
            "</rect>"
        )
    return picture(title, description, len(points) * _ROW, drawn)


def line(
    title: str,
    description: str,
    points: Sequence[Point],
    ticks: Callable[[float], str],
    names: tuple[str, str],
) -> Markup:
    """Figures over time from the left; `second` as a dashed line. `ticks` says a height in words.

    `names` are those of the line and of the dashed one.
    """
    if not points:
        return nothing(title, description)
    values = [p.value for p in points] + [p.second for p in points if p.second is not None]
    low, high = min(0.0, *values), max(0.0, *values)
    step = round_step((high - low) / 3)
    low, high = floor(low / step) * step, -floor(-(high or step) / step) * step
    places = _places(len(points))
    drawn = [*_grid(low, high, step, ticks), *_legend(names, points)]
    second = [(x, p.second) for x, p in zip(places, points, strict=True) if p.second is not None]
    drawn.append(_path(second, low, high, 'stroke="var(--amber)" stroke-dasharray="6 4"'))
    first = [(x, p.value) for x, p in zip(places, points, strict=True)]
    drawn.append(_path(first, low, high, 'stroke="var(--primary)"'))
    for (x, value), point in zip(first, points, strict=True):
        said = f"{point.text}; {point.second_text}" if point.second_text else point.text
        drawn.append(
            f'<circle cx="{x:.1f}" cy="{_height(value, low, high):.1f}" r="3.5" '
            f'fill="var(--primary)"><title>{escape(point.label)}: {escape(said)}</title></circle>'
        )
    return picture(title, description, 196, [*drawn, *_ends(points, places)])


def shares(title: str, description: str, parts: Sequence[Part]) -> Markup:
    """One bar of parts that make a whole, each with its sign, pattern and words below it."""
    whole = sum(max(part.value, 0) for part in parts)
    if not whole:
        return nothing(title, description)
    drawn, begins = [], 0.0
    for at, part in enumerate(parts):
        colour, sign, pattern = _TONES[part.tone]
        width = max(part.value, 0) / whole * WIDTH
        box = f'x="{begins:.1f}" width="{width:.1f}" height="34"'
        drawn.append(f'<rect {box} fill="{colour}"/>{_hatched(box, part.tone, pattern)}')
        top = 50 + at * 30
        swatch = f'x="0" y="{top}" width="20" height="20"'
        drawn.append(
            f'<rect {swatch} rx="4" fill="{colour}"/>'
            f'<text x="10" y="{top + 15}" text-anchor="middle" fill="var(--card)" '
            f'font-weight="700">{sign}</text>'
            f'<text x="28" y="{top + 15}">{escape(part.label)}</text>'
            f'<text x="{WIDTH}" y="{top + 15}" text-anchor="end" font-weight="600">'
            f"{escape(part.text)}</text>"
        )
        begins += width
    return picture(title, description, 50 + len(parts) * 30, drawn)


def nothing(title: str, description: str) -> Markup:
    """An empty chart that says why it is empty."""
    return picture(
        title,
        description,
        72,
        [
            '<g fill="none" stroke="var(--edge)" stroke-dasharray="6 6">',
            f'<rect x="1" y="1" width="{WIDTH - 2}" height="70" rx="10"/></g>',
            f'<text x="{WIDTH / 2}" y="41" text-anchor="middle">{escape(description)}</text>',
        ],
    )


def picture(
    title: str, description: str, height: int, drawn: Iterable[str], role: str = "img"
) -> Markup:
    """The frame of a chart; with links in it, its role is `group`. `drawn` is escaped already."""
    return Markup(  # noqa: S704 - every text in it went through escape()
        f'<svg role="{role}" viewBox="0 0 {WIDTH} {height}" width="100%" '
        f'font-size="{TEXT}" fill="var(--ink)" '
        f'aria-label="{escape(title)}. {escape(description)}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
        f"{''.join(drawn)}</svg>"
    )


def shortened(label: str, most: int = _LONGEST) -> str:
    """A label that fits, with an ellipsis where it was cut."""
    return label if len(label) <= most else f"{label[: most - 1].rstrip()}…"


def round_step(rough: float) -> float:
    """The next of 1, 2, 5, 10, 20 ... above: what people count in. Never less than one."""
    if rough <= 1:
        return 1.0
    magnitude = 10.0 ** floor(log10(rough))
    return next(f * magnitude for f in (1, 2, 5, 10) if f * magnitude >= rough)


def _height(value: float, low: float, high: float) -> float:
    _left, _right, top, bottom = _PLOT
    return bottom - (value - low) / (high - low) * (bottom - top)


def _places(count: int) -> list[float]:
    left, right, _top, _bottom = _PLOT
    if count == 1:
        return [(left + right) / 2]
    return [left + at * (right - left) / (count - 1) for at in range(count)]


def _grid(low: float, high: float, step: float, ticks: Callable[[float], str]) -> list[str]:
    drawn, left = [], _PLOT[0] - 6
    for at in range(round((high - low) / step) + 1):
        value = low + at * step
        y = _height(value, low, high)
        drawn.append(
            f'<path d="M{left} {y:.1f}H{WIDTH}" stroke="var(--line)"/>'
            f'<text y="{y + 5:.1f}" font-size="13" fill="var(--soft)">{escape(ticks(value))}</text>'
        )
    return drawn


def _legend(names: tuple[str, str], points: Sequence[Point]) -> list[str]:
    drawn = [
        '<path d="M0 11H22" stroke="var(--primary)" stroke-width="2.5"/>',
        f'<text x="28" y="16">{escape(names[0])}</text>',
    ]
    if any(point.second is not None for point in points):
        drawn.append(
            f'<path d="M{WIDTH / 2} 11h22" stroke="var(--amber)" stroke-width="2.5" '
            'stroke-dasharray="6 4"/>'
            f'<text x="{WIDTH / 2 + 28}" y="16">{escape(names[1])}</text>'
        )
    return drawn


def _path(line: Sequence[tuple[float, float]], low: float, high: float, stroke: str) -> str:
    if len(line) < 2:
        return ""
    at = [f"{x:.1f} {_height(value, low, high):.1f}" for x, value in line]
    return f'<path d="M{" L".join(at)}" fill="none" stroke-width="2.5" {stroke}/>'


def _ends(points: Sequence[Point], places: Sequence[float]) -> list[str]:
    """The first and the last label, and the middle one where there is room for it."""
    last = len(points) - 1
    shown = dict.fromkeys((0, last // 2, last) if last > 3 else range(last + 1))
    drawn = []
    for at in shown:
        side = "middle" if 0 < at < last or not last else "start" if at == 0 else "end"
        x = {"start": _PLOT[0] - 6, "middle": places[at], "end": WIDTH}[side]
        drawn.append(
            f'<text x="{x:.1f}" y="188" text-anchor="{side}" font-size="13" '
            f'fill="var(--soft)">{escape(points[at].label)}</text>'
        )
    return drawn


def _hatched(box: str, name: str, pattern: str) -> str:
    if not pattern:
        return ""
    return (
        f'<pattern id="hatch-{name}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<path d="{pattern}" stroke="var(--card)" stroke-width="1.5"/></pattern>'
        f'<rect {box} fill="url(#hatch-{name})"/>'
    )


def extremes(points: Sequence[Point]) -> tuple[Point, Point] | None:
    """The lowest and the highest, for a description; None when there is none, or all are equal."""
    ordered = sorted(points, key=lambda point: point.value)
    differ = any(a.value != b.value for a, b in pairwise(ordered))
    return (ordered[0], ordered[-1]) if differ else None
