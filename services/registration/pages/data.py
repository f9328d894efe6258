"""One's own data behind an own link, and the hosts' desk for what people ask about theirs."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.registration import consents, data_requests, jobs, nik, own_data, uploads
from services.registration import directory_words as words
from services.registration.data_requests import AlreadyAnswered
from services.registration.pages.common import Typed, pages
from services.registration.pages.own import CORRECTABLE, Opened
from services.registration.resources import bus, database, forms
from services.registration.words import PARTICIPANT_TYPES, REFUSALS, STATUSES
from shared import regions
from shared.security import BadLink, Caller, Host, anyone, hosts
from shared.web import Form
from shared.web.pages import NOT_STORED

NOTE_MOST = 1000
REASON_MOST = 300
HOUR_S = 3600

own_router = APIRouter(
    prefix="/r/{token}/data", dependencies=[Depends(anyone)], include_in_schema=False
)
privacy_router = APIRouter(
    prefix="/privacy", dependencies=[Depends(hosts)], include_in_schema=False
)
router = APIRouter()

Transaction = Annotated[Session, Depends(database.transaction, scope="function")]


@own_router.get("")
def show_own(request: Request, opened: Opened, session: Transaction) -> Response:
    """What is kept, why, until when, and who has seen it."""
    person = opened.registration
    return _kept_from_caches(
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
            hours_left=_hours_left,
            may_correct=opened.may_change and person.status in CORRECTABLE,
            done=request.query_params.get("done", ""),
            token=forms.new_form(),
        )
    )


@own_router.get("/export.json")
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


@own_router.post("/consents/{purpose}")
def withdraw(opened: Opened, purpose: str, data: Typed, session: Transaction) -> Response:
    """Take a consent back; it ends at once."""
    forms.form_id(str(data.get("form_token", "")))
    consents.withdraw(session, opened.registration.id, purpose)
    return RedirectResponse(f"{opened.address}/data?done=withdrawn", 303)


@own_router.get("/ask/{kind}")
def show_ask(request: Request, opened: Opened, kind: str) -> Response:
    """What will be done, what stays, and by when, before it is asked."""
    return _ask_page(request, opened, kind, Form())


@own_router.post("/ask/{kind}")
def ask(request: Request, opened: Opened, kind: str, data: Typed) -> Response:
    """Ask; the 72 hours begin."""
    note = _line(data.get("note"), NOTE_MOST)
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


@privacy_router.get("")
def list_requests(
    request: Request,
    caller: Host,
    session: Transaction,
    show: str = "open",
    after: UUID | None = None,
) -> Response:
    """Requests of the caller's region, the most urgent first; or those answered."""
    done = show == "done"
    rows, following = data_requests.page(session, caller, done=done, after=after)
    return pages.render(
        request,
        "privacy.html",
        rows=rows,
        done=done,
        kinds=words.REQUESTS,
        hours_left=_hours_left,
        told=request.query_params.get("told", ""),
        next_url=f"?show={show}&after={following}" if following and done else _after(following),
        first_url=("?show=done" if done else "?") if after else "",
    )


@privacy_router.get("/consents")
def list_consents(
    request: Request, caller: Host, session: Transaction, q: str = "", after: UUID | None = None
) -> Response:
    """Who agreed to what, when; a search goes by registration code."""
    rows, following = consents.page(session, caller, q[:100], after)
    return pages.render(
        request,
        "consents.html",
        rows=rows,
        q=q[:100],
        purposes=consents.PURPOSES,
        texts=consents.TEXTS,
        next_url=_after(following) + (f"&q={q}" if q and following else ""),
        first_url="?" if after else "",
    )


@privacy_router.get("/requests/{request_id}")
def show_request(
    request: Request, request_id: UUID, caller: Host, session: Transaction
) -> Response:
    """One request, and what carrying it out does."""
    return _request_page(request, session, caller, request_id, Form())


@privacy_router.post("/requests/{request_id}")
def answer(
    request: Request, request_id: UUID, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Carry it out, or say why not."""
    reason = _line(data.get("reason"), REASON_MOST)
    say = pages.gettext(request)
    try:
        forms.form_id(str(data.get("form_token", "")))
        if data.get("answer") == "done":
            data_requests.carry_out(session, caller, request_id)
            bus.wake(session, jobs.forget_expired)
        elif reason:
            data_requests.decline(session, caller, request_id, reason)
        else:
            told = {"reason": say(words.REFUSALS["reason"])}
            return _request_page(request, session, caller, request_id, Form({}, told), 422)
    except BadLink:
        form = Form({"reason": reason}, {"": say(REFUSALS["form-expired"])})
        return _request_page(request, session, caller, request_id, form, 422)
    except AlreadyAnswered:
        form = Form({}, {"": say(words.REFUSALS["answered"])})
        return _request_page(request, session, caller, request_id, form, 409)
    return RedirectResponse("/registration/privacy?told=answered", 303)


@privacy_router.get("/registrations/{registration_id}")
def show_registration(
    request: Request, registration_id: UUID, caller: Host, session: Transaction
) -> Response:
    """One registration's data: what is kept, who agreed to what, who looked."""
    return _registration_page(request, session, caller, registration_id, Form())


@privacy_router.post("/registrations/{registration_id}/nik")
def show_nik(
    request: Request, registration_id: UUID, caller: Host, session: Transaction, data: Typed
) -> Response:
    """The NIK in full, this once, after a reason; the look is logged before it is shown."""
    reason = _line(data.get("reason"), REASON_MOST)
    say = pages.gettext(request)
    digits: str | None = None
    told: dict[str, str] = {}
    try:
        forms.form_id(str(data.get("form_token", "")))
        if reason:
            digits = data_requests.look_at_nik(session, caller, registration_id, reason)
        else:
            told = {"reason": say(words.REFUSALS["reason"])}
    except BadLink:
        told = {"": say(REFUSALS["form-expired"])}
    except nik.Unreadable:
        told = {"": say(words.UNREADABLE)}
    form = Form({} if digits else {"reason": reason}, told)
    return _registration_page(request, session, caller, registration_id, form, digits)


router.include_router(own_router)
router.include_router(privacy_router)


def _ask_page(
    request: Request, opened: Opened, kind: str, form: Form, status: int = 200
) -> Response:
    _must_be_asked(kind)
    return _kept_from_caches(
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


def _request_page(  # noqa: PLR0913, PLR0917 - what the page is told
    request: Request,
    session: Session,
    caller: Caller,
    request_id: UUID,
    form: Form,
    status: int = 200,
) -> Response:
    row = data_requests.find(session, caller, request_id)
    return pages.render(
        request,
        "privacy_request.html",
        status,
        row=row,
        one=row.DataRequest,
        words=words.REQUESTS[row.DataRequest.kind],
        hours_left=_hours_left,
        form=form,
        token=forms.new_form(),
    )


def _registration_page(  # noqa: PLR0913, PLR0917 - what the page is told
    request: Request,
    session: Session,
    caller: Caller,
    registration_id: UUID,
    form: Form,
    digits: str | None = None,
) -> Response:
    row = data_requests.registration(session, caller, registration_id)
    page = pages.render(
        request,
        "privacy_registration.html",
        422 if form.errors else 200,
        registration=row.Registration,
        meeting_title=row.title,
        slug=row.slug,
        nik=data_requests.masked(row.Registration.nik),
        digits=digits,
        consents=consents.of(session, registration_id),
        purposes=consents.PURPOSES,
        looks=data_requests.looks(session, registration_id),
        requests=data_requests.of(session, registration_id),
        kinds=words.REQUESTS,
        form=form,
        token=forms.new_form(),
    )
    return _kept_from_caches(page)


def _must_be_asked(kind: str) -> None:
    if kind not in data_requests.ASKED_BY_FORM:
        raise HTTPException(404)


def _hours_left(due_at: datetime) -> int:
    """Whole hours until the law's time is over; below zero it is late."""
    return int((due_at - datetime.now(UTC)).total_seconds() // HOUR_S)


def _line(value: object, most: int) -> str:
    """One line of text, without what cannot be stored or seen."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value or ""))
    return " ".join(text.split())[:most]


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _after(following: UUID | None) -> str:
    return f"?after={following}" if following else ""


def _kept_from_caches(page: Response) -> Response:
    page.headers["Cache-Control"] = NOT_STORED
    return page
