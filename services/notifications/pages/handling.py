"""Cancel, send again, repeat: asked once more before it is done, for one message or for many."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.notifications import archive, handling, jobs, words
from services.notifications.console_schemas import MessageFilter, MessageSelection, Note
from services.notifications.handling import Action, CountChanged, NotPossible
from services.notifications.models import Message
from services.notifications.pages.common import Sent, pages
from services.notifications.pages.messages import to_message
from services.notifications.resources import Transaction, database, forms
from shared.security import Caller, Staff
from shared.web import Form

router = APIRouter(include_in_schema=False)

NOTE = 500  # characters


@router.get("/messages/{message_id}/{action}")
def ask(
    request: Request, message_id: UUID, action: Action, caller: Staff, session: Transaction
) -> Response:
    """Say what will happen, and ask."""
    return _ask(request, archive.find(session, caller, message_id), action, Form())


@router.post("/messages/{message_id}/{action}")
def act(request: Request, message_id: UUID, action: Action, caller: Staff, data: Sent) -> Response:
    """Do it."""
    values = {name: str(value) for name, value in data.items()}
    try:
        wish = Note.model_validate({"note": values.get("note", "")})
        done = _act(caller, message_id, action, forms.form_id(values["form_token"]), wish)
    except (ValidationError, NotPossible) as refusal:
        say = pages.gettext(request)
        told = {name: say(words.REFUSALS[code]) for name, code in _told(refusal).items()}
        with database.sessions.begin() as session:
            message = archive.find(session, caller, message_id)
            return _ask(request, message, action, Form(values, told), 422)
    return to_message(done, words.DONE[action])


def _told(refusal: ValidationError | NotPossible) -> dict[str, str]:
    match refusal:
        case ValidationError():
            return {"note": "note"}
        case _:
            return {"": "not-possible"}


def _act(caller: Caller, message_id: UUID, action: Action, key: UUID, wish: Note) -> UUID:
    """The message to look at next: a replay is another one."""
    with database.sessions.begin() as session:
        if action == "replay":
            made, work_class = handling.replay(session, caller, message_id, key, wish)
        else:
            work_class = handling.act(session, caller, message_id, action, wish.note)
            made = message_id
        if action != "cancel":
            jobs.ring(session, [work_class])
        return made


def _ask(
    request: Request, message: Message, action: Action, form: Form, status: int = 200
) -> Response:
    return pages.render(
        request,
        "message_action.html",
        status,
        message=message,
        action=action,
        may=action in handling.possible(message),
        form=form,
        words=words,
        note_length=NOTE,
        token=forms.new_form(),
    )


@router.get("/bulk/{action}")
def ask_for_all(
    request: Request,
    action: Literal["cancel", "retry"],
    caller: Staff,
    session: Transaction,
    wanted: Annotated[MessageFilter, Query()],
) -> Response:
    """Say how many messages it concerns, and ask."""
    found = handling.count(session, caller, wanted, action)
    return _ask_for_all(request, action, wanted, found, Form())


@router.post("/bulk/{action}")
def act_on_all(
    request: Request,
    action: Literal["cancel", "retry"],
    caller: Staff,
    data: Sent,
    wanted: Annotated[MessageFilter, Query()],
) -> Response:
    """Do it, if they are still as many."""
    note = str(data.get("note", ""))
    try:
        selection = MessageSelection.model_validate(
            {"filter": wanted.asked(), "expected": str(data.get("expected", "")), "note": note}
        )
        with database.sessions.begin() as session:
            classes = handling.act_on_all(session, caller, action, selection)
            if action == "retry":
                jobs.ring(session, classes)
    except (ValidationError, CountChanged):
        with database.sessions.begin() as session:
            found = handling.count(session, caller, wanted, action)
        told = {"": pages.gettext(request)(words.REFUSALS["count-changed"])}
        return _ask_for_all(request, action, wanted, found, Form({"note": note}, told), status=409)
    url = wanted.url(done=words.DONE[action], count=str(len(classes)))
    return RedirectResponse(f"/notifications/{url}", 303)


def _ask_for_all(  # noqa: PLR0913 - what a page is made of
    request: Request,
    action: Action,
    wanted: MessageFilter,
    found: handling.Selection,
    form: Form,
    *,
    status: int = 200,
) -> Response:
    say = pages.gettext(request)
    asked = [
        (say(words.FILTER_NAMES[name]), words.said(name, value, say), "")
        for name, value in wanted.asked().items()
    ]
    return pages.render(
        request,
        "messages_action.html",
        status,
        action=action,
        asked=asked,
        found=found,
        most=handling.MOST,
        back=f"/notifications/{wanted.url()}",
        form=form,
        words=words,
        note_length=NOTE,
        token=forms.new_form(),
    )
