"""Order a report by form, watch it, cancel it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy.orm import Session

from services.reporting import jobs, meetings, reports, words
from services.reporting.api.reports import detail
from services.reporting.pages.common import Typed, pages
from services.reporting.pages.meetings import meeting_page
from services.reporting.reports import KeyReused
from services.reporting.resources import bus, database, forms
from services.reporting.schemas import ReportOrder
from services.reporting.settings import settings
from shared.security import BadLink, Caller, Staff
from shared.web import Form

router = APIRouter(prefix="/reports", include_in_schema=False)

Transaction = Annotated[Session, Depends(database.transaction, scope="function")]


@router.post("")
def order_report(request: Request, caller: Staff, session: Transaction, data: Typed) -> Response:
    """Have a report made and go to its page; or the form again, with what is wrong."""
    meeting = meetings.find(session, data.get("meeting", ""), caller)
    say = pages.gettext(request)
    try:
        form_id = forms.form_id(data.get("form_token", ""))
        wanted = ReportOrder.model_validate(
            {
                "kind": data.get("kind"),
                "format": data.get("format"),
                "params": {"meeting": meeting.slug, "language": data.get("language")},
            }
        )
        report_id = reports.order(session, caller, wanted, f"form:{form_id}")
    except ValidationError as error:
        names = {str(item["loc"][-1]) for item in error.errors()}
        # Another field than these two is hidden: then the whole form is at fault.
        wrong = {name if name in {"format", "language"} else "" for name in names}
        form = Form(data, dict.fromkeys(sorted(wrong), say(words.REFUSALS["choose"])))
        return meeting_page(request, session, caller, meeting, form, 422)
    except (BadLink, KeyReused) as refusal:
        text = words.REFUSALS["form-expired" if isinstance(refusal, BadLink) else "key-reused"]
        form = Form(data, {"": say(text)})
        return meeting_page(request, session, caller, meeting, form, 422)
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
        about=row.about or row.params["meeting"],
        error=words.FAILURES[row.error] if row.error else "",
        keep_days=settings().keep_reports_days,
        words=words,
        form=form,
        token=forms.new_form(),
    )
