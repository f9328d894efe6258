"""Sign in and out."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from services.registration import accounts
from services.registration.pages.common import pages
from services.registration.pages.registrations import typed
from services.registration.resources import forms
from services.registration.settings import settings
from services.registration.words import REFUSALS
from shared.security import COOKIE, BadLink, anyone, issue_token
from shared.web import Form

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)

Typed = Annotated[FormData, Depends(typed)]


@router.get("/sign-in")
def show_sign_in(request: Request) -> Response:
    """The form; `next` is where to go afterwards."""
    return _form(request, Form({"next": request.query_params.get("next", "")}))


@router.post("/sign-in")
def sign_in(request: Request, data: Typed) -> Response:
    """Set the session cookie, and go on."""
    values = {name: str(value) for name, value in data.items()}
    say = pages.gettext(request)
    try:
        forms.form_id(values.get("form_token", ""))
        caller = accounts.sign_in(values.get("email", ""), values.get("password", ""))
    except BadLink:
        return _form(request, Form(values, {"": say(REFUSALS["form-expired"])}), 422)
    except accounts.WrongPassword:
        return _form(request, Form(values, {"email": say(REFUSALS["sign-in"])}), 422)
    except accounts.TooManyTries:
        return _form(request, Form(values, {"": say(REFUSALS["too-many-tries"])}), 429)
    token = issue_token(settings().token_private_key, caller, seconds=accounts.SESSION_S)
    response = RedirectResponse(_inside(values.get("next", "")), 303)
    response.set_cookie(
        COOKIE,
        token,
        accounts.SESSION_S,
        httponly=True,
        samesite="lax",
        secure=settings().base_url.startswith("https://"),
    )
    return response


@router.post("/sign-out")
def sign_out() -> Response:
    """Forget the session; `identify` refuses this to other sites."""
    response = RedirectResponse("/", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return response


def _form(request: Request, form: Form, status: int = 200) -> Response:
    return pages.render(request, "sign_in.html", status, form=form, token=forms.new_form())


def _inside(address: str) -> str:
    """Only a path of our own; nobody is sent away from here by a link."""
    try:
        parts = urlsplit(address)
    except ValueError:  # such as //[
        return "/"
    own = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if own and not parts.netloc and not parts.scheme else "/"
