"""Report something, and correct what was reported."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from services.reporting import activities, evidence, jobs, own_reports, own_words
from services.reporting.activities import AskBack, Conflict, Handed
from services.reporting.drafts import Draft
from services.reporting.evidence import TooMuchEvidence
from services.reporting.models import Activity
from services.reporting.own_reports import Verified
from services.reporting.pages import own_filling
from services.reporting.pages.common import Typed, pages
from services.reporting.pages.own_common import Opened, Own, TypedWithFiles, own_page, render
from services.reporting.pages.own_filling import Sheet
from services.reporting.pages.own_telling import differences, facts, told_history
from services.reporting.resources import Transaction, bus, database, forms
from services.reporting.streams import STREAMS, Stream
from shared.security import BadLink
from shared.web import Form

router = APIRouter()


@own_page(router, "/new/{stream}")
def new(
    request: Request,
    own: Opened,
    stream: str,
    day: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """The empty form of a stream; of what is reported by day, today stands in it."""
    asked = _stream(own, stream)
    first = day or (f"{own.today}" if asked.every == "day" else f"{own.today:%Y-%m}")
    return own_filling.show(request, own_filling.blank(own, asked, {"day": first}))


@own_page(router, "/new/{stream}", "POST")
def submit(request: Request, own: Opened, stream: str, data: TypedWithFiles) -> Response:
    """Hand a report in and go to it; or the form again, with all that it held."""
    say = pages.gettext(request)
    sheet = own_filling.read(own, _stream(own, stream), data, say)
    draft = own_filling.draft(sheet, say)
    if draft is None:
        return own_filling.show(request, sheet, 422)
    if own_filling.too_often(sheet, say):
        return own_filling.show(request, sheet, 429)
    handed = Handed(draft, sheet.client_ref, sheet.confirmed)
    with database.sessions.begin() as session:
        try:
            found = activities.submit(session, own.library.id, handed, own.sender, own.today)
        except AskBack as back:
            sheet.asked = back.asked
        except Conflict as conflict:
            return _conflict(request, sheet, conflict.existing, draft)
        else:
            return _accepted(session, sheet, _with_files(session, sheet, found))
    return own_filling.show(request, sheet, 422)


@own_page(router, "/activities/{activity_id}")
def show(
    request: Request,
    own: Opened,
    activity_id: UUID,
    session: Transaction,
    done: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """One report: where it stands, what it says, and what was done with it."""
    return _page(request, own, own_reports.find(session, own.library.id, activity_id), done=done)


@own_page(router, "/activities/{activity_id}/edit")
def edit_form(request: Request, own: Opened, activity_id: UUID, session: Transaction) -> Response:
    """The form with what the report says; a verified one is only shown."""
    activity = own_reports.find(session, own.library.id, activity_id)
    if not own_reports.may_change(activity):
        return _page(request, own, activity, refusal="verified")
    sheet = own_filling.of_report(own, STREAMS[activity.stream], activity)
    return own_filling.show(request, sheet)


@own_page(router, "/activities/{activity_id}/edit", "POST")
def edit(request: Request, own: Opened, activity_id: UUID, data: TypedWithFiles) -> Response:
    """Correct a report, which is verified anew; or the form again, with all that it held."""
    say = pages.gettext(request)
    with database.sessions.begin() as session:
        stream = STREAMS[own_reports.find(session, own.library.id, activity_id).stream]
    sheet = own_filling.read(own, stream, data, say, activity_id)
    draft = own_filling.draft(sheet, say)
    if draft is None:
        return own_filling.show(request, sheet, 422)
    if own_filling.too_often(sheet, say):
        return own_filling.show(request, sheet, 429)
    return _edit(request, sheet, draft)


@own_page(router, "/activities/{activity_id}/delete", "POST")
def delete(
    request: Request, own: Opened, activity_id: UUID, data: Typed, session: Transaction
) -> Response:
    """Take a report back; it stays in the history."""
    try:
        forms.form_id(data.get("form_token", ""))
        activity = own_reports.to_change(session, own.library.id, activity_id)
    except (BadLink, Verified) as refusal:
        code = "verified" if isinstance(refusal, Verified) else "form-expired"
        found = own_reports.find(session, own.library.id, activity_id)
        return _page(request, own, found, refusal=code)
    activities.delete(session, activity, own.sender)
    bus.wake(session, jobs.apply_deltas)
    return RedirectResponse(f"{own.address}/activities/{activity_id}", 303)


def _edit(request: Request, sheet: Sheet, draft: Draft) -> Response:
    own, handed = sheet.own, Handed(draft, None, sheet.confirmed)
    assert sheet.editing  # noqa: S101 - for the type checker: only an edit comes here
    with database.sessions.begin() as session:
        try:
            activity = own_reports.to_change(session, own.library.id, sheet.editing)
            evidence.fit(session, activity, sheet.client_ref, sheet.dropped)
            activities.edit(
                session, activity, handed, own.sender, own.today, revision=sheet.revision
            )
        except AskBack as back:
            sheet.asked = back.asked
        except TooMuchEvidence:
            own_filling.refuse_files(sheet, pages.gettext(request))
        except Conflict as conflict:
            return _conflict(request, sheet, conflict.existing, draft)
        except Verified:
            found = own_reports.find(session, own.library.id, sheet.editing)
            return _page(request, own, found, refusal="verified")
        else:
            evidence.change(session, activity, sheet.client_ref, sheet.dropped)
            return _accepted(session, sheet, f"{sheet.editing}?done=edited")
    return own_filling.show(request, sheet, 422)


def _with_files(session: Session, sheet: Sheet, found: tuple[UUID, bool]) -> str:
    """Give a new report its files; one that was here already may be verified, and stays."""
    report_id, is_new = found
    form = (session, sheet.own.library.id, sheet.client_ref)
    if is_new:
        evidence.adopt(*form, report_id)
        return f"{report_id}?done=new"
    evidence.forget_known(*form, report_id)
    return f"{report_id}?done={'again' if evidence.of_form(*form) else 'new'}"


def _accepted(session: Session, sheet: Sheet, page: str) -> Response:
    bus.wake(session, jobs.apply_deltas)
    return RedirectResponse(f"{sheet.own.address}/activities/{page}", 303)


def _conflict(request: Request, sheet: Sheet, existing: Activity, offered: Draft) -> Response:
    """Both versions side by side; what was typed is in hidden fields of both ways out."""
    told = [
        (name, value)
        for name, value in sheet.values.items()
        if name not in {"form_token", "client_ref", "revision", *sheet.lists}
    ]
    told += [(name, value) for name, values in sheet.lists.items() for value in values]
    return render(
        request,
        sheet.own,
        "own_conflict.html",
        409,
        sheet=sheet,
        existing=existing,
        rows=differences(request, sheet.stream, existing, offered),
        told=told,
        may_change=own_reports.may_change(existing),
        new=own_filling.blank(sheet.own, sheet.stream, {}),
        form=Form(),
    )


def _page(
    request: Request, own: Own, activity: Activity, *, refusal: str = "", done: str = ""
) -> Response:
    say = pages.gettext(request)
    with database.sessions.begin() as session:
        files = evidence.of(session, activity.id)
        history = activities.history(session, activity.id)
    stream = STREAMS[activity.stream]
    said: dict[str, Any] = {"": say(own_words.REFUSALS[refusal])} if refusal else {}
    return render(
        request,
        own,
        "own_report.html",
        409 if refusal else 200,
        activity=activity,
        stream=stream,
        facts=facts(request, stream, activities.content(activity)),
        files=[
            (one, *(evidence.address(one, size) for size in ("small", "medium", "large")))
            for one in files
        ],
        history=told_history(request, stream, history),
        may_change=own_reports.may_change(activity),
        done=done,
        form=Form({}, said),
        token=forms.new_form(),
    )


def _stream(own: Own, name: str) -> Stream:
    """A stream that this library reports; 404 for any other."""
    for stream in own_reports.streams_of(own.library):
        if stream.name == name:
            return stream
    raise HTTPException(404)
