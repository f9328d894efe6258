"""The QR of a ticket, for pages and mails; papers draw the same modules themselves.

Nothing here needs reportlab, so that a page that shows a ticket starts light.
"""

from collections.abc import Iterator
from html import escape
from io import BytesIO

import segno

QUIET = 4
"""Blank modules that ISO/IEC 18004 wants around a code."""

Run = tuple[int, int, int]


def _code(text: str) -> segno.QRCode:
    # level M: a quarter of the phones at a desk meet creased or shiny paper
    return segno.make_qr(text, error="m")


def qr_runs(text: str) -> tuple[int, list[Run]]:
    """Modules along a side, quiet zone left out, and the dark ones as runs (column, row, length).

    Rows count from the top.
    """
    matrix = _code(text).matrix
    return len(matrix), [run for row, line in enumerate(matrix) for run in _runs(line, row)]


def _runs(line: bytearray, row: int) -> Iterator[Run]:
    start = 0
    while (start := line.find(1, start)) >= 0:
        end = line.find(0, start)
        end = len(line) if end < 0 else end
        yield start, row, end - start
        start = end


def qr_svg(text: str, title: str = "Kode QR") -> str:
    """Inline SVG without a size of its own: the page's `.qr` says how large; white in dark mode.

    Colours are attributes, not styles, which the CSP forbids.
    """
    side, runs = qr_runs(text)
    whole = side + 2 * QUIET
    dark = "".join(f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z" for x, y, length in runs)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="qr" role="img" shape-rendering="crispEdges"'
        f' viewBox="0 0 {whole} {whole}"><title>{escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{whole}v{whole}H0z"/><path fill="#000" d="{dark}"/></svg>'
    )


def qr_png(text: str, scale: int = 6) -> bytes:
    """A picture of `scale` pixels a module, for mails, whose readers show no SVG."""
    file = BytesIO()
    _code(text).save(file, kind="png", scale=scale, border=QUIET)
    return file.getvalue()
