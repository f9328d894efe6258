"""One's own account: name and language, where one is signed in, API tokens, the password."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from services.registration import account_words as words
from services.registration import (
    accounts,
    administration,
    api_tokens,
    audit,
    sessions,
)
from services.registration.account_schemas import ApiTokenForm, OwnAccountForm
from services.registration.audit import Change
from services.registration.pages.common import Typed, pages
from services.registration.pages.session import leave
from services.registration.resources import Transaction, database, forms, limiter
from services.registration.sessions import SessionOver
from shared import regions
from shared.limits import Limit
from shared.security import RENEW, Caller, Member, members
from shared.web import Form
from shared.web.errors import explain_fields

OWN = "/registration/account"
LINKS = Limit("password-link", 3, 900)

router = APIRouter(prefix="/account", dependencies=[Depends(members)], include_in_schema=False)


def at_a_browser(request: Request, caller: Member) -> Caller:
    """The caller, if it is a person who is signed in. Raises 403 for a program.

    A program's token must not make another that lasts longer or may do more. Nor must a form of a
    session that has ended, although its short token is still good for reading.
    """
    if not caller.session:
        raise HTTPException(403)
    if request.method not in {"GET", "HEAD"}:
        try:
            with database.autocommit() as connection:
                sessions.hold(connection, caller)
        except SessionOver:
            raise HTTPException(403) from None
    return caller


def sent(data: Typed) -> FormData:
    """What was typed into a form of ours. Raises `BadLink` for one that stood open too long."""
    forms.form_id(str(data.get("form_token", "")))
    return data


Person = Annotated[Caller, Depends(at_a_browser)]
Sent = Annotated[FormData, Depends(sent)]


@router.get("")
def show(request: Request, caller: Member, session: Transaction) -> Response:
    """All of it on one page."""
    return _page(request, caller, session, None)


@router.post("")
def change(request: Request, caller: Person, data: Sent, session: Transaction) -> Response:
    """Another name or language."""
    values = {name: str(value) for name, value in data.items()}
    try:
        form = OwnAccountForm.model_validate(
            {name: values.get(name, "") for name in OwnAccountForm.model_fields}
        )
    except ValidationError as error:
        told = explain_fields(error.errors(), pages.gettext(request))
        return _page(request, caller, session, Form(values, told), 422)
    administration.change_own(session, caller, form)
    # The name stands in the token, so a new one is fetched on the way.
    return RedirectResponse(f"{RENEW}?next={OWN}?done=changed", 303)


@router.post("/password", dependencies=[Depends(sent)])
def send_password_link(request: Request, caller: Person, session: Transaction) -> Response:
    """Send oneself the way to a new password: who only sits at this screen cannot set one."""
    if limiter.hit(LINKS, caller.subject):
        text = words.REFUSALS["link-sent-often"]
        return pages.render(request, "error.html", 429, text=text)
    account = accounts.own(session, caller)
    administration.send_link(session, caller, account.id)
    return RedirectResponse(f"{OWN}?done=link", 303)


@router.post("/sessions/{session_id}/end", dependencies=[Depends(sent)])
def end_session(session_id: UUID, caller: Person, session: Transaction) -> Response:
    """Sign one of one's browsers out."""
    if not sessions.end(session, caller.subject, only=session_id):
        raise HTTPException(404)
    change = Change("account", caller.subject, caller.region_code)
    audit.record(session, caller, "signed_out", change)
    if caller.session == str(session_id):
        return leave(RedirectResponse("/", 303))
    return RedirectResponse(f"{OWN}?done=ended", 303)


@router.post("/sessions/end", dependencies=[Depends(sent)])
def end_all_sessions(caller: Person, session: Transaction) -> Response:
    """Sign out everywhere, here as well; programs with an API token stop too."""
    sessions.end(session, caller.subject)
    api_tokens.revoke_all(session, UUID(caller.subject))
    change = Change("account", caller.subject, caller.region_code)
    audit.record(session, caller, "signed_out_everywhere", change)
    return leave(RedirectResponse("/", 303))


@router.get("/tokens/new")
def show_new_token(request: Request, _caller: Person) -> Response:
    """What the token is for, what it may do, and until when."""
    return _token_form(request, Form({"days": "90"}), ["read"])


@router.post("/tokens/new")
def make_token(request: Request, caller: Person, data: Typed, session: Transaction) -> Response:
    """Make it and show it, this once: an address to show it at again would be a second key."""
    say = pages.gettext(request)
    values = {name: str(value) for name, value in data.items()}
    scopes = [str(value) for value in data.getlist("scopes")]
    try:
        form_id = forms.form_id(values.get("form_token", ""))
        form = ApiTokenForm.model_validate(values | {"scopes": scopes})
        made = api_tokens.make(session, caller, form_id, form)
    except ValidationError as error:
        told = explain_fields(error.errors(), say)
        if not values.get("name", "").strip():
            told["name"] = say(words.REFUSALS["name"])
        if "scopes" in told:
            told["scopes"] = say(words.REFUSALS["scopes"])
        return _token_form(request, Form(values, told), scopes, 422)
    except SessionOver:  # it ended just now
        raise HTTPException(403) from None
    except api_tokens.MadeBefore:
        return pages.render(request, "error.html", 409, text=words.REFUSALS["made-before"])
    return pages.render(request, "api_token_made.html", made=made)


@router.get("/tokens/{token_id}/revoke")
def ask_revoke(request: Request, token_id: UUID, caller: Person, session: Transaction) -> Response:
    """Ask once more: programs that use the token stop."""
    found = api_tokens.find(session, caller, token_id)
    return pages.render(request, "api_token_revoke.html", found=found, token=forms.new_form())


@router.post("/tokens/{token_id}/revoke", dependencies=[Depends(sent)])
def revoke(token_id: UUID, caller: Person, session: Transaction) -> Response:
    """End a token for good."""
    api_tokens.revoke(session, caller, token_id)
    return RedirectResponse(f"{OWN}?done=revoked", 303)


def _page(
    request: Request, caller: Caller, session: Session, form: Form | None, status: int = 200
) -> Response:
    account = accounts.own(session, caller)
    region = regions.find(account.region_code)
    return pages.render(
        request,
        "account.html",
        status,
        account=account,
        form=form or Form({"name": account.name, "language": account.language}),
        role=words.ROLES[account.role][0],
        region=region.label if region else "Indonesia",
        sessions=sessions.of_account(session, account.id),
        tokens=api_tokens.of_account(session, account.id),
        scopes=words.SCOPES,
        languages=list(words.LANGUAGES.items()),
        current=caller.session,
        done=request.query_params.get("done", ""),
        token=forms.new_form(),
    )


def _token_form(request: Request, form: Form, scopes: list[str], status: int = 200) -> Response:
    say = pages.gettext(request)
    return pages.render(
        request,
        "api_token_new.html",
        status,
        form=form,
        chosen=scopes,
        scopes=[(name, say(label)) for name, label in words.SCOPES.items()],
        days=[(name, say(label)) for name, label in words.TOKEN_DAYS.items()],
        token=forms.new_form(),
    )
