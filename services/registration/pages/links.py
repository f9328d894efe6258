"""What leads back to a registration: a link sent again, and the QR of a ticket.

Neither tells who is registered.
"""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.registration import checkins, own_links
from services.registration.account_schemas import Contact
from services.registration.form_words import UNKNOWN_CONTACT
from services.registration.pages.common import Typed, pages
from services.registration.resources import database, forms, limiter
from services.registration.words import REFUSALS
from shared.limits import Limit, client_address
from shared.security import CREW, Anyone, BadLink, anyone
from shared.web import Form
from shared.web.languages import choose_language

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)

BY_ADDRESS = Limit("links-address", 60, 3600)
BY_CONTACT = Limit("links-contact", 3, 3600)


@router.get("/links")
def show_form(request: Request) -> Response:
    """Where to type an address or a number."""
    return _form(request, Form())


@router.post("/links")
def send(request: Request, data: Typed) -> Response:
    """Send the links to this contact, if any; the answer does not tell."""
    typed = str(data.get("contact", "")).strip()
    say = pages.gettext(request)
    try:
        forms.form_id(str(data.get("form_token", "")))
        contact = Contact.typed(typed)
    except BadLink:
        return _form(request, Form({"contact": typed}, {"": say(REFUSALS["form-expired"])}), 422)
    except ValidationError:
        return _form(request, Form({"contact": typed}, {"contact": say(UNKNOWN_CONTACT)}), 422)
    limiter.guard(BY_ADDRESS, client_address(request))
    # Too often for one contact looks like any other time: who holds it has the message already.
    if not limiter.hit(BY_CONTACT, contact.email or contact.phone or ""):
        with database.sessions.begin() as session:
            own_links.request(session, contact, choose_language(request))
    return RedirectResponse("/registration/links/sent", 303)


@router.get("/links/sent")
def sent(request: Request) -> Response:
    """What happens next."""
    return pages.render(request, "links_sent.html")


@router.get("/t/{code}")
def ticket(caller: Anyone, request: Request, code: str) -> Response:
    """What the QR of a ticket leads to: that it is one, and nothing of whose."""
    with database.sessions.begin() as session:
        meeting = own_links.meeting_of_ticket(session, code)
    crew = caller.role in CREW and checkins.is_crew(caller, meeting)
    return pages.render(request, "ticket.html", meeting=meeting, crew=crew)


def _form(request: Request, form: Form, status: int = 200) -> Response:
    return pages.render(request, "links.html", status, form=form, token=forms.new_form())
