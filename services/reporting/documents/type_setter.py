"""Narrative papers by Typst, in a process of its own: it keeps every document it made in memory.

`python -m services.reporting.documents.type_setter FOLDER TEMPLATE OUT` is that process.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

HERE = Path(__file__).parent
LONGEST_S = 240
# What the charts are drawn in on the site, in daylight; paper has no custom properties.
_COLOURS = {
    "ink": "#1d2a2f",
    "soft": "#566268",
    "card": "#ffffff",
    "sand": "#f3efe6",
    "line": "#e4ddcf",
    "edge": "#858c87",
    "primary": "#0b5d5b",
    "on-primary": "#ffffff",
    "amber": "#c7791a",
    "green": "#2f7d4f",
    "yellow": "#b98900",
    "red": "#b3372f",
}


class NotSet(Exception):
    """Typst refused the document, which is a fault of ours."""


def write_paper(
    path: Path, template: str, facts: Mapping[str, Any], pictures: Mapping[str, str]
) -> None:
    """Set a template with its facts and pictures (SVG by name). Raises `NotSet`."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "facts.json").write_text(json.dumps(facts, default=str), encoding="utf-8")
        for picture, svg in pictures.items():
            (folder / f"{picture}.svg").write_text(for_paper(svg), encoding="utf-8")
        (folder / "main.typ").write_bytes((HERE / template).read_bytes())
        command = [sys.executable, "-m", __name__, str(folder), str(path)]
        done = subprocess.run(command, capture_output=True, timeout=LONGEST_S, check=False)
    if done.returncode:
        raise NotSet(done.stderr.decode(errors="replace")[-2000:])


def for_paper(svg: str) -> str:
    """A chart of ours as a file: its name space, real colours, a font that is there."""
    for name, colour in _COLOURS.items():
        svg = svg.replace(f"var(--{name})", colour)
    svg = svg.replace("✕", "×")  # the one sign that the font does not have
    head = '<svg xmlns="http://www.w3.org/2000/svg" font-family="Bitstream Vera Sans" '
    return svg.replace("<svg ", head, 1).replace(' width="100%"', "", 1)


def _set(folder: str, out: str) -> None:
    # The fonts that reportlab ships, so that every machine sets the same; none of the system's.
    import reportlab  # only here: the parent has no use for it

    fonts = Path(reportlab.__file__).parent / "fonts"
    typst.compile(
        str(Path(folder) / "main.typ"),
        output=out,
        font_paths=[str(fonts)],
        ignore_system_fonts=True,
        format="pdf",
    )


if __name__ == "__main__":
    _set(*sys.argv[1:])
