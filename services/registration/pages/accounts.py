"""Accounts of others: the list, a new one, one's changes.

What outlasts a program's token, such as an account, is done by a person at a browser.
"""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import FormData

from services.registration import account_words as words
from services.registration import administration
from services.registration.account_schemas import AccountForm, AccountRole
from services.registration.administration import ContactTaken, MayNotGrant, RegionUnfit
from services.registration.models import Account
from services.registration.pages.account import LINKS, Person, Sent
from services.registration.pages.common import Typed, pages
from services.registration.resources import Transaction, database, forms, limiter
from services.registration.words import REFUSALS
from shared import regions
from shared.security import BadLink, Caller, Staff, staff
from shared.web import Form, chosen_region, region_lists
from shared.web.errors import MESSAGES, explain_fields

LIST = "/registration/accounts"

router = APIRouter(prefix="/accounts", dependencies=[Depends(staff)], include_in_schema=False)


class Wanted(BaseModel):
    """What the list is asked for, as it stands in the address."""

    q: str = Field("", max_length=100)
    role: AccountRole | str = Field("", max_length=20)
    after: UUID | None = None

    def url(self, **changed: Any) -> str:
        """The address of the list with something changed, from its first page."""
        query = {"q": self.q, "role": self.role} | changed
        return "?" + urlencode({name: value for name, value in query.items() if value})


@router.get("")
def list_accounts(
    request: Request, caller: Staff, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> Response:
    """Accounts in the caller's region, with search and filter by role."""
    rows, following = administration.page(
        session, caller, words=wanted.q, role=wanted.role, after=wanted.after
    )
    say = pages.gettext(request)
    seen = (*administration.GRANTS.get(caller.role, ()), caller.role)
    labels = {role: say(label) for role, (label, _) in words.ROLES.items() if role in seen}
    chips = [("", say("Semua")), *labels.items()]
    return pages.render(
        request,
        "accounts.html",
        accounts=rows,
        roles=words.ROLES,
        where=_where,
        wanted=wanted,
        chips=[(wanted.url(role=role), label, role == wanted.role) for role, label in chips],
        next_url=wanted.url(after=following) if following else "",
        first_url=wanted.url() if wanted.after else "",
        may_audit=caller.role in {"province", "national"},
        done=request.query_params.get("done", ""),
    )


@router.get("/new")
def show_new(request: Request, caller: Staff) -> Response:
    """An empty form."""
    return _form(request, caller, Form({"region_code": caller.region_code}))


@router.post("/new")
def add(request: Request, caller: Person, data: Typed) -> Response:
    """Give somebody an account; they are told where to choose a password."""
    values = _values(data, caller)
    if "choose_region" in data:  # "show the next list", without JavaScript
        return _form(request, caller, Form(values))
    try:
        form_id = forms.form_id(values.get("form_token", ""))
        form = AccountForm.model_validate(_fields(values))
        with database.sessions.begin() as session:
            administration.add(session, caller, form_id, form)
    except (ValidationError, BadLink, ContactTaken, MayNotGrant, RegionUnfit) as refusal:
        return _form(request, caller, Form(values, _told(request, refusal, values)), 422)
    return RedirectResponse(f"{LIST}?done=created", 303)


@router.get("/{account_id}")
def show(request: Request, account_id: UUID, caller: Staff, session: Transaction) -> Response:
    """One account, to change if the caller may."""
    account = administration.find(session, caller, account_id)
    values = {
        name: getattr(account, name) or ""
        for name in ("name", "email", "phone", "role", "region_code")
    }
    return _form(request, caller, Form(values), account=account)


@router.post("/{account_id}")
def change(request: Request, account_id: UUID, caller: Person, data: Typed) -> Response:
    """Another name, contact, role or region."""
    with database.sessions.begin() as session:
        account = administration.find(session, caller, account_id)
    if not administration.may_change(caller, account):
        raise MayNotGrant
    values = _values(data, caller)
    if "choose_region" in data:
        return _form(request, caller, Form(values), account=account)
    try:
        forms.form_id(values.get("form_token", ""))
        form = AccountForm.model_validate(_fields(values))
        with database.sessions.begin() as session:
            administration.change(session, caller, account_id, form)
    except (ValidationError, BadLink, ContactTaken, MayNotGrant, RegionUnfit) as refusal:
        told = Form(values, _told(request, refusal, values))
        return _form(request, caller, told, 422, account=account)
    return RedirectResponse(f"{LIST}/{account_id}?done=changed", 303)


@router.post("/{account_id}/disable")
def disable(account_id: UUID, caller: Person, _sent: Sent, session: Transaction) -> Response:
    """Let somebody sign in no more."""
    administration.disable(session, caller, account_id)
    return RedirectResponse(f"{LIST}/{account_id}?done=disabled", 303)


@router.post("/{account_id}/enable")
def enable(account_id: UUID, caller: Person, _sent: Sent, session: Transaction) -> Response:
    """Let somebody sign in again."""
    administration.enable(session, caller, account_id)
    return RedirectResponse(f"{LIST}/{account_id}?done=enabled", 303)


@router.post("/{account_id}/password")
def send_password_link(
    request: Request, account_id: UUID, caller: Person, _sent: Sent, session: Transaction
) -> Response:
    """Send the account's owner the way to a new password."""
    administration.find(session, caller, account_id)
    if limiter.hit(LINKS, str(account_id)):
        text = words.REFUSALS["link-sent-often"]
        return pages.render(request, "error.html", 429, text=text)
    administration.send_link(session, caller, account_id)
    return RedirectResponse(f"{LIST}/{account_id}?done=link", 303)


def _form(
    request: Request,
    caller: Caller,
    form: Form,
    status: int = 200,
    *,
    account: Account | None = None,
) -> Response:
    say = pages.gettext(request)
    errors = {("" if name == "form_token" else name): text for name, text in form.errors.items()}
    grants = administration.GRANTS.get(caller.role, ())
    return pages.render(
        request,
        "account_form.html",
        status,
        form=Form(form.values, errors),
        account=account,
        may_change=account is None or administration.may_change(caller, account),
        role_name=words.ROLES[account.role][0] if account else "",
        where=_where,
        roles=[(role, *(say(word) for word in words.ROLES[role])) for role in grants],
        levels=region_lists(caller.region_code, form.values.get("region_code", ""), say),
        within=caller.region_code,
        done=request.query_params.get("done", ""),
        token=forms.new_form(),
    )


def _values(data: FormData, caller: Caller) -> dict[str, str]:
    values = {name: value for name, value in data.items() if isinstance(value, str)}
    codes = [str(code) for code in data.getlist("region_code")]
    return values | {"region_code": chosen_region(codes) or caller.region_code}


def _fields(values: dict[str, str]) -> dict[str, str]:
    return {name: values.get(name, "") for name in AccountForm.model_fields}


def _told(request: Request, refusal: Exception, values: dict[str, str]) -> dict[str, str]:
    say = pages.gettext(request)
    match refusal:
        case ValidationError():
            told = explain_fields(refusal.errors(), say)
            for name in told.keys() & {"name", "role"}:
                if not values.get(name, "").strip():
                    told[name] = say(words.REFUSALS[name])
            told.pop("", None)
            if not any(values.get(name, "").strip() for name in ("email", "phone")):
                told["email"] = say(MESSAGES["contact"])
            return {name: told[name] for name in AccountForm.model_fields if name in told}
        case ContactTaken():
            return {refusal.field: say(words.REFUSALS[f"{refusal.field}-taken"])}
        case RegionUnfit():
            return {"region_code": say(words.REFUSALS["region-unfit"])}
        case MayNotGrant():
            return {"role": say(words.REFUSALS["may-not-grant"])}
        case _:
            return {"form_token": say(REFUSALS["form-expired"])}


def _where(region_code: str) -> str:
    region = regions.find(region_code)
    return region.label if region else "Indonesia"
