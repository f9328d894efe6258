"""What a message says: the templates in `templates/mail`, filled in.

One folder per template, one file per part and language, so that each file can be read and changed
as a whole by somebody who is no programmer: `subject.id.txt`, `text.id.txt`, `html.id.html`,
`sms.id.txt`, and the same in English.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifications.providers.base import Channel
from shared.web.formats import Language

# Signs outside GSM-7, one of which would halve what fits an SMS, and what a typist puts for them.
_TYPED = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "..."})
_TEMPLATES = Path(__file__).parent / "templates" / "mail"


@dataclass(frozen=True, slots=True)
class Contents:
    """An SMS has a text only."""

    text: str
    subject: str | None = None
    html: str | None = None


def render(
    template: str, channel: Channel, language: Language, values: Mapping[str, Any]
) -> Contents:
    """Fill in a template. Raises Jinja's `UndefinedError` for a value that is not there."""

    def part(name: str) -> str:
        return _environment().get_template(f"{template}/{name}").render(values, lang=language)

    if channel == "sms":
        return Contents(_one_line(part(f"sms.{language}.txt")).translate(_TYPED))
    return Contents(
        text=part(f"text.{language}.txt"),
        subject=_one_line(part(f"subject.{language}.txt")),
        html=part(f"html.{language}.html"),
    )


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
