"""A meeting's own questions, as its host writes them."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.registration import hosting
from services.registration import question_editing as editing
from services.registration.hosting_words import QUESTION_TYPES
from services.registration.models import Meeting, Question
from services.registration.pages.common import pages
from services.registration.pages.hosting import (
    REFUSALS_OF_FORMS,
    Refusal,
    Typed,
    page,
    read,
    refusal,
    values_of,
)
from services.registration.question_schemas import QuestionForm
from services.registration.questions import option_label
from services.registration.resources import Transaction, forms
from services.registration.words import PARTICIPANT_TYPES
from shared.security import Host
from shared.web import Form
from shared.web.languages import choose_language

router = APIRouter(prefix="/meetings/{slug}/questions", include_in_schema=False)

LISTS = ("show_if", "participant_types")  # ticked, so there may be several


@router.get("")
def show(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """All questions in order."""
    return _list(request, session, hosting.find(session, caller, slug))


@router.get("/new")
def show_new(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """An empty form."""
    meeting = hosting.find(session, caller, slug)
    return _form(request, session, meeting, None, Form({"type": "text"}))


@router.post("/new")
def create(
    request: Request, slug: str, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Add a question; the same form sent twice adds one."""
    meeting = hosting.find(session, caller, slug, lock=True)
    values = values_of(data)
    try:
        form = read(QuestionForm, values, **_lists(values))
        form_id = forms.form_id(values["form_token"])
        editing.add(session, caller, meeting, form, form_id)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        form_again = Form(values, refused.errors)
        return _form(request, session, meeting, None, form_again, refused.status)
    return _to_list(slug, "saved")


@router.get("/{question_id}")
def show_one(
    request: Request, slug: str, question_id: UUID, caller: Host, session: Transaction
) -> Response:
    """One question to edit."""
    meeting = hosting.find(session, caller, slug)
    question = editing.find(session, meeting, question_id)
    return _form(request, session, meeting, question, Form(_values(question)))


@router.post("/{question_id}")
def save(  # noqa: PLR0913, PLR0917 - a page's parts
    request: Request,
    slug: str,
    question_id: UUID,
    caller: Host,
    session: Transaction,
    data: Typed,
) -> Response:
    """Save one question."""
    meeting = hosting.find(session, caller, slug, lock=True)
    question = editing.find(session, meeting, question_id)
    values = values_of(data)
    try:
        form = read(QuestionForm, values, **_lists(values))
        editing.change(session, caller, meeting, question, form)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        form_again = Form(values, refused.errors)
        return _form(request, session, meeting, question, form_again, refused.status)
    return _to_list(slug, "saved")


@router.post("/{question_id}/move")
def move(  # noqa: PLR0913, PLR0917 - a page's parts
    request: Request,
    slug: str,
    question_id: UUID,
    caller: Host,
    session: Transaction,
    data: Typed,
) -> Response:
    """One place up or down."""
    meeting = hosting.find(session, caller, slug, lock=True)
    question = editing.find(session, meeting, question_id)
    values = values_of(data)
    try:
        forms.form_id(values.get("form_token", ""))
        editing.move(session, caller, meeting, question, up=values.get("to") == "up")
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        return _list(request, session, meeting, refused)
    return _to_list(slug, "")


@router.get("/{question_id}/delete")
def ask_delete(
    request: Request, slug: str, question_id: UUID, caller: Host, session: Transaction
) -> Response:
    """Whether one is sure."""
    meeting = hosting.find(session, caller, slug)
    question = editing.find(session, meeting, question_id)
    return page(request, "host_question_delete.html", meeting, Form(), question=question)


@router.post("/{question_id}/delete")
def delete(  # noqa: PLR0913, PLR0917 - a page's parts
    request: Request,
    slug: str,
    question_id: UUID,
    caller: Host,
    session: Transaction,
    data: Typed,
) -> Response:
    """Take one question out."""
    meeting = hosting.find(session, caller, slug, lock=True)
    question = editing.find(session, meeting, question_id)
    try:
        forms.form_id(values_of(data).get("form_token", ""))
        editing.remove(session, caller, meeting, question)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        form = Form({}, {"": next(iter(refused.errors.values()))})
        template = "host_question_delete.html"
        return page(request, template, meeting, form, refused.status, question=question)
    return _to_list(slug, "deleted")


def _to_list(slug: str, done: str) -> Response:
    query = f"?done={done}" if done else ""
    return RedirectResponse(f"/registration/meetings/{slug}/questions{query}", 303)


def _list(
    request: Request, session: Session, meeting: Meeting, refused: Refusal | None = None
) -> Response:
    say = pages.gettext(request)
    errors = {"": next(iter(refused.errors.values()))} if refused else {}
    return page(
        request,
        "host_questions.html",
        meeting,
        Form({}, errors),
        refused.status if refused else 200,
        questions=editing.of(session, meeting.id),
        answered=editing.answered(session, meeting.id),
        types={name: say(words[0]) for name, words in QUESTION_TYPES.items()},
        participant_types={code: say(words[0]) for code, words in PARTICIPANT_TYPES.items()},
    )


def _form(  # noqa: PLR0913, PLR0917 - what the page shows
    request: Request,
    session: Session,
    meeting: Meeting,
    question: Question | None,
    form: Form,
    status: int = 200,
) -> Response:
    say, language = pages.gettext(request), choose_language(request)
    everyone = editing.of(session, meeting.id)
    earlier = [q for q in everyone if question is None or q.position < question.position]
    answered = editing.answered(session, meeting.id)
    return page(
        request,
        "host_question.html",
        meeting,
        form,
        status,
        question=question,
        answered=answered.get(question.key, 0) if question else 0,
        types=[(name, *(say(each) for each in words)) for name, words in QUESTION_TYPES.items()],
        type_names={name: say(words[0]) for name, words in QUESTION_TYPES.items()},
        participant_types=[(code, say(words[0])) for code, words in PARTICIPANT_TYPES.items()],
        conditions=[
            (
                (language == "en" and q.label_en) or q.label,
                [(f"{q.key}={o['value']}", option_label(o, language)) for o in q.options],
            )
            for q in earlier
            if q.options
        ],
    )


def _lists(values: dict[str, str]) -> dict[str, Any]:
    return {name: values.get(name, "").split() for name in LISTS}


def _values(question: Question) -> dict[str, str]:
    same = ("type", "label", "label_en", "hint", "hint_en")
    lines = (
        f"{each['label']} | {each['label_en']}" if each.get("label_en") else each["label"]
        for each in question.options
    )
    condition = question.show_if or {"key": "", "values": []}
    return {
        **{name: getattr(question, name) for name in same},
        **editing.limits_as_typed(question),
        "required": "yes" if question.required else "",
        "options": "\n".join(lines),
        "show_if": " ".join(f"{condition['key']}={value}" for value in condition["values"]),
        "participant_types": " ".join(question.participant_types),
    }
