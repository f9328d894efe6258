"""Shapes of templates, over HTTP and in forms."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from shared.web.formats import Language

MOST = 20_000


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")  # forms send the former


# PostgreSQL refuses NUL.
Source = Annotated[
    str, StringConstraints(max_length=MOST, pattern=r"^[^\x00]*$"), AfterValidator(_lines)
]
Number = Annotated[int, Field(ge=0, le=1_000_000)]


class PartsForm(BaseModel):
    """All parts of one language, as typed."""

    subject: Source
    text: Source
    html: Source
    sms: Source
    whatsapp: Source


class TemplateSummary(BaseModel):
    """A template. Version 0 is what stands in the repository."""

    name: str
    version: int = Field(description="The one in use")
    draft: int | None


class TemplateList(BaseModel):
    """Every template."""

    items: list[TemplateSummary]


class VersionSummary(BaseModel):
    """A version in the history."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    state: str = Field(description="draft, published or retired")
    author: str
    changed_at: AwareDatetime
    published_at: AwareDatetime | None
    published_by: str | None
    retired_at: AwareDatetime | None
    retired_by: str | None
    restored_from: int | None


class TemplateDetail(TemplateSummary):
    """A template with its history, newest first, and what it may print."""

    variables: list[str]
    history: list[VersionSummary]


class ProblemDetail(BaseModel):
    """Something wrong with a part; `line` 0 is the part as a whole."""

    part: str
    line: int
    code: str
    message: str
    warning: bool


class WhatsAppText(BaseModel):
    """A text to have approved by Meta, under the name of the template."""

    name: str
    language: Language
    body: str


class VersionDetail(BaseModel):
    """One version's parts, by file name, and what is wrong with them."""

    number: int
    changed_at: AwareDatetime | None = Field(description="Null for the repository's")
    parts: dict[str, str]
    problems: list[ProblemDetail]
    whatsapp: list[WhatsAppText]


class DraftBegin(BaseModel):
    """Which version a draft begins with."""

    version: Number


class DraftParts(BaseModel):
    """Parts to change, by file name, of the draft as it was at `changed_at`."""

    parts: dict[str, Source] = Field(max_length=20)
    changed_at: AwareDatetime


class Seen(BaseModel):
    """The draft as it was looked at."""

    changed_at: AwareDatetime
