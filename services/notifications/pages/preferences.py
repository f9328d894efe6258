"""What somebody wants to get, by a signed link from a message; no account, no cookie."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.notifications import preferences, rule_words
from services.notifications.pages.common import Sent, pages
from services.notifications.resources import Transaction, forms
from shared.security import Anyone, BadLink
from shared.web.languages import choose_language

router = APIRouter(include_in_schema=False)


@router.get("/preferences/{token}")
def show(request: Request, _caller: Anyone, token: str, session: Transaction) -> Response:
    """What may come to an address, and what always comes."""
    try:
        address = preferences.address_of(token)
    except BadLink:
        return _over(request)
    return pages.render(
        request,
        "preferences.html",
        address=address,
        choices=rule_words.CHOICES,
        unwanted=preferences.unwanted(session, address),
        done=request.query_params.get("done", ""),
        token=forms.new_form(),
    )


@router.post("/preferences/{token}")
def choose(
    request: Request, _caller: Anyone, token: str, data: Sent, session: Transaction
) -> Response:
    """Let what is ticked come, and nothing else of what may be refused."""
    try:
        address = preferences.address_of(token)
    except BadLink:
        return _over(request)
    preferences.choose(session, address, [str(name) for name in data.getlist("wanted")])
    return RedirectResponse(f"/notifications/preferences/{token}?done=saved", 303)


@router.get("/unsubscribe/{token}")
def ask(request: Request, _caller: Anyone, token: str) -> Response:
    """One button: a program that only looks at links must not end anything."""
    try:
        address, work_class = preferences.of_unsubscribe_link(token)
    except BadLink:
        return _over(request)
    return pages.render(
        request, "unsubscribe.html", address=address, choice=rule_words.CHOICES[work_class][0]
    )


@router.post("/unsubscribe/{token}")
def unsubscribe(request: Request, _caller: Anyone, token: str, session: Transaction) -> Response:
    """End it, as RFC 8058 has it: no page before, no cookie, no form token; twice is once.

    The body, `List-Unsubscribe=One-Click`, says nothing that the link does not, and is not read.
    """
    try:
        address, work_class = preferences.of_unsubscribe_link(token)
    except BadLink:
        return _over(request)
    preferences.refuse(session, address, work_class)
    return pages.render(
        request,
        "unsubscribed.html",
        address=address,
        ended=rule_words.ENDED[work_class],
        preferences=preferences.link(address, choose_language(request)),
    )


def _over(request: Request) -> Response:
    """The same for every link that is not good, whatever it might have been for."""
    return pages.render(request, "error.html", 404, text=rule_words.LINK_OVER)
