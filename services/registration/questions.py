"""A meeting's own questions: who is asked which, and whether an answer is one.

An answer is stored by the question's key, in `Registration.answers`; the field of a form is
`q_<key>`. Hosts edit them by `question_editing.py`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from services.registration.hosting_schemas import read_day
from services.registration.models import Question
from services.registration.schemas import Note, Paragraph
from shared.web import formats
from shared.web import gettext_noop as _
from shared.web.errors import FALLBACK, MESSAGES, explain

Say = Callable[[str], str]

TEXT_MOST = 300  # characters, unless the question says less
LONG_TEXT_MOST = 2000

WRONG: dict[str, str] = {
    "required": _("Pertanyaan ini wajib dijawab."),
    "number": _("Isi angka saja. Contoh: 12 atau 12,5"),
    "date": _("Isi tanggal yang lengkap. Contoh: 17/08/2027"),
    "file": _("Berkas ini belum kami terima. Pilih lagi berkasnya."),
    "option": _("Pilih dari daftar jawaban."),
    "least_number": _("Paling kecil {limit}."),
    "most_number": _("Paling besar {limit}."),
    "least_date": _("Paling awal {limit}."),
    "most_date": _("Paling akhir {limit}."),
    "least_text": _("Paling sedikit {limit} huruf."),
    "most_text": _("Paling banyak {limit} huruf."),
    "least_several": _("Pilih paling sedikit {limit}."),
    "most_several": _("Pilih paling banyak {limit}."),
}

_TEXT: dict[str, TypeAdapter[str]] = {
    "text": TypeAdapter(Note),
    "long_text": TypeAdapter(Paragraph),
}


class _Wrong(Exception):
    """No answer to this question: a key of `WRONG`, and the limit it names; or pydantic's error."""

    def __init__(self, code: str, limit: Any = "", error: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code, self.limit, self.error = code, limit, error


def asked(
    session: Session | Connection, meeting_id: UUID, participant_type: str | None = None
) -> list[Question]:
    """The questions for participants of a type, or with none all of them, in order.

    They are copies: changing one changes nothing.
    """
    table = Question.__table__
    query = (
        select(table).where(table.c.meeting_id == meeting_id).order_by(table.c.position, table.c.id)
    )
    questions = [Question(**row) for row in session.execute(query).mappings()]
    return [each for each in questions if not participant_type or is_for(each, participant_type)]


def is_for(question: Question, participant_type: str) -> bool:
    """Whether participants of this type are asked."""
    return not question.participant_types or participant_type in question.participant_types


def left(questions: Sequence[Question], participant_type: str, answers: Mapping[str, Any]) -> int:
    """How many questions must be answered by somebody with these answers, and are not.

    Who was registered by somebody else was asked none; a host may add some after people came.
    """
    return sum(
        each.required
        and each.key not in answers
        and is_for(each, participant_type)
        and is_shown(each, answers)
        for each in questions
    )


def is_shown(question: Question, answers: Mapping[str, Any]) -> bool:
    """Whether a question is asked after these answers to the earlier ones."""
    if not question.show_if:
        return True
    answer = answers.get(question.show_if["key"])
    given = answer if isinstance(answer, list) else [answer]
    return any(value in question.show_if["values"] for value in given)


def field_name(key: str) -> str:
    """What the question's field is called in a form."""
    return f"q_{key}"


def typed(questions: Sequence[Question], data: FormData) -> dict[str, Any]:
    """What a form holds for these questions, by key, as `check` wants it.

    Files are left out: whoever keeps them adds the id of the upload (kind `answer:<key>`).
    """
    raw: dict[str, Any] = {}
    for question in questions:
        given = [text for text in data.getlist(field_name(question.key)) if isinstance(text, str)]
        if question.type == "several":
            raw[question.key] = given
        elif given and question.type != "file":
            raw[question.key] = given[-1]
    return raw


def form_values(raw: Mapping[str, Any]) -> dict[str, str]:
    """Answers by key, stored or only typed, as the values of a form by field name."""
    return {
        field_name(key): " ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in raw.items()
        if value is not None
    }


def check(
    questions: Sequence[Question], raw: Mapping[str, Any], say: Say
) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers as they are stored, by key, and what is wrong, by field name, as a sentence.

    `raw` is by key, see `typed`; a program sends numbers and lists as JSON has them. Answers to
    questions that are not shown are dropped, and so are empty ones. A file's answer is the id of
    its upload; that it belongs to this person is for the caller to see.
    """
    answers: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for question in questions:
        if not is_shown(question, answers):
            continue
        try:
            value = _answer(question, raw.get(question.key))
        except _Wrong as wrong:
            errors[field_name(question.key)] = _told(wrong, say)
            continue
        if value not in (None, "", []):
            answers[question.key] = value
    for key in raw.keys() - {question.key for question in questions}:
        errors[field_name(key)] = say(MESSAGES["extra_forbidden"])
    return answers, errors


def shown_answer(question: Question, answer: Any, language: formats.Language) -> str:
    """An answer as a reader should see it: labels of options, a date in words."""
    if question.type in {"choice", "several"}:
        labels = {option["value"]: option_label(option, language) for option in question.options}
        given = answer if isinstance(answer, list) else [answer]
        return ", ".join(labels.get(value, str(value)) for value in given)
    if question.type == "date":
        return formats.date(date.fromisoformat(answer), lang=language)
    return formats.number(answer, lang=language) if question.type == "number" else str(answer)


def option_label(option: Mapping[str, Any], language: formats.Language) -> str:
    """An option in the reader's language, as far as the host wrote it."""
    translated = option.get("label_en") if language == "en" else ""
    return str(translated or option["label"])


def parse_number(text: str) -> int | float | None:
    """12, 12,5, 12.5 or 1.234,5, as people write it; None if it is no number."""
    text = text.strip().replace(" ", "")
    if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]{1,4})?", text):
        text = text.replace(".", "")
    if not re.fullmatch(r"-?[0-9]{1,12}([.,][0-9]{1,4})?", text):
        return None
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else number


def _answer(question: Question, given: Any) -> Any:
    value = _READ[question.type](question, given)
    if value in (None, "", []) and question.required:
        raise _Wrong("required")
    return value


def _told(wrong: _Wrong, say: Say) -> str:
    if wrong.error:
        return explain(wrong.error, say)
    return say(WRONG.get(wrong.code, FALLBACK)).replace("{limit}", str(wrong.limit))


def _read_text(question: Question, given: Any) -> str | None:
    if given is None:
        return None
    try:
        text = _TEXT[question.type].validate_python(given, strict=True)
    except ValidationError as error:
        raise _Wrong("text", error=dict(error.errors()[0])) from error
    if text:
        _within(question, len(text), "text")
    return text


def _read_number(question: Question, given: Any) -> int | float | None:
    if given is None or given == "":
        return None
    plain = isinstance(given, int | float) and not isinstance(given, bool)
    number = parse_number(str(given)) if plain or isinstance(given, str) else None
    if number is None:
        raise _Wrong("number")
    _within(question, number, "number")
    return number


def _read_date(question: Question, given: Any) -> str | None:
    if given is None or given == "":
        return None
    day = read_day(given) if isinstance(given, str) else None
    if day is None:
        raise _Wrong("date")
    _within(question, day, "date")
    return day.isoformat()


def _read_choice(question: Question, given: Any) -> str | None:
    if given is None or given == "":
        return None
    if given not in [option["value"] for option in question.options]:
        raise _Wrong("option")
    return str(given)


def _read_several(question: Question, given: Any) -> list[str]:
    chosen = given if isinstance(given, list) else [] if given in (None, "") else [given]
    values = [option["value"] for option in question.options]
    if any(value not in values for value in chosen):
        raise _Wrong("option")
    if chosen:
        _within(question, len(set(chosen)), "several")
    return [value for value in values if value in chosen]


def _read_file(_question: Question, given: Any) -> str | None:
    if given is None or given == "":
        return None
    try:
        return str(UUID(given))
    except (ValueError, AttributeError, TypeError) as error:
        raise _Wrong("file") from error


def _within(question: Question, value: Any, what: str) -> None:
    least, most = (question.rules.get(name) for name in ("min", "max"))
    if what == "date":
        least, most = (date.fromisoformat(limit) if limit else None for limit in (least, most))
    if least is not None and value < least:
        raise _Wrong(f"least_{what}", _limit(least))
    if most is not None and value > most:
        raise _Wrong(f"most_{what}", _limit(most))


def _limit(limit: Any) -> str:
    return f"{limit:%d/%m/%Y}" if isinstance(limit, date) else formats.number(limit)


_READ: dict[str, Callable[[Question, Any], Any]] = {
    "text": _read_text,
    "long_text": _read_text,
    "number": _read_number,
    "date": _read_date,
    "choice": _read_choice,
    "several": _read_several,
    "file": _read_file,
}
