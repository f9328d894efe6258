"""Announcements: write one, see whom it reaches and what it costs, send it, and watch it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from services.notifications import announcement_words as words
from services.notifications import announcements, announcing, jobs
from services.notifications.announcements import Changed, Nobody, NotNow, RuleOff
from services.notifications.api.announcements import begin, counted, go_on, progress
from services.notifications.models import Announcement
from services.notifications.pages import announcement_form
from services.notifications.pages.announcement_form import BadDate
from services.notifications.pages.common import Sent, Typed, pages
from services.notifications.pages.messages import MAIL_HEADERS
from services.notifications.resources import Transaction, bus, forms
from services.notifications.schemas import Beginning
from shared.security import BadLink, Caller, Staff
from shared.web import Form
from shared.web.formats import Language

LIST = "/notifications/announcements"

router = APIRouter(prefix="/announcements", include_in_schema=False)


class Wanted(BaseModel):
    """What the list is asked for, as it stands in the address."""

    q: Beginning = ""
    state: Literal["", "draft", "sending", "paused", "done", "cancelled"] = ""
    after: UUID | None = None

    def url(self, **changed: Any) -> str:
        """The address of the list with something changed, from its first page."""
        query = {"q": self.q, "state": self.state} | changed
        return "?" + urlencode({name: value for name, value in query.items() if value})


@router.get("")
def list_announcements(
    request: Request, caller: Staff, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> Response:
    """Announcements of the caller's region, newest first."""
    rows, following = announcements.page(
        session,
        caller,
        words=wanted.q,
        states=words.FILTERS.get(wanted.state, ()),
        after=wanted.after,
    )
    say = pages.gettext(request)
    chips = [("", say("Semua")), *((one, say(words.STATES[one][0])) for one in words.FILTERS)]
    return pages.render(
        request,
        "announcements.html",
        announcements=rows,
        words=words,
        where=announcing.origin,
        wanted=wanted,
        chips=[(wanted.url(state=one), label, one == wanted.state) for one, label in chips],
        next_url=wanted.url(after=following) if following else "",
        first_url=wanted.url() if wanted.after else "",
        done=request.query_params.get("done", ""),
    )


@router.get("/new")
def show_new(request: Request, caller: Staff, session: Transaction) -> Response:
    """An empty form."""
    form = Form({"kind": "participants", "statuses": "approved", "channel_1": "email"})
    return _form(request, session, caller, form)


@router.post("/new")
def create(request: Request, caller: Staff, session: Transaction, data: Typed) -> Response:
    """Keep a draft, and show whom it would reach."""
    values = announcement_form.typed(data)
    if "choose_region" in data:  # "show the next list", without JavaScript
        return _form(request, session, caller, Form(values))
    try:
        draft_id = forms.form_id(values.get("form_token", ""))
        form = announcement_form.read(values, caller)
    except (ValidationError, BadLink, BadDate) as refusal:
        errors = announcement_form.told(request, refusal)
        return _form(request, session, caller, Form(values, errors), 422)
    announcements.create(session, caller, draft_id, form)
    return RedirectResponse(f"{LIST}/{draft_id}", 303)


@router.get("/{announcement_id}")
def show(request: Request, announcement_id: UUID, caller: Staff, session: Transaction) -> Response:
    """A draft with whom it would reach; any other with how far it is."""
    return _page(request, session, announcements.find(session, caller, announcement_id))


@router.post("/{announcement_id}")
def act(
    request: Request, announcement_id: UUID, caller: Staff, session: Transaction, data: Sent
) -> Response:
    """Start, pause, resume or cancel it."""
    found = announcements.find(session, caller, announcement_id)
    try:
        match data.get("action"):
            case "start":
                begin(session, caller, found, int(str(data.get("version") or 0)))
            case "pause":
                announcements.pause(session, caller, found)
            case "resume":
                go_on(session, caller, found)
            case "cancel":
                announcements.cancel(session, caller, found)
        bus.wake(session, jobs.write_announcements)
    except RuleOff:
        return _page(request, session, found, "rule-off", 409)
    except NotNow:
        return _page(request, session, found, "not-now", 409)
    except Changed:
        return _page(request, session, found, "changed", 409)
    except Nobody:
        return _page(request, session, found, "nobody", 409)
    return RedirectResponse(f"{LIST}/{announcement_id}", 303)


@router.get("/{announcement_id}/edit")
def show_edit(
    request: Request, announcement_id: UUID, caller: Staff, session: Transaction
) -> Response:
    """A draft, to be changed."""
    found = announcements.find(session, caller, announcement_id)
    if found.state != "draft":
        raise NotNow
    form = Form(announcement_form.of_draft(found, caller))
    return _form(request, session, caller, form, draft=found)


@router.post("/{announcement_id}/edit")
def edit(
    request: Request, announcement_id: UUID, caller: Staff, session: Transaction, data: Typed
) -> Response:
    """Write a draft anew."""
    found = announcements.find(session, caller, announcement_id)
    values = announcement_form.typed(data)
    if "choose_region" in data:
        return _form(request, session, caller, Form(values), draft=found)
    try:
        forms.form_id(values.get("form_token", ""))
        form = announcement_form.read(values, caller)
    except (ValidationError, BadLink, BadDate) as refusal:
        errors = announcement_form.told(request, refusal)
        return _form(request, session, caller, Form(values, errors), 422, draft=found)
    announcements.change(session, caller, announcement_id, form)
    return RedirectResponse(f"{LIST}/{announcement_id}", 303)


@router.post("/{announcement_id}/clone")
def clone(announcement_id: UUID, caller: Staff, session: Transaction, data: Sent) -> Response:
    """A new draft with the same text and audience."""
    draft_id = forms.form_id(str(data.get("form_token", "")))
    announcements.clone(session, caller, announcement_id, draft_id)
    return RedirectResponse(f"{LIST}/{draft_id}/edit", 303)


@router.post("/{announcement_id}/delete")
def delete(announcement_id: UUID, caller: Staff, session: Transaction, _data: Sent) -> Response:
    """Delete a draft."""
    announcements.remove(session, caller, announcement_id)
    return RedirectResponse(f"{LIST}?done=deleted", 303)


@router.get("/{announcement_id}/html")
def show_html(
    announcement_id: UUID, caller: Staff, session: Transaction, text: Language = "id"
) -> Response:
    """The mail as its reader sees it, for the frame on the announcement's page."""
    found = announcements.find(session, caller, announcement_id)
    language = announcing.language_for(found, text)
    contents = announcing.example(session, found, "email", language)
    return HTMLResponse(contents.html, headers=MAIL_HEADERS)


def _form(  # noqa: PLR0913 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    form: Form,
    status: int = 200,
    *,
    draft: Announcement | None = None,
) -> Response:
    more = {"draft": draft, "token": forms.new_form()}
    answer: Response = announcement_form.page(request, session, caller, form, status, **more)
    return answer


def _page(
    request: Request, session: Session, found: Announcement, refused: str = "", status: int = 200
) -> Response:
    say = pages.gettext(request)
    is_draft = found.state == "draft"
    languages: tuple[Language, ...] = ("id", "en") if found.body_en else ("id",)
    channels = announcements.channels(found)
    return pages.render(
        request,
        "announcement_draft.html" if is_draft else "announcement.html",
        status,
        announcement=found,
        preview=counted(session, found) if is_draft else None,
        progress=None if is_draft else progress(session, found),
        samples=[
            (one, {way: announcing.example(session, found, way, one) for way in channels})
            for one in languages
        ],
        words=words,
        where=announcing.origin,
        at=datetime.fromisoformat,
        form=Form({}, {"": say(words.REFUSALS[refused])} if refused else {}),
        token=forms.new_form(),
    )
