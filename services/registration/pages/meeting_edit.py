"""A meeting's facts: make, edit, publish, close, copy, call off."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel
from sqlalchemy.orm import Session

from services.registration import hosting, tellings
from services.registration.hosting_schemas import (
    LONGEST_KEPT,
    CloneForm,
    KeepForm,
    MeetingForm,
    Reason,
)
from services.registration.hosting_words import MISSING, WRONG, ZONES
from services.registration.models import Meeting, Telling
from services.registration.pages.common import pages
from services.registration.pages.hosting import (
    REFUSALS_OF_FORMS,
    Refusal,
    Typed,
    page,
    read,
    refusal,
    values_of,
    version_of,
)
from services.registration.resources import Transaction, forms
from services.registration.seats import ENDED
from shared import regions
from shared.security import Caller, Host
from shared.web import Form

router = APIRouter(include_in_schema=False)

# What a button does at once; the others ask first, on a page of their own.
AT_ONCE: dict[str, Callable[[Session, Caller, Meeting], None]] = {
    "close": hosting.close,
    "reopen": hosting.reopen,
}
DONE = {"close": "closed", "reopen": "reopened"}


class CancelForm(BaseModel):
    """Why a meeting is called off; everybody who registered reads it."""

    reason: Reason


class Progress(BaseModel):
    """How far everybody was told; `progress.js` asks for it."""

    status: str
    done: int
    total: int
    seconds_left: float | None
    download: None = None


@router.get("/meetings/new")
def show_new(request: Request, caller: Host) -> Response:
    """An empty form, on the clock of the host's province."""
    zone = regions.zone_of(caller.region_code)
    values = {"zone": zone, "starts_time": "08:00", "ends_time": "16:00", "closes_time": "16:00"}
    values["keep_days"] = str(LONGEST_KEPT)
    return _new(request, caller, Form(values))


@router.post("/meetings/new")
def create(request: Request, caller: Host, session: Transaction, data: Typed) -> Response:
    """Make a draft; the same form sent twice makes one."""
    values = values_of(data)
    province = caller.region_code or values.get("province_code", "")
    try:
        form = read(MeetingForm, values)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, None, request)
        return _new(request, caller, Form(values, refused.errors), refused.status)
    if province not in {each.code for each in regions.children(None)}:
        text = pages.gettext(request)(WRONG["province"])
        return _new(request, caller, Form(values, {"province_code": text}), 422)
    form_id = forms.form_id(values["form_token"])
    meeting = hosting.create(session, caller, form, province, form_id)
    return RedirectResponse(f"/registration/meetings/{meeting.slug}/edit?done=draft", 303)


@router.get("/meetings/{slug}/edit")
def show(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """The facts as they are, and what can be done with the meeting."""
    meeting = hosting.find(session, caller, slug)
    return _edit(request, session, meeting, Form(_values(meeting)))


@router.post("/meetings/{slug}/edit")
def save(request: Request, slug: str, caller: Host, session: Transaction, data: Typed) -> Response:
    """Save, or the form again with what is wrong, what somebody else changed, and all as typed."""
    meeting = hosting.find(session, caller, slug, lock=True)
    values = values_of(data)
    try:
        form = read(MeetingForm, values)
        hosting.expect(session, meeting, version_of(values), ("changed",))
        changed = hosting.change(session, caller, meeting, form)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        values["version"] = str(meeting.version)
        return _edit(request, session, meeting, Form(values, refused.errors), refused)
    done = "draft" if meeting.status == "draft" else "told" if changed.told else "saved"
    moved = "&agenda=moved" if changed.sessions_moved else ""
    return RedirectResponse(f"edit?done={done}{moved}", 303)


@router.post("/meetings/{slug}/keep")
def keep(request: Request, slug: str, caller: Host, session: Transaction, data: Typed) -> Response:
    """How long the people of a meeting that is over are kept."""
    meeting = hosting.find(session, caller, slug, lock=True)
    values = values_of(data)
    try:
        form = read(KeepForm, values)
        hosting.keep(session, caller, meeting, form.keep_days)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        form_again = Form(_values(meeting) | values, refused.errors)
        return _edit(request, session, meeting, form_again, refused)
    return RedirectResponse("edit?done=kept", 303)


@router.post("/meetings/{slug}/state")
def change_state(
    request: Request, slug: str, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Close registrations, or open them again."""
    meeting = hosting.find(session, caller, slug, lock=True)
    values = values_of(data)
    step = values.get("step", "")
    try:
        forms.form_id(values.get("form_token", ""))
        if step in AT_ONCE:
            AT_ONCE[step](session, caller, meeting)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        form = Form(_values(meeting), refused.errors)
        return _edit(request, session, meeting, form, refused)
    return RedirectResponse(f"edit?done={DONE.get(step, '')}", 303)


@router.get("/meetings/{slug}/publish")
def ask_publish(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """Whether it may be seen by everybody: that cannot be taken back."""
    meeting = hosting.find(session, caller, slug)
    return _ask_publish(request, session, meeting, Form())


@router.post("/meetings/{slug}/publish")
def publish(
    request: Request, slug: str, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Open a draft to the public."""
    meeting = hosting.find(session, caller, slug, lock=True)
    try:
        forms.form_id(values_of(data).get("form_token", ""))
        if meeting.status == "draft":  # else it was a double click
            hosting.publish(session, caller, meeting)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        return _ask_publish(request, session, meeting, Form({}, refused.errors), refused.status)
    return RedirectResponse("edit?done=published", 303)


@router.get("/meetings/{slug}/cancel")
def ask_cancel(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """Why, and whether one is sure: everybody will be told."""
    meeting = hosting.find(session, caller, slug)
    return _ask_cancel(request, session, meeting, Form())


@router.post("/meetings/{slug}/cancel")
def cancel(
    request: Request, slug: str, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Call the meeting off."""
    meeting = hosting.find(session, caller, slug, lock=True)
    values = values_of(data)
    try:
        form = read(CancelForm, values)
        if meeting.status != "cancelled":  # else it was a double click
            hosting.cancel(session, caller, meeting, form.reason)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        return _ask_cancel(request, session, meeting, Form(values, refused.errors), refused.status)
    return RedirectResponse("edit?done=cancelled", 303)


@router.get("/meetings/{slug}/clone")
def ask_clone(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """What the copy is called, and when it begins."""
    meeting = hosting.find(session, caller, slug)
    return page(request, "host_clone.html", meeting, Form({"title": meeting.title}))


@router.post("/meetings/{slug}/clone")
def clone(request: Request, slug: str, caller: Host, session: Transaction, data: Typed) -> Response:
    """Copy the meeting; the same form sent twice makes one copy."""
    meeting = hosting.find(session, caller, slug)
    values = values_of(data)
    try:
        form = read(CloneForm, values)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        form_again = Form(values, refused.errors)
        return page(request, "host_clone.html", meeting, form_again, refused.status)
    form_id = forms.form_id(values["form_token"])
    made, left_out = hosting.clone(session, caller, meeting, form, form_id)
    done = "fewer" if left_out else "cloned"
    return RedirectResponse(f"/registration/meetings/{made.slug}/edit?done={done}", 303)


@router.get("/meetings/{slug}/telling")
def show_telling(slug: str, caller: Host, session: Transaction) -> Progress:
    """How far everybody was told of the last change."""
    meeting = hosting.find(session, caller, slug)
    telling = tellings.latest(session, meeting.id)
    return (
        _progress(telling)
        if telling
        else Progress(status="done", done=0, total=0, seconds_left=None)
    )


def _progress(telling: Telling) -> Progress:
    status = "done" if telling.finished_at else "running" if telling.done else "queued"
    left = None
    if status == "running":
        seconds = (datetime.now(UTC) - telling.due_at).total_seconds()
        left = max(seconds, 0) / telling.done * max(telling.total - telling.done, 0)
    return Progress(status=status, done=telling.done, total=telling.total, seconds_left=left)


def _new(request: Request, caller: Caller, form: Form, status: int = 200) -> Response:
    say = pages.gettext(request)
    provinces = [] if caller.region_code else regions.children(None)
    return pages.render(
        request,
        "host_meeting_new.html",
        status,
        form=form,
        token=forms.new_form(),
        provinces=[(province.code, province.name) for province in provinces],
        zones=[(zone, say(name)) for zone, name in ZONES.items()],
    )


def _edit(
    request: Request,
    session: Session,
    meeting: Meeting,
    form: Form,
    refused: Refusal | None = None,
) -> Response:
    say = pages.gettext(request)
    telling = tellings.latest(session, meeting.id)
    return page(
        request,
        "host_meeting.html",
        meeting,
        form,
        refused.status if refused else 200,
        entries=refused.entries if refused else None,
        zones=[(zone, say(name)) for zone, name in ZONES.items()],
        agenda_moved=request.query_params.get("agenda") == "moved",
        telling=telling,
        progress=_progress(telling) if telling else None,
        **_open(meeting),
    )


def _open(meeting: Meeting) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"is_over": meeting.status in ENDED, "is_past": meeting.ends_at <= now}


def _ask_publish(
    request: Request, session: Session, meeting: Meeting, form: Form, status: int = 200
) -> Response:
    say = pages.gettext(request)
    missing = [(name, say(MISSING[name])) for name in hosting.missing(session, meeting)]
    return page(
        request, "host_publish.html", meeting, form, status, missing=missing, **_open(meeting)
    )


def _ask_cancel(
    request: Request, session: Session, meeting: Meeting, form: Form, status: int = 200
) -> Response:
    count = tellings.count(session, meeting.id)
    return page(request, "host_cancel.html", meeting, form, status, people=count, **_open(meeting))


def _values(meeting: Meeting) -> dict[str, str]:
    clock = ZoneInfo(meeting.zone)
    same = ("title", "description", "organiser", "venue", "address", "zone", "keep_days")
    values = {name: str(getattr(meeting, name)) for name in same}
    for name in ("starts", "ends", "closes"):
        moment = getattr(meeting, f"{name}_at").astimezone(clock)
        values |= {f"{name}_day": f"{moment:%Y-%m-%d}", f"{name}_time": f"{moment:%H:%M}"}
    return values | {"version": str(meeting.version)}
