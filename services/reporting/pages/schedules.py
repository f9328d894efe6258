"""Reports that come by themselves: list, add, pause and delete one's own schedules."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.reporting import report_schedules, words
from services.reporting.pages.common import Typed, pages
from services.reporting.pages.reports import choices, order_of_form, refused
from services.reporting.report_contents import place_name
from services.reporting.report_kinds import OUT_OF_SCOPE
from services.reporting.report_periods import Every
from services.reporting.report_schedules import BadCron, TooManySchedules
from services.reporting.resources import Transaction, forms
from services.reporting.targets import RegionNotFound
from shared import regions
from shared.security import BadLink, Caller, Staff
from shared.web import Form
from shared.web.languages import choose_language

router = APIRouter(prefix="/schedules", include_in_schema=False)

_SIMPLE = {
    "month": report_schedules.monthly,
    "quarter": report_schedules.quarterly,
    "year": report_schedules.yearly,
}
_EVERY: dict[str, Every] = {"month": "month", "quarter": "quarter", "year": "year"}


@router.get("")
def list_schedules(
    request: Request, caller: Staff, session: Transaction, after: UUID | None = None
) -> Response:
    """The reader's own schedules."""
    rows, following = report_schedules.page(session, caller, after)
    language = choose_language(request)
    return pages.render(
        request,
        "schedules.html",
        schedules=rows,
        slots=report_schedules.last_slots(session, [row.id for row in rows]),
        place=lambda code: place_name(code, language),
        words=words,
        token=forms.new_form(),
        next_url="?" + urlencode({"after": following}) if following else "",
        first_url="?" if after else "",
    )


@router.get("/new")
def new_schedule(request: Request, caller: Staff) -> Response:
    """The form."""
    values = {
        "kind": "periodic",
        "region": caller.region_code,
        "format": "pdf",
        "language": "id",
        "stream": "pelibatan",
        "every": "month",
        "day": "11",
        "hour": "8",
    }
    return _form_page(request, caller, Form(values))


@router.post("")
def add_schedule(request: Request, caller: Staff, session: Transaction, data: Typed) -> Response:
    """Add one; or the form again, with what is wrong."""
    zone = regions.zone_of(caller.region_code)
    try:
        forms.form_id(data.get("form_token", ""))
        every, cron = _when(data)
        now = datetime.now(UTC)
        report_schedules.add(session, caller, order_of_form(data), every, cron, zone, now)
    except _Wrong as wrong:
        say = pages.gettext(request)
        form = Form(data, {wrong.field: say(words.SCHEDULE_REFUSALS[wrong.field])})
        return _form_page(request, caller, form, 422)
    except (BadCron, TooManySchedules) as refusal:
        say = pages.gettext(request)
        name = "cron" if isinstance(refusal, BadCron) else ""
        form = Form(data, {name: say(words.SCHEDULE_REFUSALS[name])})
        return _form_page(request, caller, form, 422)
    except (ValidationError, BadLink, *OUT_OF_SCOPE) as refusal:
        as_region = RegionNotFound("") if isinstance(refusal, OUT_OF_SCOPE) else refusal
        return _form_page(request, caller, Form(data, refused(request, data, as_region)), 422)
    return RedirectResponse("/reporting/schedules", 303)


@router.post("/{schedule_id}")
def change_schedule(
    request: Request, schedule_id: UUID, caller: Staff, session: Transaction, data: Typed
) -> Response:
    """Pause it, let it go on, or delete it; an old page changes nothing."""
    try:
        forms.form_id(data.get("form_token", ""))
    except BadLink:
        return list_schedules(request, caller, session)
    now = datetime.now(UTC)
    if data.get("action") == "delete":
        report_schedules.remove(session, caller, schedule_id)
    else:
        active = data.get("action") == "resume"
        report_schedules.set_active(session, caller, schedule_id, active=active, now=now)
    return RedirectResponse("/reporting/schedules", 303)


class _Wrong(ValueError):
    def __init__(self, field: str) -> None:
        self.field = field


def _when(data: Mapping[str, str]) -> tuple[Every, str]:
    """The length of the period, and when it comes. Raises `_Wrong`."""
    every = data.get("every", "")
    if every not in _EVERY:
        raise _Wrong("every")
    cron = " ".join(data.get("cron", "").split())
    if cron:
        return _EVERY[every], cron
    day, hour = data.get("day", ""), data.get("hour", "")
    if not (day.isdecimal() and 1 <= int(day) <= 28):
        raise _Wrong("day")
    if not (hour.isdecimal() and int(hour) <= 23):
        raise _Wrong("hour")
    return _EVERY[every], _SIMPLE[every](int(day), int(hour))


def _form_page(request: Request, caller: Caller, form: Form, status: int = 200) -> Response:
    say = pages.gettext(request)
    offered: dict[str, Any] = choices(request, caller)
    return pages.render(
        request,
        "schedule_new.html",
        status,
        form=form,
        words=words,
        every=[(name, say(label)) for name, label in words.EVERY.items()],
        token=forms.new_form(),
        **offered,
    )
