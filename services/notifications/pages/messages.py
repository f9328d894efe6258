"""What was sent to whom, for officials."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.notifications import archive, words
from services.notifications.pages.common import pages
from services.notifications.resources import database
from services.notifications.schemas import Beginning, State
from shared import regions
from shared.security import Staff
from shared.tracing import trace_id
from shared.web import PAGE_HEADERS

router = APIRouter(include_in_schema=False)

Transaction = Annotated[Session, Depends(database.transaction, scope="function")]

# A mail is shown as its reader sees it, but can do nothing here: no script, no form, no request,
# and an origin of its own.
_MAIL_HEADERS = PAGE_HEADERS | {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox",
}


class Wanted(BaseModel):
    """What the list is asked for, as it stands in the address."""

    q: Beginning = ""
    state: State | Literal[""] = ""
    after: UUID | None = None

    def url(self, **changed: Any) -> str:
        """The address of the list with something changed, from its first page."""
        query = {"q": self.q, "state": self.state} | changed
        return "?" + urlencode({name: value for name, value in query.items() if value})


@router.get("/")
def list_messages(
    request: Request, caller: Staff, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> Response:
    """Messages, newest first, with search by recipient and filter by state."""
    rows, following = archive.page(
        session, caller, recipient=wanted.q, state=wanted.state, after=wanted.after
    )

    _ = pages.gettext(request)
    chips = [("", _("Semua")), *((name, _(words.STATES[name][0])) for name in words.FILTERS)]
    return pages.render(
        request,
        "messages.html",
        messages=rows,
        words=words,
        wanted=wanted,
        chips=[(wanted.url(state=name), label, name == wanted.state) for name, label in chips],
        next_url=wanted.url(after=following) if following else "",
    )


@router.get("/messages/{message_id}")
def show_message(
    request: Request, message_id: UUID, caller: Staff, session: Transaction
) -> Response:
    """One message's whole history, with what it said."""
    message = archive.find(session, caller, message_id)
    region = regions.find(message.region_code)
    return pages.render(
        request,
        "message.html",
        message=message,
        history=archive.attempts(session, message_id),
        contents=archive.seen_by_officials(message),
        region=region.label if region else message.region_code,
        trace=trace_id(message.traceparent),
        words=words,
    )


@router.get("/messages/{message_id}/html")
def show_html(message_id: UUID, caller: Staff, session: Transaction) -> Response:
    """The mail as its reader sees it, for the frame on the message's page."""
    contents = archive.seen_by_officials(archive.find(session, caller, message_id))
    if contents is None or contents.html is None:
        raise archive.MessageNotFound(message_id)
    return HTMLResponse(contents.html, headers=_MAIL_HEADERS)
