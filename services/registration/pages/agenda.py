"""The agenda of a meeting, session by session."""

from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.registration import agenda, hosting
from services.registration.hosting_schemas import SessionForm
from services.registration.models import AgendaSession, Meeting
from services.registration.pages.hosting import (
    REFUSALS_OF_FORMS,
    Typed,
    page,
    read,
    refusal,
    values_of,
)
from services.registration.resources import Transaction, forms
from shared.security import Caller, Host
from shared.web import Form

router = APIRouter(prefix="/meetings/{slug}/agenda", include_in_schema=False)


@router.get("")
def show(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """All sessions by day, with those that overlap or no longer fit."""
    meeting = hosting.find(session, caller, slug)
    sessions = agenda.of(session, meeting.id)
    return page(
        request,
        "host_agenda.html",
        meeting,
        Form(),
        days=agenda.by_day(sessions, meeting.zone),
        overlapping=agenda.overlapping(sessions),
        outside={item.id for item in agenda.outside(sessions, meeting)},
    )


@router.get("/new")
def show_new(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """An empty form that goes on where the last session ends."""
    meeting = hosting.find(session, caller, slug)
    sessions = agenda.of(session, meeting.id)
    begin = (sessions[-1].ends_at if sessions else meeting.starts_at).astimezone(
        ZoneInfo(meeting.zone)
    )
    values = {"day": f"{begin:%Y-%m-%d}", "starts": f"{begin:%H:%M}"}
    return _form(request, meeting, None, Form(values))


@router.post("/new")
def create(
    request: Request, slug: str, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Add a session; the same form sent twice adds one."""
    meeting = hosting.find(session, caller, slug, lock=True)
    values = values_of(data)
    try:
        form = read(SessionForm, values)
        form_id = forms.form_id(values["form_token"])
        agenda.add(session, caller, meeting, form, form_id)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        return _form(request, meeting, None, Form(values, refused.errors), refused.status)
    return _to_list(slug, "saved")


@router.get("/{session_id}")
def show_one(
    request: Request, slug: str, session_id: UUID, caller: Host, session: Transaction
) -> Response:
    """One session to edit."""
    meeting, item = _found(session, caller, slug, session_id)
    clock = ZoneInfo(meeting.zone)
    starts, ends = item.starts_at.astimezone(clock), item.ends_at.astimezone(clock)
    lines = (
        f"{each['name']}; {each['role']}" if each.get("role") else each["name"]
        for each in item.speakers
    )
    values = {
        "day": f"{starts:%Y-%m-%d}",
        "starts": f"{starts:%H:%M}",
        "ends": f"{ends:%H:%M}",
        "title": item.title,
        "place": item.place,
        "speakers": "\n".join(lines),
        "check_in": "yes" if item.check_in else "",
    }
    return _form(request, meeting, item, Form(values))


@router.post("/{session_id}")
def save(  # noqa: PLR0913, PLR0917 - a page's parts
    request: Request,
    slug: str,
    session_id: UUID,
    caller: Host,
    session: Transaction,
    data: Typed,
) -> Response:
    """Save one session."""
    hosting.find(session, caller, slug, lock=True)
    meeting, item = _found(session, caller, slug, session_id)
    values = values_of(data)
    try:
        form = read(SessionForm, values)
        agenda.change(session, caller, meeting, item, form)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        return _form(request, meeting, item, Form(values, refused.errors), refused.status)
    return _to_list(slug, "saved")


@router.get("/{session_id}/delete")
def ask_delete(
    request: Request, slug: str, session_id: UUID, caller: Host, session: Transaction
) -> Response:
    """Whether one is sure."""
    meeting, item = _found(session, caller, slug, session_id)
    return page(request, "host_session_delete.html", meeting, Form(), item=item)


@router.post("/{session_id}/delete")
def delete(  # noqa: PLR0913, PLR0917 - a page's parts
    request: Request,
    slug: str,
    session_id: UUID,
    caller: Host,
    session: Transaction,
    data: Typed,
) -> Response:
    """Take one session out."""
    meeting, item = _found(session, caller, slug, session_id)
    try:
        forms.form_id(values_of(data).get("form_token", ""))
        agenda.remove(session, caller, meeting, item)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        form = Form({}, refused.errors)
        return page(request, "host_session_delete.html", meeting, form, refused.status, item=item)
    return _to_list(slug, "deleted")


def _found(
    session: Session, caller: Caller, slug: str, session_id: UUID
) -> tuple[Meeting, AgendaSession]:
    meeting = hosting.find(session, caller, slug)
    return meeting, agenda.find(session, meeting, session_id)


def _to_list(slug: str, done: str) -> Response:
    return RedirectResponse(f"/registration/meetings/{slug}/agenda?done={done}", 303)


def _form(
    request: Request, meeting: Meeting, item: AgendaSession | None, form: Form, status: int = 200
) -> Response:
    return page(request, "host_session.html", meeting, form, status, item=item)
