"""Order a report by form, watch it, cancel it, find it again."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from services.reporting import jobs, meetings, report_periods, reports, words
from services.reporting.api.reports import detail
from services.reporting.pages.common import Typed, pages
from services.reporting.pages.meetings import meeting_page
from services.reporting.report_kinds import KINDS
from services.reporting.report_schemas import ORDERS
from services.reporting.reports import KeyReused, TooManyReports
from services.reporting.resources import Transaction, bus, forms
from services.reporting.settings import settings
from services.reporting.streams import STREAMS
from services.reporting.targets import RegionNotFound
from shared import regions
from shared.security import BadLink, Caller, Staff
from shared.web import Form
from shared.web.formats import Language
from shared.web.languages import choose_language

router = APIRouter(prefix="/reports", include_in_schema=False)

_WRONG = {"format": "format", "period": "period", "region": "region"}
_OFFERED: Mapping[report_periods.Every, int] = {"month": 18, "quarter": 8, "year": 5}


@router.get("")
def list_reports(  # noqa: PLR0913, PLR0917 - what a list is asked by
    request: Request,
    caller: Staff,
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    after: UUID | None = None,
) -> Response:
    """The reader's own reports, newest first."""
    rows, following = reports.page(session, caller, kind=kind, words=q, after=after)
    more = urlencode({"q": q, "kind": kind, "after": following or ""})
    return pages.render(
        request,
        "reports.html",
        reports=rows,
        kinds=KINDS,
        kind=kind,
        about=lambda row: reports.about(row, choose_language(request)),
        q=q,
        words=words,
        keep_days=settings().keep_reports_days,
        next_url=f"?{more}" if following else "",
        first_url="?" + urlencode({"q": q, "kind": kind}) if after else "",
    )


@router.get("/new")
def new_report(
    request: Request,
    caller: Staff,
    kind: Annotated[str, Query(max_length=40)] = "periodic",
    region: Annotated[str, Query(max_length=13)] = "",
) -> Response:
    """The form that orders a report of a region and period."""
    last = report_periods.ending("month", datetime.now(UTC).date()).name
    values = {
        "kind": kind,
        "region": region or caller.region_code,
        "period": last,
        "format": "pdf",
        "language": "id",
        "stream": "pelibatan",
    }
    return _order_page(request, caller, Form(values))


@router.post("")
def order_report(request: Request, caller: Staff, session: Transaction, data: Typed) -> Response:
    """Have a report made and go to its page; or the form again, with what is wrong."""
    meeting = meetings.find(session, data["meeting"], caller) if "meeting" in data else None
    try:
        form_id = forms.form_id(data.get("form_token", ""))
        wanted = ORDERS.validate_python(order_of_form(data))
        report_id = reports.order(session, caller, wanted, f"form:{form_id}")
    except (ValidationError, BadLink, KeyReused, RegionNotFound, TooManyReports) as refusal:
        form = Form(data, refused(request, data, refusal))
        status = 429 if isinstance(refusal, TooManyReports) else 422
        if meeting:
            return meeting_page(request, session, caller, meeting, form, status)
        return _order_page(request, caller, form, status)
    bus.wake(session, jobs.make_reports)
    return RedirectResponse(f"/reporting/reports/{report_id}", 303)


@router.get("/{report_id}")
def show_report(request: Request, report_id: UUID, caller: Staff, session: Transaction) -> Response:
    """How far a report is, and its file when it is there."""
    return _page(request, session, caller, report_id, Form())


@router.post("/{report_id}/cancel")
def cancel_report(
    request: Request, report_id: UUID, caller: Staff, session: Transaction, data: Typed
) -> Response:
    """Cancel a report that nobody needs any more."""
    try:
        forms.form_id(data.get("form_token", ""))
    except BadLink:
        say = pages.gettext(request)
        form = Form(errors={"": say(words.REFUSALS["form-expired"])})
        return _page(request, session, caller, report_id, form, 422)
    reports.cancel(session, caller, report_id)
    return RedirectResponse(f"/reporting/reports/{report_id}", 303)


def order_of_form(data: Mapping[str, str]) -> dict[str, Any]:
    """What was filled in, as an order: a kind takes those parameters that it knows."""
    kind = KINDS.get(data.get("kind", ""))
    known = kind.params.model_fields if kind else {}
    params = {name: data[name] for name in known if name in data}
    return {"kind": data.get("kind"), "format": data.get("format"), "params": params}


def refused(request: Request, data: Mapping[str, str], refusal: Exception) -> dict[str, str]:
    """What is wrong, by field, in the reader's words."""
    say = pages.gettext(request)
    if isinstance(refusal, RegionNotFound):
        return {"region": say(words.REFUSALS["region"])}
    if isinstance(refusal, ValidationError):
        names = {str(item["loc"][-1]) for item in refusal.errors()}
        if "meeting" in data:  # another field than these two is hidden there: the form is at fault
            names = {name if name in {"format", "language"} else "" for name in names}
            return dict.fromkeys(sorted(names), say(words.REFUSALS["choose"]))
        return {name: say(words.REFUSALS[_WRONG.get(name, "choose")]) for name in sorted(names)}
    keys = {BadLink: "form-expired", TooManyReports: "too-many-reports", KeyReused: "key-reused"}
    key = next(key for kind, key in keys.items() if isinstance(refusal, kind))
    return {"": say(words.REFUSALS[key])}


def choices(request: Request, caller: Caller) -> dict[str, Any]:
    """What the forms of reports and schedules offer."""
    say = pages.gettext(request)
    of_period = [name for name, kind in KINDS.items() if kind.of_period]
    return {
        "kinds": [(name, say(words.KINDS[name]), say(words.KIND_USES[name])) for name in of_period],
        "regions": _regions(caller),
        "streams": [(stream.name, say(stream.label)) for stream in STREAMS.values()],
        "formats": [
            (
                name,
                label,
                ", ".join(say(words.KINDS[k]) for k in of_period if name in KINDS[k].formats),
            )
            for name, (label, _use) in words.FORMATS.items()
        ],
    }


def _regions(caller: Caller) -> list[tuple[str, str]]:
    """The caller's own region and those below it, down to the kab/kota."""
    provinces = regions.children(None)
    known = [one for top in provinces for one in (top, *regions.children(top.code))]
    shown = [(one.code, one.label) for one in known if caller.may_see(one.code)]
    return [("", "Indonesia"), *shown] if caller.role == "national" else shown


def _periods(language: Language, today: date) -> list[tuple[str, str]]:
    offered = []
    for every, number in _OFFERED.items():
        period = report_periods.ending(every, today)
        for _ in range(number):
            offered.append((period.name, period.label(language)))
            period = period.before
    return offered


def _order_page(request: Request, caller: Caller, form: Form, status: int = 200) -> Response:
    return pages.render(
        request,
        "report_new.html",
        status,
        form=form,
        words=words,
        periods=_periods(choose_language(request), datetime.now(UTC).date()),
        token=forms.new_form(),
        **choices(request, caller),
    )


def _page(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    report_id: UUID,
    form: Form,
    status: int = 200,
) -> Response:
    row = reports.find(session, caller, report_id)
    return pages.render(
        request,
        "report.html",
        status,
        job=detail(row),
        about=reports.about(row, choose_language(request)),
        of_meeting="meeting" in row.params,
        error=words.FAILURES[row.error] if row.error else "",
        keep_days=settings().keep_reports_days,
        words=words,
        form=form,
        token=forms.new_form(),
    )
