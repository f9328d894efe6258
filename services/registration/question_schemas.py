"""What a host fills in for an extra question."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.registration.hosting_schemas import StrictForm
from services.registration.schemas import Note
from shared.events import ParticipantType


class Option(StrictForm):
    """One answer to choose."""

    value: str
    label: Annotated[Note, Field(min_length=1)]
    label_en: Note = ""


def _options(value: object) -> object:
    """One option a line: label, then a bar and its English."""
    if not isinstance(value, str):
        return value
    parted = [line.partition("|") for line in value.splitlines() if line.strip(" |")]
    return [
        {"value": "", "label": label.strip(), "label_en": english.strip()}
        for label, _, english in parted
    ]


Options = Annotated[list[Option], Field(default_factory=list)]
Pair = Annotated[str, StringConstraints(max_length=100)]
QuestionType = Literal["text", "long_text", "number", "date", "choice", "several", "file"]


class QuestionForm(StrictForm):
    """One extra question. `least` and `most` are a number, a date, a length, or how many.

    `show_if` is `<key>=<value>` pairs of one earlier question.
    """

    type: QuestionType
    label: Annotated[Note, Field(min_length=3)]
    label_en: Note = ""
    hint: Note = ""
    hint_en: Note = ""
    required: bool = False
    options: Annotated[Options, BeforeValidator(_options), Field(max_length=30)]
    least: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)] = ""
    most: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)] = ""
    show_if: Annotated[list[Pair], Field(default_factory=list)]
    participant_types: Annotated[list[ParticipantType], Field(default_factory=list)]

    @model_validator(mode="after")
    def _has_options(self) -> Self:
        wants = self.type in {"choice", "several"}
        labels = [option.label.casefold() for option in self.options]
        if wants and len(set(labels)) < max(2, len(labels)):
            raise PydanticCustomError("options", "fewer than two different options")
        return self
