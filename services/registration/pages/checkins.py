"""The door of a meeting: check in by camera, code or name."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID, uuid5

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Row
from sqlalchemy.orm import Session

from services.registration import attendance_words as words
from services.registration import checkins
from services.registration.attendance_schemas import Scan
from services.registration.checkins import CheckInNotFound, Desk
from services.registration.pages.common import Typed, pages
from services.registration.resources import Transaction, database, forms
from shared.security import STAFF, BadLink, Caller, Crew
from shared.web import Form

router = APIRouter(prefix="/desk/{slug}/check-in", include_in_schema=False)
At = Annotated[str, Query(max_length=60)]

DEVICE = "web"


@router.get("")
def show(  # noqa: PLR0913, PLR0917 - what the address says
    request: Request,
    slug: str,
    caller: Crew,
    session: Transaction,
    at: At = "",
    done: UUID | None = None,
    before: UUID | None = None,
    undone: UUID | None = None,
) -> Response:
    """The page for one day or session, with the result of one check-in.

    It is `done` or `undone` just now, or from `before`, to be looked at and perhaps taken back.
    """
    desk = checkins.desk(session, slug, caller)
    result = None
    if shown := done or before or undone:
        try:
            found, person = checkins.find(session, desk.meeting.id, shown)
        except CheckInNotFound:
            return RedirectResponse(_address(slug, at), 303)
        status = "undone" if found.undone_at else "already" if before else "checked_in"
        result = {"check_in_id": found.id, "status": status, "name": person.name, "at": found.at}
        result |= {"library": person.library_name, "by": found.by.partition(" ")[0]}
    return _page(request, session, desk, at, Form(), result=result)


@router.post("")
def check_in(request: Request, slug: str, caller: Crew, data: Typed) -> Response:
    """Check in by code, or offer who has such a name; what was typed stays if it was nobody."""
    values = {name: str(value)[:200] for name, value in data.items()}
    at, typed = values.get("at", ""), (values.get("code") or values.get("q", "")).strip()
    with database.sessions.begin() as session:
        desk = checkins.desk(session, slug, caller)
    try:
        form_id = forms.form_id(values.get("form_token", ""))
    except BadLink:
        return _again(request, desk, values, "form-expired")
    if not typed:
        return _again(request, desk, values, "empty")
    result = _scan(caller, desk, at, typed, form_id)
    if result["status"] == "checked_in":
        return RedirectResponse(_address(slug, at, done=str(result["id"])), 303)
    with database.sessions.begin() as session:
        form = Form({"q": typed})
        if result["status"] != "unknown":
            return _page(request, session, desk, at, form, 409, result=result)
        found = checkins.search(session, desk.meeting.id, typed)
        if found:
            return _page(request, session, desk, at, form, found=found)
    return _again(request, desk, values, "nobody")


@router.post("/undo")
def undo(slug: str, caller: Crew, session: Transaction, data: Typed) -> Response:
    """Take back a check-in that was a mistake; it can be made again, so nobody is asked twice."""
    meeting = checkins.door(session, slug, caller)
    forms.form_id(str(data.get("form_token", "")))
    try:
        check_in_id = UUID(str(data.get("id", "")))
    except ValueError:
        raise CheckInNotFound from None
    checkins.undo(session, caller, meeting.id, check_in_id)
    address = _address(slug, str(data.get("at", "")), undone=str(check_in_id))
    return RedirectResponse(address, 303)


def _scan(caller: Caller, desk: Desk, at: str, typed: str, form_id: UUID) -> dict[str, Any]:
    day, session_id = _place(desk, at)
    # The same button pressed twice is one scan; another candidate of the same page is another.
    scan = Scan(
        id=uuid5(form_id, f"{typed}@{at}"),
        code=typed,
        day=day,
        session_id=session_id,
        at=datetime.now(UTC),
        device=DEVICE,
    )
    with database.autocommit() as connection:
        return checkins.record(connection, caller, desk.meeting, [scan])[0]


def _again(request: Request, desk: Desk, values: dict[str, str], refusal: str) -> Response:
    say = pages.gettext(request)
    form = Form(values, {"q": say(words.REFUSALS[refusal])})
    with database.sessions.begin() as session:
        return _page(request, session, desk, values.get("at", ""), form, 422)


def _page(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    desk: Desk,
    at: str,
    form: Form,
    status: int = 200,
    *,
    result: dict[str, Any] | None = None,
    found: Sequence[Row[Any]] = (),
) -> Response:
    day, session_id = _place(desk, at)
    return pages.render(
        request,
        "check_in.html",
        status,
        meeting=desk.meeting,
        days=desk.days,
        sessions=desk.sessions,
        day=day,
        session_id=session_id,
        at=_value(day, session_id),
        count=checkins.count(session, desk.meeting.id, day, session_id),
        form=form,
        result=result,
        found=found,
        words=words,
        token=forms.new_form(),
        device=DEVICE,
        is_staff=request.state.caller.role in STAFF,
    )


def _place(desk: Desk, at: str) -> tuple[date, UUID | None]:
    """The day and session of `at`, as `_value` writes them; if they are none, today."""
    for session in desk.sessions:
        if at == _value(session.day, session.id):
            return session.day, session.id
    for day in desk.days:
        if at == _value(day, None):
            return day, None
    return checkins.today(desk.meeting, desk.days), None


def _value(day: date, session_id: UUID | None) -> str:
    return f"{day}.{session_id}" if session_id else str(day)


def _address(slug: str, at: str, **more: str) -> str:
    query = urlencode({name: value for name, value in ({"at": at} | more).items() if value})
    return f"/registration/desk/{slug}/check-in" + (f"?{query}" if query else "")
