"""What a message says: a template's wording, filled in.

One folder per template in `templates/mail`, one file per part and language, so that each can be
read and changed as a whole by somebody who is no programmer: `subject.id.txt`, `text.id.txt`,
`html.id.html`, `sms.id.txt`, `whatsapp.id.txt`, and the same in English. `sample.json` names all
that a part may print. Officials may publish other parts in their place (`templates`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import (
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
    select_autoescape,
)
from jinja2.runtime import BlockReference, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications.intents import one_line
from services.notifications.models import TemplateVersion
from services.notifications.providers.base import Channel
from services.notifications.rules import ALL, GOES_AGAIN
from services.notifications.settings import settings
from shared.web.formats import Language

LANGUAGES: tuple[Language, ...] = ("id", "en")
PARTS = {"subject": "txt", "text": "txt", "html": "html", "sms": "txt", "whatsapp": "txt"}
MOST_FILLED = 300_000  # characters of a part that is filled in: many times what a mail has

# Signs outside GSM-7, one of which would halve what fits an SMS, and what a typist puts for them.
_TYPED = str.maketrans({"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "..."})
_TEMPLATES = Path(__file__).parent / "templates" / "mail"


# How filling in a wording fails that is not fit for its values.
FAILURES = (
    *(TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError),
    *(AssertionError, SyntaxError, RecursionError, MemoryError),
)


class TooLong(TemplateError):
    """A part that is filled in has more than `MOST_FILLED` characters."""


class TemplateNotFound(LookupError):
    """No template has this name, or no version of it this number."""


@dataclass(frozen=True, slots=True)
class Contents:
    """An SMS has a text only; a WhatsApp message also what fills the slots of its template."""

    text: str
    subject: str | None = None
    html: str | None = None
    parameters: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a WhatsApp text that is filled with a value."""

    name: str


class Wording:
    """All parts of one template, by file name, ready to be filled in.

    `version` is None for what stands in the repository.
    """

    def __init__(self, parts: Mapping[str, str], version: int | None = None) -> None:
        self.parts = parts
        self.version = version
        self.environment = _environment(parts)
        self._slots: dict[str, list[str | Slot]] = {}

    def render(self, channel: Channel, language: Language, values: Mapping[str, Any]) -> Contents:
        """Fill in the parts for a channel. Raises Jinja's `TemplateError`.

        `UndefinedError` is the one for a value that is not there.
        """
        if channel == "whatsapp":
            return self._whatsapp(language, values)
        if channel == "sms":
            return Contents(one_line(self.part("sms", language, values)).translate(_TYPED))
        text = self.part("text", language, values)
        return Contents(
            text=f"{text}\n\n{self._fill(f'foot.{language}.txt', language, values)}",
            subject=one_line(self.part("subject", language, values)),
            html=self.part("html", language, values),
        )

    def part(self, name: str, language: Language, values: Mapping[str, Any]) -> str:
        """One part, filled in as it stands. Raises Jinja's `TemplateError`."""
        return self._fill(file_name(name, language), language, values)

    def slots(self, language: Language) -> list[str | Slot]:
        """The WhatsApp text in pieces. Raises `TemplateSyntaxError` when there is more in it."""
        name = file_name("whatsapp", language)
        if name not in self._slots:
            self._slots[name] = list(pieces(self.environment.parse(self.parts[name], name)))
        return self._slots[name]

    def _fill(self, name: str, language: Language, values: Mapping[str, Any]) -> str:
        chunks, length = [], 0
        # Nobody is asked to answer where nobody reads the answer.
        always = {"lang": language, "replies": bool(settings().mail_reply_to)}
        for chunk in self.environment.get_template(name).generate(values, **always):
            chunks.append(chunk)
            length += len(chunk)
            if length > MOST_FILLED:
                raise TooLong(f"more than {MOST_FILLED} characters")
        return "".join(chunks)  # not added up: to safe HTML what stands before it is unsafe

    def _whatsapp(self, language: Language, values: Mapping[str, Any]) -> Contents:
        text, parameters = "", []
        for piece in self.slots(language):
            if isinstance(piece, Slot):
                if piece.name not in values:
                    raise UndefinedError(f"{piece.name!r} is undefined")
                # Meta refuses a message with a line break, a tab, four spaces or nothing in a slot.
                parameters.append(one_line(str(values[piece.name])) or "-")
                text += parameters[-1]
            else:
                text += piece
        return Contents(text, parameters=tuple(parameters))


def file_name(part: str, language: Language) -> str:
    """Where a part stands in its template's folder."""
    return f"{part}.{language}.{PARTS[part]}"


FILES = tuple(file_name(part, language) for language in LANGUAGES for part in PARTS)


def names() -> list[str]:
    """Every template."""
    return sorted(path.parent.name for path in _TEMPLATES.glob(f"*/{FILES[0]}"))


@cache
def base(template: str) -> Wording:
    """What stands in the repository. Raises `TemplateNotFound`."""
    if template not in names():
        raise TemplateNotFound(template)
    folder = _TEMPLATES / template
    return Wording(
        {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.name in FILES}
    )


def sample(template: str, language: Language) -> dict[str, Any]:
    """Made-up values that fill a template; their names are all that it may print.

    Raises `TemplateNotFound`.
    """
    if template not in names():
        raise TemplateNotFound(template)
    file = (_TEMPLATES / template / "sample.json").read_text()
    found: dict[str, Any] = json.loads(file.replace("{base_url}", settings().base_url))[language]
    if any(rule.template == template and rule.work_class not in GOES_AGAIN for rule in ALL):
        # All of these classes can be stopped, by a link that no template has to know.
        found["preferences"] = f"{settings().base_url}/notifications/preferences/contoh.contoh"
    return found


# The newest published version of each template, compiled. It never changes, so that its id alone
# tells whether it still is the one: that is asked once for each set of messages, of an index of a
# few rows, and no process says for a moment longer what somebody has just corrected.
_published: dict[str, tuple[UUID, Wording]] = {}


def in_use(session: Session, template: str) -> Wording:
    """What is sent now: the published version, or what stands in the repository.

    Raises `TemplateNotFound`.
    """
    is_published = (TemplateVersion.template == template, TemplateVersion.state == "published")
    version_id = session.scalar(select(TemplateVersion.id).where(*is_published))
    if version_id is None:
        return base(template)
    kept = _published.get(template)
    if kept is None or kept[0] != version_id:
        version = session.get_one(TemplateVersion, version_id)
        # What the repository has got since then is not missing in it.
        parts = {**base(template).parts, **version.parts}
        kept = _published[template] = (version_id, Wording(parts, version.number))
    return kept[1]


def pieces(tree: nodes.Template) -> list[str | Slot]:
    """Texts and slots of a WhatsApp part. Raises `TemplateSyntaxError` for all that is neither.

    The text is approved by Meta once, with numbers in place of the slots; nothing else can vary.
    """
    found: list[str | Slot] = []
    for statement in tree.body:
        if not isinstance(statement, nodes.Output):
            raise TemplateSyntaxError("only {{ name }} is possible here", statement.lineno)
        for node in statement.nodes:
            if isinstance(node, nodes.TemplateData):
                found.append(node.data)
            elif isinstance(node, nodes.Name):
                found.append(Slot(node.name))
            else:
                raise TemplateSyntaxError("only {{ name }} is possible here", node.lineno)
    return found


def macros(file: str) -> dict[str, tuple[str, ...]]:
    """The building blocks that a file of the frame exports, with the names of their arguments."""
    tree = _environment({}).parse((_TEMPLATES / file).read_text(), file)
    return {
        node.name: tuple(argument.name for argument in node.args)
        for node in tree.body
        if isinstance(node, nodes.Macro)
    }


class _Environment(ImmutableSandboxedEnvironment):
    """Nothing can be called but building blocks, whatever a check has overlooked."""

    def is_safe_callable(self, obj: object) -> bool:
        return isinstance(obj, Macro | BlockReference)


def _environment(parts: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    environment = _Environment(
        loader=ChoiceLoader([DictLoader(parts), FileSystemLoader(_TEMPLATES)]),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.clear()
    return environment
