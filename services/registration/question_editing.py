"""How a host writes a meeting's own questions, and what stays as it is once they are answered."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import audit
from services.registration.audit import Change
from services.registration.hosting_schemas import read_day
from services.registration.models import Meeting, Question
from services.registration.question_schemas import Option, QuestionForm
from services.registration.questions import LONG_TEXT_MOST, TEXT_MOST, parse_number
from shared.names import plain_name
from shared.security import Caller

MOST = 40  # questions of one meeting: nobody answers more
KEY_LENGTH = 30
FIELDS = (
    *("type", "label", "label_en", "hint", "hint_en", "required"),
    *("options", "rules", "show_if", "participant_types"),
)

_ANSWERED = text("""
    SELECT key, count(*) FROM registration, jsonb_object_keys(answers) AS given(key)
    WHERE meeting_id = :meeting_id GROUP BY key""")
_CHOSEN = text("""
    SELECT DISTINCT jsonb_array_elements_text(CASE jsonb_typeof(answers -> :key)
        WHEN 'array' THEN answers -> :key ELSE jsonb_build_array(answers -> :key) END)
    FROM registration WHERE meeting_id = :meeting_id AND answers ? :key""")


class QuestionNotFound(LookupError):
    """The meeting has no question with this id."""


class BadQuestion(Exception):
    """The question cannot be as it was written: by field, a key of the page's words."""

    def __init__(self, **errors: str) -> None:
        super().__init__(str(errors))
        self.errors = errors


def of(session: Session, meeting_id: UUID) -> list[Question]:
    """All questions of a meeting in order, to be changed."""
    query = select(Question).where(Question.meeting_id == meeting_id)
    return list(session.scalars(query.order_by(Question.position, Question.id)))


def find(session: Session, meeting: Meeting, question_id: UUID) -> Question:
    """One question of this meeting. Raises `QuestionNotFound`."""
    found = session.get(Question, question_id)
    if found is None or found.meeting_id != meeting.id:
        raise QuestionNotFound(question_id)
    return found


def answered(session: Session, meeting_id: UUID) -> dict[str, int]:
    """How many have answered, by key; who has answered what is locked."""
    rows = session.execute(_ANSWERED, {"meeting_id": meeting_id})
    return {key: people for key, people in rows}  # noqa: C416 - rows are no pairs to a type checker


def add(
    session: Session, caller: Caller, meeting: Meeting, form: QuestionForm, question_id: UUID
) -> Question:
    """Add a question at the end of a locked meeting's, once by its id. Raises `BadQuestion`."""
    if earlier := session.get(Question, question_id):
        return earlier
    others = of(session, meeting.id)
    if len(others) >= MOST:
        raise BadQuestion(label="too_many")
    added = Question(
        id=question_id,
        meeting_id=meeting.id,
        key=_new_key(form.label, others),
        position=max((other.position for other in others), default=0) + 1,
        **_written(form, others, []),
    )
    session.add(added)
    session.flush()
    _log(session, caller, "created", meeting, added.key, (None, _facts(added)))
    return added


def change(
    session: Session, caller: Caller, meeting: Meeting, question: Question, form: QuestionForm
) -> None:
    """Write what the host typed; the key stays. Raises `BadQuestion`."""
    everyone = of(session, meeting.id)
    others = [other for other in everyone if other.position < question.position]
    written = _written(form, others, question.options)
    values = {option["value"] for option in written["options"]}
    if question.key in answered(session, meeting.id):
        if form.type != question.type:
            raise BadQuestion(type="type_locked")
        if not _chosen(session, meeting.id, question) <= values:
            raise BadQuestion(options="options_locked")
    for other in everyone:
        condition = other.show_if or {"key": "", "values": []}
        if condition["key"] == question.key and not set(condition["values"]) <= values:
            raise BadQuestion(options="options_needed")
    before = _facts(question)
    for name, value in written.items():
        setattr(question, name, value)
    session.flush()
    after = _facts(question)
    if after != before:
        _log(session, caller, "changed", meeting, question.key, (before, after))


def remove(session: Session, caller: Caller, meeting: Meeting, question: Question) -> None:
    """Take a question out. Raises `BadQuestion` when it is answered, or another depends on it."""
    if question.key in answered(session, meeting.id):
        raise BadQuestion(label="answered")
    if any(q.show_if and q.show_if["key"] == question.key for q in of(session, meeting.id)):
        raise BadQuestion(label="needed")
    session.delete(question)
    session.flush()
    _log(session, caller, "deleted", meeting, question.key, (_facts(question), None))


def move(
    session: Session, caller: Caller, meeting: Meeting, question: Question, *, up: bool
) -> None:
    """One place up or down. Raises `BadQuestion` if it would pass one it depends on."""
    everyone = of(session, meeting.id)
    at = everyone.index(question)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(everyone):
        return
    first, second = (everyone[to], question) if up else (question, everyone[to])
    if second.show_if and second.show_if["key"] == first.key:
        raise BadQuestion(label="order")
    before = [each.key for each in everyone]
    everyone[at], everyone[to] = everyone[to], everyone[at]
    for position, each in enumerate(everyone, start=1):
        each.position = position
    session.flush()
    after = [each.key for each in everyone]
    change = ({"order": before}, {"order": after})
    _log(session, caller, "ordered", meeting, question.key, change)


def copy(session: Session, source_id: UUID, target_id: UUID) -> None:
    """Give another meeting, which has none yet, the same questions."""
    for question in of(session, source_id):
        session.add(
            Question(
                id=uuid7(),
                meeting_id=target_id,
                key=question.key,
                position=question.position,
                **_facts(question),
            )
        )
    session.flush()


def limits_as_typed(question: Question) -> dict[str, str]:
    """`least` and `most` as they stand in the form."""
    rules = {"least": question.rules.get("min"), "most": question.rules.get("max")}
    return {
        name: str(limit).replace(".", ",") if isinstance(limit, float) else str(limit)
        for name, limit in rules.items()
        if limit is not None
    }


def _written(
    form: QuestionForm, earlier: Sequence[Question], options: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The columns that a form stands for; `options` are those the question has."""
    return {
        **form.model_dump(include={"type", "label", "label_en", "hint", "hint_en", "required"}),
        "participant_types": list(form.participant_types),
        "options": _options(form.options, options) if form.type in {"choice", "several"} else [],
        "rules": _rules(form),
        "show_if": _show_if(form.show_if, earlier),
    }


def _options(written: Sequence[Option], known: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Options with values: one keeps its own by its label, or by its place when it was renamed."""
    by_label = {option["label"].casefold(): option["value"] for option in known}
    labels = [option.label.casefold() for option in written]
    same_length = len(written) == len(known)
    taken: set[str] = {by_label[label] for label in labels if label in by_label}
    options = []
    for at, option in enumerate(written):
        value = by_label.get(labels[at])
        if value is None and same_length and known[at]["value"] not in taken:
            value = known[at]["value"]
        if value is None:
            value = _free(_slug(option.label, "pilihan"), taken | set(by_label.values()))
        taken.add(value)
        options.append({"value": value, "label": option.label, "label_en": option.label_en})
    return options


def _rules(form: QuestionForm) -> dict[str, Any]:
    if form.type in {"choice", "file"}:
        return {}
    limits: dict[str, Any] = {}
    for field, name in (("least", "min"), ("most", "max")):
        typed = getattr(form, field)
        if not typed:
            continue
        limit = read_day(typed) if form.type == "date" else parse_number(typed)
        whole = form.type in {"number", "date"} or (isinstance(limit, int) and limit > 0)
        if limit is None or not whole:
            raise BadQuestion(**{field: "limit"})
        limits[name] = limit
    if len(limits) == 2 and limits["min"] > limits["max"]:
        raise BadQuestion(most="limits_crossed")
    longest = {"text": TEXT_MOST, "long_text": LONG_TEXT_MOST, "several": len(form.options)}
    if any(limit > longest.get(form.type, limit) for limit in limits.values()):
        raise BadQuestion(most="limit_too_large")
    if form.type == "date":
        return {name: day.isoformat() for name, day in limits.items()}
    return limits


def _show_if(pairs: Sequence[str], earlier: Sequence[Question]) -> dict[str, Any] | None:
    if not pairs:
        return None
    chosen = [pair.partition("=") for pair in pairs]
    keys = {key for key, _, _ in chosen}
    if len(keys) > 1:
        raise BadQuestion(show_if="show_if_one")
    values = {value for _, _, value in chosen}
    for question in earlier:
        known = [option["value"] for option in question.options]
        if question.key in keys and values <= set(known):
            return {"key": question.key, "values": [value for value in known if value in values]}
    raise BadQuestion(show_if="show_if_earlier")


def _chosen(session: Session, meeting_id: UUID, question: Question) -> set[str]:
    """The options that somebody has chosen."""
    if question.type not in {"choice", "several"}:
        return set()
    return set(session.scalars(_CHOSEN, {"meeting_id": meeting_id, "key": question.key}))


def _new_key(label: str, others: Sequence[Question]) -> str:
    return _free(_slug(label, "pertanyaan"), {other.key for other in others})


def _slug(label: str, otherwise: str) -> str:
    """A name for machines: small letters, figures and low lines."""
    slug = re.sub(r"[^a-z0-9]+", "_", plain_name(label))[:KEY_LENGTH].strip("_")
    return slug if slug[:1].isalpha() else f"{otherwise}_{slug}".strip("_")


def _free(name: str, taken: set[str]) -> str:
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return next(free for free in (name, *numbered) if free not in taken)


def _facts(question: Question) -> dict[str, Any]:
    return {name: getattr(question, name) for name in FIELDS}


def _log(  # noqa: PLR0913, PLR0917 - what an audit row is made of
    session: Session,
    caller: Caller,
    action: str,
    meeting: Meeting,
    key: str,
    change: tuple[dict[str, Any] | None, dict[str, Any] | None],
) -> None:
    noun_id = f"{meeting.slug}/{key}"
    entry = Change("question", noun_id, meeting.province_code, *change)
    audit.record(session, caller, action, entry)
