"""Choose a password, by the link that was sent."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.registration import account_words, accounts, administration
from services.registration.account_schemas import weak_password
from services.registration.pages.common import Typed, pages
from services.registration.resources import database, forms
from services.registration.words import REFUSALS
from shared.security import Anyone, BadLink, anyone
from shared.web import Form
from shared.web.pages import NOT_STORED

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)


@router.get("/password/{link}")
def show(request: Request, link: str) -> Response:
    """Two fields; 404 when the link is forged, over or used."""
    try:
        with database.sessions.begin() as session:
            account = administration.of_link(session, link)
    except BadLink:
        return pages.render(request, "password_link_over.html", 404)
    return _form(request, account.email or account.phone or "", {})


@router.post("/password/{link}")
def choose(request: Request, caller: Anyone, link: str, data: Typed) -> Response:
    """Set it, and lead to the sign-in page: whoever typed it shows that they know it."""
    say = pages.gettext(request)
    password = str(data.get("password", ""))
    try:
        with database.sessions.begin() as session:
            account = administration.of_link(session, link)
        contact = account.email or account.phone or ""
        weak = weak_password(password, account.email, account.phone)
        if weak:
            return _form(request, contact, {"password": say(account_words.REFUSALS[weak])}, 422)
        if data.get("again") != password:
            return _form(request, contact, {"again": say(account_words.REFUSALS["again"])}, 422)
        hashed = accounts.hash_password(password)
        with database.sessions.begin() as session:
            administration.choose_password(session, caller, account, hashed)
    except BadLink:
        return pages.render(request, "password_link_over.html", 404)
    except accounts.TooManyTries:
        return _form(request, contact, {"": say(REFUSALS["too-many-tries"])}, 429)
    return RedirectResponse("/registration/sign-in?done=password", 303)


def _form(request: Request, contact: str, errors: dict[str, str], status: int = 200) -> Response:
    page = pages.render(
        request,
        "password.html",
        status,
        form=Form({}, errors),
        contact=contact,
        token=forms.new_form(),
    )
    page.headers["Cache-Control"] = NOT_STORED
    return page
