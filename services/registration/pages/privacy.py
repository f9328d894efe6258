"""The hosts' desk for what people ask about their data: requests, consents, and looks at a NIK."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.registration import consents, data_requests, jobs, nik
from services.registration import directory_words as words
from services.registration.data_requests import AlreadyAnswered
from services.registration.models import Registration
from services.registration.pages.common import Typed, pages
from services.registration.pages.data import hours_left, not_stored, one_line
from services.registration.resources import Transaction, bus, forms
from services.registration.words import REFUSALS
from shared.security import BadLink, Caller, Host, hosts
from shared.web import Form

REASON_MOST = 300

router = APIRouter(prefix="/privacy", dependencies=[Depends(hosts)], include_in_schema=False)


@router.get("")
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
        hours_left=hours_left,
        told=request.query_params.get("told", ""),
        next_url=f"?show={show}&after={following}" if following and done else _after(following),
        first_url=("?show=done" if done else "?") if after else "",
    )


@router.get("/consents")
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


@router.get("/requests/{request_id}")
def show_request(
    request: Request, request_id: UUID, caller: Host, session: Transaction
) -> Response:
    """One request, and what carrying it out does."""
    return _request_page(request, session, caller, request_id, Form())


@router.post("/requests/{request_id}")
def answer(
    request: Request, request_id: UUID, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Carry it out, or say why not."""
    reason = one_line(data.get("reason"), REASON_MOST)
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


@router.get("/registrations/{registration_id}")
def show_registration(
    request: Request, registration_id: UUID, caller: Host, session: Transaction
) -> Response:
    """One registration's data: what is kept, who agreed to what, who looked."""
    return _registration_page(request, session, caller, registration_id, Form())


@router.post("/registrations/{registration_id}/nik")
def show_nik(
    request: Request, registration_id: UUID, caller: Host, session: Transaction, data: Typed
) -> Response:
    """The NIK in full, this once, after a reason; the look is logged before it is shown."""
    reason = one_line(data.get("reason"), REASON_MOST)
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
        hours_left=hours_left,
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
        warnings=_warnings(session, row.Registration, digits),
        consents=consents.of(session, registration_id),
        purposes=consents.PURPOSES,
        looks=data_requests.looks(session, registration_id),
        requests=data_requests.of(session, registration_id),
        kinds=words.REQUESTS,
        form=form,
        token=forms.new_form(),
    )
    return not_stored(page)


def _warnings(session: Session, found: Registration, digits: str | None) -> list[str]:
    """What to look at in a NIK; what it holds only once it is shown."""
    warned = nik.check(digits, region_code=found.region_code) if digits else []
    told = [nik.WARNINGS[one] for one in warned]
    return [*told, words.SAME_NIK] if data_requests.same_nik(session, found) else told


def _after(following: UUID | None) -> str:
    return f"?after={following}" if following else ""
