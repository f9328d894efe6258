"""Officials give a library the link to its own page, or revoke it; and evidence by signed link."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from services.reporting import evidence, library_links, own_words
from services.reporting.pages.common import Typed, pages
from services.reporting.resources import Transaction, forms
from shared import regions
from shared.files import send_file
from shared.security import Anyone, BadLink, Caller, Staff
from shared.web import Form
from shared.web.pages import NOT_STORED

router = APIRouter(include_in_schema=False)


@router.get("/own/links/{library_id}")
def ask(request: Request, library_id: UUID, caller: Staff, session: Transaction) -> Response:
    """Where an official makes a library's link, or revokes all of them."""
    return _page(request, session, caller, library_id)


@router.post("/own/links/{library_id}")
def make(
    request: Request, library_id: UUID, caller: Staff, session: Transaction, data: Typed
) -> Response:
    """Show a link that works from now on; or revoke those given out before."""
    try:
        forms.form_id(data.get("form_token", ""))
    except BadLink:
        say = pages.gettext(request)
        form = Form({}, {"": say(own_words.REFUSALS["form-expired"])})
        return _page(request, session, caller, library_id, form=form)
    revoked = data.get("action") == "revoke"
    if revoked:
        library_links.revoke(session, caller, library_id)
    return _page(request, session, caller, library_id, done="revoked" if revoked else "made")


@router.get("/evidence/{token}")
def file(request: Request, token: str, caller: Anyone, session: Transaction) -> Response:
    """A photo or document; 404 for a link that is forged, over, or not for this reader."""
    try:
        shown = evidence.follow(session, token, caller)
    except BadLink:
        return pages.render(request, "link_over.html", 404)
    return send_file(shown.path, shown.media_type, shown.name)


def _page(  # noqa: PLR0913 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    library_id: UUID,
    *,
    form: Form | None = None,
    done: str = "",
) -> Response:
    library = library_links.find(session, caller, library_id)
    region = regions.find(library.region_code)
    page = pages.render(
        request,
        "own_link.html",
        422 if form else 200,
        library=library,
        region=region.label if region else "",
        link=library_links.link(session, library) if done == "made" else "",
        done=done,
        days=library_links.DAYS,
        form=form or Form(),
        token=forms.new_form(),
    )
    page.headers["Cache-Control"] = NOT_STORED
    return page
