"""One's own data behind an own link: seen, taken along, and what can be asked about it."""

import json
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.registration import consents, data_requests, own_data, uploads
from services.registration import directory_words as words
from services.registration.pages.common import Typed, pages
from services.registration.pages.own import CORRECTABLE, Opened
from services.registration.resources import Transaction, database, forms
from services.registration.words import PARTICIPANT_TYPES, REFUSALS, STATUSES
from shared import regions
from shared.security import BadLink, anyone
from shared.web import Form
from shared.web.pages import NOT_STORED

NOTE_MOST = 1000
HOUR_S = 3600

router = APIRouter(
    prefix="/r/{token}/data", dependencies=[Depends(anyone)], include_in_schema=False
)


@router.get("")
def show_own(request: Request, opened: Opened, session: Transaction) -> Response:
    """What is kept, why, until when, and who has seen it."""
    person = opened.registration
    return not_stored(
        pages.render(
            request,
            "own_data.html",
            own=opened.address,
            registration=person,
            meeting=opened.meeting,
            kept_until=own_data.keep_until(opened.meeting),
            nik=data_requests.masked(person.nik),
            participant_type=PARTICIPANT_TYPES[person.participant_type][0],
            status_label=STATUSES[person.status],
            region=regions.get(person.region_code),
            uploads=uploads.of(session, person.id),
            consents=consents.of(session, person.id),
            purposes=consents.PURPOSES,
            looks=data_requests.looks(session, person.id),
            requests=data_requests.of(session, person.id),
            kinds=words.REQUESTS,
            hours_left=hours_left,
            may_correct=opened.may_change and person.status in CORRECTABLE,
            done=request.query_params.get("done", ""),
            token=forms.new_form(),
        )
    )


@router.get("/export.json")
def export(opened: Opened, session: Transaction) -> Response:
    """The same as a file, complete."""
    data = own_data.export(session, opened.registration, opened.meeting)
    text = json.dumps(data, default=_plain, ensure_ascii=False, indent=2)
    name = f"data-{opened.registration.code}.json"
    return Response(
        text,
        media_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": NOT_STORED,
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.post("/consents/{purpose}")
def withdraw(opened: Opened, purpose: str, data: Typed, session: Transaction) -> Response:
    """Take a consent back; it ends at once."""
    forms.form_id(str(data.get("form_token", "")))
    consents.withdraw(session, opened.registration.id, purpose)
    return RedirectResponse(f"{opened.address}/data?done=withdrawn", 303)


@router.get("/ask/{kind}")
def show_ask(request: Request, opened: Opened, kind: str) -> Response:
    """What will be done, what stays, and by when, before it is asked."""
    return _ask_page(request, opened, kind, Form())


@router.post("/ask/{kind}")
def ask(request: Request, opened: Opened, kind: str, data: Typed) -> Response:
    """Ask; the 72 hours begin."""
    note = one_line(data.get("note"), NOTE_MOST)
    say = pages.gettext(request)
    try:
        form_id = forms.form_id(str(data.get("form_token", "")))
    except BadLink:
        told = {"": say(REFUSALS["form-expired"])}
        return _ask_page(request, opened, kind, Form({"note": note}, told), 422)
    if kind == "correct" and not note:
        told = {"note": say(words.REQUESTS["correct"][1])}
        return _ask_page(request, opened, kind, Form({}, told), 422)
    _must_be_asked(kind)
    # A transaction of its own: asked for deletion, the seat goes on under the meeting's locks.
    with database.sessions.begin() as session:
        data_requests.ask(session, opened.registration.id, kind, note, form_id)
    return RedirectResponse(f"{opened.address}/data?done=asked", 303)


def _ask_page(
    request: Request, opened: Opened, kind: str, form: Form, status: int = 200
) -> Response:
    _must_be_asked(kind)
    return not_stored(
        pages.render(
            request,
            "own_data_ask.html",
            status,
            own=opened.address,
            kind=kind,
            words=words.REQUESTS[kind],
            form=form,
            gives_up_seat=kind == "delete" and opened.may_change,
            token=forms.new_form(),
        )
    )


def _must_be_asked(kind: str) -> None:
    if kind not in data_requests.ASKED_BY_FORM:
        raise HTTPException(404)


def hours_left(due_at: datetime) -> int:
    """Whole hours until the law's time is over; below zero it is late."""
    return int((due_at - datetime.now(UTC)).total_seconds() // HOUR_S)


def one_line(value: object, most: int) -> str:
    """One line of text, without what cannot be stored or seen."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value or ""))
    return " ".join(text.split())[:most]


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def not_stored(page: Response) -> Response:
    """The page, to be kept by nobody."""
    page.headers["Cache-Control"] = NOT_STORED
    return page
