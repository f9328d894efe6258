"""What was sent to whom, for officials."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from services.notifications import messages, words
from services.notifications.pages.common import pages
from services.notifications.resources import database
from shared import regions
from shared.security import Staff
from shared.web import PAGE_HEADERS

router = APIRouter(include_in_schema=False)

Transaction = Annotated[Session, Depends(database.transaction, scope="function")]

# A mail is shown as its reader sees it, but can do nothing here: no script, no form, no request,
# and an origin of its own.
_MAIL_HEADERS = PAGE_HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox"
}


@router.get("/")
def list_messages(
    request: Request,
    caller: Staff,
    session: Transaction,
    q: Annotated[str, Query(max_length=254)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    after: UUID | None = None,
) -> Response:
    """Messages, newest first, with search by recipient and filter by state."""
    rows, following = messages.page(session, caller, recipient=q, state=state, after=after)

    def url(**changed: Any) -> str:
        query = {"q": q, "state": state} | changed
        return "?" + urlencode({name: value for name, value in query.items() if value})

    return pages.render(
        request,
        "messages.html",
        messages=rows,
        words=words,
        q=q,
        state=state,
        url=url,
        next_url=url(after=following) if following else "",
        first_url=url() if after else "",
    )


@router.get("/messages/{message_id}")
def show_message(
    request: Request, message_id: UUID, caller: Staff, session: Transaction
) -> Response:
    """One message's whole history, with what it said."""
    message = messages.find(session, caller, message_id)
    region = regions.find(message.region_code)
    return pages.render(
        request,
        "message.html",
        message=message,
        history=messages.attempts(session, message_id),
        text=messages.without_keys(message.text),
        region=region.label if region else message.region_code,
        words=words,
    )


@router.get("/messages/{message_id}/html")
def show_html(message_id: UUID, caller: Staff, session: Transaction) -> Response:
    """The mail as its reader sees it, for the frame on the message's page."""
    html = messages.without_keys(messages.find(session, caller, message_id).html)
    if html is None:
        raise messages.MessageNotFound(message_id)
    return HTMLResponse(html, headers=_MAIL_HEADERS)
