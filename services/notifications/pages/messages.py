"""What was sent to whom, for officials: search, one message's story, and what is done with it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.notifications import archive, handling, histories, words
from services.notifications.console_schemas import MessageFilter
from services.notifications.pages.common import pages
from services.notifications.resources import Transaction
from services.notifications.rules import CLASSES
from shared import regions
from shared.security import Staff
from shared.tracing import trace_id
from shared.web import PAGE_HEADERS, Form

router = APIRouter(include_in_schema=False)

# A mail is shown as its reader sees it, but can do nothing here: no script, no form, no request,
# and an origin of its own.
MAIL_HEADERS = PAGE_HEADERS | {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox",
}


class Wanted(MessageFilter):
    """What the list is asked for, as it stands in the address."""

    after: UUID | None = None


@router.get("/")
def list_messages(
    request: Request, caller: Staff, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> Response:
    """Messages, newest first, with search by person or address and filters."""
    rows, following = archive.page(session, caller, wanted, after=wanted.after)
    say = pages.gettext(request)
    chips = [("", say("Semua")), *((name, say(words.STATES[name][0])) for name in words.FILTERS)]
    return pages.render(
        request,
        "messages.html",
        messages=rows,
        words=words,
        wanted=wanted,
        asked=wanted.asked(),
        form=Form(wanted.asked()),
        options=_options(say),
        chips=[
            (wanted.url(state=name), label, name == (wanted.state or "")) for name, label in chips
        ],
        next_url=wanted.url(after=following) if following else "",
        done=request.query_params.get("done", ""),
        count=request.query_params.get("count", ""),
    )


def _options(say: Any) -> dict[str, list[tuple[str, str]]]:
    """What the filters offer."""
    return {
        "class": [(name, say(words.CLASSES[name])) for name in CLASSES],
        "channel": [(name, say(label)) for name, label in words.CHANNELS.items()],
        "rule": [(name, say(label)) for name, label in words.RULES.items()],
        "state": [(name, say(words.STATES[name][0])) for name in words.STATES],
    }


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
        history=histories.history(session, message),
        possible=handling.possible(message),
        contents=archive.seen_by_officials(message),
        region=region.label if region else message.region_code,
        trace=trace_id(message.traceparent),
        words=words,
        done=request.query_params.get("done", ""),
    )


@router.get("/messages/{message_id}/html")
def show_html(message_id: UUID, caller: Staff, session: Transaction) -> Response:
    """The mail as its reader sees it, for the frame on the message's page."""
    contents = archive.seen_by_officials(archive.find(session, caller, message_id))
    if contents is None or contents.html is None:
        raise archive.MessageNotFound(message_id)
    return HTMLResponse(contents.html, headers=MAIL_HEADERS)


def to_message(message_id: UUID, done: str) -> Response:
    """To the page of a message, which says what was done."""
    return RedirectResponse(f"/notifications/messages/{message_id}?done={done}", 303)
