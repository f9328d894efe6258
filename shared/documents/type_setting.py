"""Type on paper: the font, what it can print, and how text fits a width.

The font is Bitstream Vera, which reportlab ships and whose licence allows embedding. It is set
at 90 % width: Vera is drawn for screens and too broad for a table. The serif is Times, which
every PDF reader brings along; what Times cannot print is set in Vera.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

import reportlab
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from shared.documents.common import one_line

REGULAR, BOLD = "Vera", "VeraBd"
SERIF, SERIF_BOLD, SERIF_ITALIC = "Times-Roman", "Times-Bold", "Times-Italic"
CONDENSED = 90
"""Horizontal scale of Vera in percent; every width here counts it in."""

INK = HexColor("#1d2a2f")
TEAL = HexColor("#0b5d5b")
SLATE = HexColor("#5a676c")
RULE = HexColor("#b9c1c2")
FAINT = HexColor("#dce1e1")
TINT = HexColor("#edf3f2")


@cache
def register_fonts() -> None:
    """Make the fonts known to reportlab, once in a process."""
    rl_config.useA85 = 0  # no seven-bit channel has to be crossed: a fifth off size and time
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))


def horizontal_scale(font: str) -> int:
    """In percent."""
    return CONDENSED if font in {REGULAR, BOLD} else 100


def width(text: str, font: str, size: float) -> float:
    """Width in points as printed."""
    return float(pdfmetrics.stringWidth(text, font, size)) * horizontal_scale(font) / 100


# --- what the font can print ---------------------------------------------------------------

# Letters that do not decompose; the half rings stand for hamza and ain in Arabic names.
_FOLDED = {
    "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ŋ": "ng", "Ŋ": "Ng",
    "ʻ": "‘", "ʼ": "’", "ʾ": "’", "ʿ": "‘", "ʹ": "'", "\u2010": "-", "\u2011": "-", "\u2007": " ",
    "\u202f": " ", "−": "-",
}  # fmt: skip


class _Printable(dict[int, str]):
    """For `str.translate`: learns each character once."""

    def __missing__(self, code: int) -> str:
        glyphs: dict[int, int] = cast("TTFont", pdfmetrics.getFont(REGULAR)).face.charToGlyph
        self[code] = found = _nearest(chr(code), glyphs)
        return found


def _nearest(char: str, glyphs: dict[int, int]) -> str:
    if unicodedata.category(char) in {"Cf", "Mn"}:  # a soft hyphen, a mark on its own
        return ""
    if glyphs.get(ord(char)):  # Vera maps Đ, but to glyph 0, the empty box
        return char
    folded = _FOLDED.get(char) or unicodedata.normalize("NFKD", char)
    kept = "".join(part for part in folded if glyphs.get(ord(part)))
    return kept or "?"


_printable = _Printable()


def printable(text: str) -> str:
    """One line of text in the letters the font has: Šimić stays, Raḥmān prints as Rahman.

    Vera holds Latin-1 and a little more. What has no Latin letter at all prints as "?", so that
    the reader sees that something stood there; XLSX and CSV have every character.
    """
    register_fonts()
    return unicodedata.normalize("NFC", one_line(text)).translate(_printable)


# --- fitting ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Style:
    """How a text may be set: sizes in points from the best down, each with its most lines."""

    font: str
    steps: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Text that fits: its lines, all of one size."""

    lines: tuple[str, ...]
    font: str
    size: float

    @property
    def leading(self) -> float:
        """Points from one baseline to the next."""
        return self.size * 1.2

    @property
    def height(self) -> float:
        """Points from the top of the first line to the bottom of the last."""
        return len(self.lines) * self.leading


@lru_cache(maxsize=4096)  # institutions and positions repeat; names pass through
def fit(text: str, style: Style, room: float) -> Block:
    """Set a text within `room` points: wrap, then shrink, then break words.

    Only a text too long for all the lines of the smallest size is cut, with an ellipsis.
    """
    shown = printable(text)
    font, share = _font_for(shown, style.font)
    last = len(style.steps) - 1
    for step, (best, most_lines) in enumerate(style.steps):
        size = best * share
        lines, broken = _wrap(shown, font, size, room)
        if step == last or (len(lines) <= most_lines and not broken):
            break
    if len(lines) > most_lines:
        lines = [*lines[: most_lines - 1], _ellipsis(lines[most_lines - 1], font, size, room)]
    return Block(tuple(lines), font, size)


_STAND_INS = {SERIF: REGULAR, SERIF_BOLD: BOLD, SERIF_ITALIC: REGULAR}
_STAND_IN_SHARE = 0.85  # of the size: Vera looks that much larger than Times


def _font_for(shown: str, font: str) -> tuple[str, float]:
    """The wanted font, or the one that stands in for it, and the share of the size to set it in.

    A PDF reader's Times holds the letters of Windows-1252: Šimon stays in it, Šimić goes to Vera.
    """
    if font in _STAND_INS:
        try:
            shown.encode("cp1252")
        except UnicodeEncodeError:
            return _STAND_INS[font], _STAND_IN_SHARE
    return font, 1


def _wrap(text: str, font: str, size: float, room: float) -> tuple[list[str], bool]:
    """Lines, and whether a word had to be broken."""
    if width(text, font, size) <= room:
        return ([text] if text else []), False
    lines: list[str] = []
    current, broken = "", False
    for word in text.split(" "):
        joined = f"{current} {word}" if current else word
        if width(joined, font, size) <= room:
            current = joined
            continue
        if current:
            lines.append(current)
        current = word
        while width(current, font, size) > room:
            broken = True
            taken = _longest_start(current, font, size, room)
            lines.append(current[:taken])
            current = current[taken:]
    return [*lines, current], broken


def _longest_start(word: str, font: str, size: float, room: float) -> int:
    """How many letters fit; breaks after / - _ . @ if one of them lies in the last third."""
    taken = 1
    while taken < len(word) and width(word[: taken + 1], font, size) <= room:
        taken += 1
    for end in range(taken, taken * 2 // 3, -1):
        if word[end - 1] in "/-_.@":
            return end
    return taken


def _ellipsis(line: str, font: str, size: float, room: float) -> str:
    while line and width(line + "…", font, size) > room:
        line = line[:-1]
    return line.rstrip() + "…"
