"""Sign in by password or by code, stay signed in, sign out."""

from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import FormData

from services.registration import account_words, accounts, audit, codes, library_accounts, sessions
from services.registration.account_schemas import Contact
from services.registration.audit import Change
from services.registration.pages.common import Typed, pages
from services.registration.resources import Transaction, code_pages, database, forms, limiter
from services.registration.sessions import Opened, SessionOver
from services.registration.settings import settings
from services.registration.words import REFUSALS
from shared.limits import Limit, client_address, client_network
from shared.security import (
    COOKIE,
    STAFF,
    Anyone,
    BadLink,
    Caller,
    SessionStale,
    anyone,
    issue_token,
)
from shared.web import Form
from shared.web.languages import choose_language

log = structlog.get_logger()

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)

SIGN_IN = "/registration/sign-in"
# The key of the session goes nowhere but to the one place that needs it.
RENEWAL_COOKIE = "sejawat_renew"
RENEWAL_PATH = "/registration/session"

# A training room signs in from one address; one contact is slowed down by its account as well.
BY_ADDRESS = Limit("sign-in-address", 120, 600)
BY_CONTACT = Limit("sign-in-contact", 60, 600)
CODES_BY_ADDRESS = Limit("code-address", 30, 900)
CODES_BY_CONTACT = Limit("code-contact", 5, 900)
CODES_BY_NETWORK = Limit("code-network", 120, 900)
# Far more than there are people who sign in at once; beyond it somebody asks for all of them.
CODES_IN_ALL = Limit("code-all", 300, 60)
TRIES_BY_ADDRESS = Limit("code-try-address", 120, 900)
CODE_PAGE_S = 15 * 60


@router.get("/sign-in")
def show_sign_in(request: Request) -> Response:
    """The form; `next` is where to go afterwards."""
    return _form(request, Form({"next": request.query_params.get("next", "")}))


@router.post("/sign-in")
def sign_in(request: Request, before: Anyone, data: Typed) -> Response:
    """Begin a session, and go on."""
    values = _texts(data)
    say = pages.gettext(request)
    contact = values.get("email", "")
    busy = limiter.hit(BY_ADDRESS, client_address(request))
    if busy or limiter.hit(BY_CONTACT, contact.strip().lower()):
        return _form(request, Form(values, {"": say(REFUSALS["too-many-tries"])}), 429)
    try:
        forms.form_id(values.get("form_token", ""))
        caller = accounts.sign_in(contact, values.get("password", ""))
    except BadLink:
        return _form(request, Form(values, {"": say(REFUSALS["form-expired"])}), 422)
    except accounts.WrongPassword:
        return _form(request, Form(values, {"email": say(REFUSALS["sign-in"])}), 422)
    except accounts.TooManyTries:
        return _form(request, Form(values, {"": say(REFUSALS["too-many-tries"])}), 429)
    return _enter(request, before, caller, values)


@router.get("/sign-in/code")
def show_ask_code(request: Request) -> Response:
    """Where to send a code."""
    return _ask_form(request, Form({"next": request.query_params.get("next", "")}))


@router.post("/sign-in/code")
def ask_code(request: Request, data: Typed) -> Response:
    """Send a code if an account has this contact; the answer is the same if none has."""
    values = _texts(data)
    say = pages.gettext(request)
    typed_contact = values.get("contact", "")
    try:
        forms.form_id(values.get("form_token", ""))
        contact = Contact.typed(typed_contact)
    except BadLink:
        return _ask_form(request, Form(values, {"": say(REFUSALS["form-expired"])}), 422)
    except ValidationError:
        told = {"contact": say(account_words.REFUSALS["contact"])}
        return _ask_form(request, Form(values, told), 422)
    if _too_many_codes(request, contact):
        told = {"": say(account_words.REFUSALS["too-many-codes"])}
        return _ask_form(request, Form(values, told), 429)
    with database.sessions.begin() as session:
        library_accounts.provide(session, contact)
        code_id = codes.request(session, contact, choose_language(request))
    onward = inside(values["next"]) if values.get("next") else ""
    page = code_pages.sign(f"{code_id} {onward}", seconds=CODE_PAGE_S)
    return RedirectResponse(f"{SIGN_IN}/code/{page}", 303)


@router.get("/sign-in/code/{page}")
def show_enter_code(request: Request, page: str) -> Response:
    """Where to type the code that came."""
    try:
        code_pages.read(page)
    except BadLink:
        return RedirectResponse(f"{SIGN_IN}/code", 303)
    return _code_form(request, Form())


@router.post("/sign-in/code/{page}")
def enter_code(request: Request, before: Anyone, page: str, data: Typed) -> Response:
    """Begin a session, if the code fits."""
    values = _texts(data)
    say = pages.gettext(request)
    try:
        code_id, _, onward = code_pages.read(page).partition(" ")
    except BadLink:
        return RedirectResponse(f"{SIGN_IN}/code", 303)
    if limiter.hit(TRIES_BY_ADDRESS, client_address(request)):
        return _code_form(request, Form(values, {"": say(REFUSALS["too-many-tries"])}), 429)
    digits = "".join(sign for sign in values.get("code", "")[:40] if sign in "0123456789")
    try:
        with database.autocommit() as connection:
            caller = codes.redeem(connection, UUID(code_id), digits)
    except codes.WrongCode:
        told = {"code": say(account_words.REFUSALS["code"])}
        return _code_form(request, Form(values, told), 422)
    return _enter(request, before, caller, values | {"next": onward})


@router.api_route("/session/renew", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def renew(request: Request, session: Transaction) -> Response:
    """Another token, and back to what was asked for; 307 makes a browser send its body again.

    Without a session a page is gone on to as nobody, and a form ends at the sign-in page.
    """
    onward = inside(request.query_params.get("next", ""))
    try:
        opened = sessions.renew(session, request.cookies.get(RENEWAL_COOKIE, ""))
    except SessionOver:
        return _over(request, onward)
    response = RedirectResponse(onward, 307, {"Cache-Control": "no-store"})
    _keep(response, opened)
    return response


async def still_open(request: Request) -> None:
    """What a router's changes depend on: a browser's session must not have ended elsewhere.

    The short token does not know of it. Raises `SessionStale`, as for a token that is over, and the
    renewal sees that there is no session. Reading asks for nothing, nor does a program.
    """
    caller: Caller = request.state.caller
    by_program = request.headers.get("authorization", "").lower().startswith("bearer ")
    if caller.session and not by_program and request.method not in {"GET", "HEAD"}:
        await run_in_threadpool(_hold, caller)


def _hold(caller: Caller) -> None:
    try:
        with database.autocommit() as connection:
            sessions.hold(connection, caller)
    except SessionOver:
        raise SessionStale from None


@router.post("/sign-out")
def sign_out(caller: Anyone, session: Transaction) -> Response:
    """End this browser's session; `identify` refuses this to other sites."""
    if caller.session and sessions.end(session, caller.subject, only=UUID(caller.session)):
        change = Change("account", caller.subject, caller.region_code)
        audit.record(session, caller, "signed_out", change)
    return leave(RedirectResponse("/", 303))


def leave(response: Response) -> Response:
    """Let the browser forget both cookies."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    response.delete_cookie(RENEWAL_COOKIE, RENEWAL_PATH, httponly=True, samesite="lax")
    return response


def inside(address: str) -> str:
    """Only a path of our own; nobody is sent away from here by a link."""
    try:
        parts = urlsplit(address)
    except ValueError:  # such as //[
        return "/"
    own = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if own and not parts.netloc and not parts.scheme else "/"


def _too_many_codes(request: Request, contact: Contact) -> bool:
    """The last limit is everybody's, so who was refused before does not count in it."""
    if (
        limiter.hit(CODES_BY_ADDRESS, client_address(request))
        or limiter.hit(CODES_BY_NETWORK, client_network(request))
        or limiter.hit(CODES_BY_CONTACT, contact.email or contact.phone or "")
    ):
        return True
    if limiter.hit(CODES_IN_ALL):  # also in the metric rate_limit_refused_total
        log.error("sign_in.codes_braked", limit=CODES_IN_ALL.name, times=CODES_IN_ALL.times)
        return True
    return False


def _over(request: Request, onward: str) -> Response:
    quiet = request.method in {"GET", "HEAD"} or "/api/" in onward.partition("?")[0]
    if quiet:
        return leave(RedirectResponse(onward, 307, {"Cache-Control": "no-store"}))
    # The page that the form stands on can be opened again; where it was sent to perhaps not.
    source = urlsplit(request.headers.get("referer", "")).path
    query = urlencode({"next": inside(quote(source))}) if source else ""
    return leave(RedirectResponse(f"{SIGN_IN}?{query}", 303))


def _enter(request: Request, before: Caller, caller: Caller, values: dict[str, str]) -> Response:
    """Begin a session; one that this browser had before, of whomever, ends."""
    with database.sessions.begin() as session:
        if before.session:
            sessions.end(session, before.subject, only=UUID(before.session))
        opened = sessions.begin(
            session,
            caller,
            request.headers.get("user-agent", ""),
            remember=values.get("remember") == "yes",
        )
    # An official who was on the way to nowhere in particular goes to work.
    start = "/registration/desk" if caller.role in STAFF else "/"
    response = RedirectResponse(inside(values.get("next", "") or start), 303)
    _keep(response, opened)
    return response


def _keep(response: Response, opened: Opened) -> None:
    """Set both cookies. The token's outlives the token, so that it is known to be over."""
    token = issue_token(settings().token_private_key, opened.caller, seconds=sessions.TOKEN_S)
    secure = settings().base_url.startswith("https://")
    for name, value, path in (
        (COOKIE, token, "/"),
        (RENEWAL_COOKIE, opened.cookie, RENEWAL_PATH),
    ):
        response.set_cookie(
            name, value, opened.seconds, path=path, httponly=True, samesite="lax", secure=secure
        )


def _form(request: Request, form: Form, status: int = 200) -> Response:
    return _render(request, "sign_in.html", form, status)


def _ask_form(request: Request, form: Form, status: int = 200) -> Response:
    return _render(request, "sign_in_code.html", form, status)


def _code_form(request: Request, form: Form, status: int = 200) -> Response:
    return _render(request, "sign_in_code_enter.html", form, status)


def _render(request: Request, template: str, form: Form, status: int) -> Response:
    return pages.render(request, template, status, form=form, token=forms.new_form())


def _texts(data: FormData) -> dict[str, str]:
    return {name: value for name, value in data.items() if isinstance(value, str)}
