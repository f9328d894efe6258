"""One report on the verifier's desk: all that is known of it, and what is decided about it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.reporting import (
    activities,
    evidence,
    jobs,
    libraries,
    own_words,
    verification,
    verify_words,
)
from services.reporting.activities import AskBack, Conflict, Handed, Sender
from services.reporting.drafts import Draft
from services.reporting.evidence import TooMuchEvidence
from services.reporting.models import Activity
from services.reporting.pages import own_filling
from services.reporting.pages.common import Typed, pages
from services.reporting.pages.own_common import Own, TypedWithFiles
from services.reporting.pages.own_filling import Sheet
from services.reporting.pages.own_telling import differences, facts, told_history
from services.reporting.pages.verify_common import (
    comment_of,
    kept,
    query,
    read_filters,
    refusal,
    sentences,
    to_number,
    told,
)
from services.reporting.resources import Transaction, bus, database, forms
from services.reporting.streams import STREAMS
from services.reporting.verification import (
    ChangedMeanwhile,
    CommentMissing,
    Filters,
    Outcome,
    VerifiedAbove,
)
from shared import regions
from shared.security import BadLink, Caller, Staff
from shared.web import Form

router = APIRouter(prefix="/verify/activities/{activity_id}", include_in_schema=False)

DESK = "/reporting/verify"


@router.get("")
def show(request: Request, activity_id: UUID, caller: Staff, session: Transaction) -> Response:
    """The report, its history and evidence, and the buttons that the caller may use."""
    return _page(request, session, caller, activity_id, read_filters(request.query_params), Form())


@router.post("/decisions")
def decide(
    request: Request, activity_id: UUID, caller: Staff, session: Transaction, data: Typed
) -> Response:
    """Decide about it, and go on to the next one in the same list."""
    filters = read_filters(data)
    _, following = verification.neighbours(session, caller, filters, activity_id)
    form_refused = ""
    try:
        forms.form_id(data.get("form_token", ""))
        outcome = _decide(session, caller, activity_id, data)
    except BadLink:
        form_refused = "form-expired"
    except CommentMissing:
        back = data.get("action") == "send_back"
        form_refused = "comment-missing" if back else "reason-missing"
    except ChangedMeanwhile:
        form_refused = "changed-meanwhile"
    except VerifiedAbove:
        form_refused = "verified-above"
    if form_refused:
        field = "comment" if form_refused.endswith("missing") else ""
        form = refusal(request, form_refused, field, data)
        status = 422 if field or form_refused == "form-expired" else 409
        return _page(request, session, caller, activity_id, filters, form, status)
    bus.wake(session, jobs.apply_deltas)
    action = data.get("action", "")
    # What was deleted or restored is looked at again; after a verdict the next one comes.
    onward = following if action in {"verify", "send_back"} else activity_id
    place = f"{DESK}/activities/{onward}" if onward else DESK
    return RedirectResponse(place + query(kept(filters) | told(action, outcome)), 303)


@router.get("/edit")
def edit_form(request: Request, activity_id: UUID, caller: Staff, session: Transaction) -> Response:
    """The form with what the report says; one that a level above has verified is only shown."""
    activity = activities.find(session, caller, activity_id)
    if activity.deleted_at or not verification.may_change(caller, activity):
        form = refusal(
            request, "verified-above" if not activity.deleted_at else "changed-meanwhile"
        )
        return _page(request, session, caller, activity_id, Filters(), form, 409)
    sheet = own_filling.of_report(
        _desk(session, caller, activity), STREAMS[activity.stream], activity
    )
    return own_filling.show(request, sheet, template="verify_edit.html")


@router.post("/edit")
def edit(request: Request, activity_id: UUID, caller: Staff, data: TypedWithFiles) -> Response:
    """Correct a report, which is verified anew; or the form again, with all that it held."""
    say = pages.gettext(request)
    with database.sessions.begin() as session:
        activity = activities.find(session, caller, activity_id)
        own, stream = _desk(session, caller, activity), STREAMS[activity.stream]
    sheet = own_filling.read(own, stream, data, say, activity_id)
    draft = own_filling.draft(sheet, say)
    if draft is None:
        return own_filling.show(request, sheet, 422, template="verify_edit.html")
    return _edit(request, caller, sheet, draft, comment_of(data))


def _edit(request: Request, caller: Caller, sheet: Sheet, draft: Draft, comment: str) -> Response:
    own, activity_id = sheet.own, sheet.editing
    assert activity_id  # noqa: S101 - for the type checker: only an edit comes here
    handed = Handed(draft, None, sheet.confirmed)
    with database.sessions.begin() as session:
        try:
            activity = verification.to_change(session, caller, activity_id, sheet.revision)
            evidence.fit(session, activity, sheet.client_ref, sheet.dropped)
            activities.edit(
                session,
                activity,
                handed,
                own.sender,
                own.today,
                revision=sheet.revision,
                comment=comment,
            )
        except AskBack as back:
            sheet.asked = back.asked
        except TooMuchEvidence:
            own_filling.refuse_files(sheet, pages.gettext(request))
        except (ChangedMeanwhile, Conflict):
            return _conflict(request, session, caller, sheet, draft)
        except VerifiedAbove:
            form = refusal(request, "verified-above")
            return _page(request, session, caller, activity_id, Filters(), form, 409)
        else:
            evidence.change(session, activity, sheet.client_ref, sheet.dropped)
            bus.wake(session, jobs.apply_deltas)
            done = query(told("edit", Outcome(1, 0)))
            return RedirectResponse(f"{DESK}/activities/{activity_id}{done}", 303)
    return own_filling.show(request, sheet, 422, template="verify_edit.html")


def _conflict(
    request: Request, session: Session, caller: Caller, sheet: Sheet, draft: Draft
) -> Response:
    """The form again with what was typed, and what somebody else made of the report meanwhile."""
    assert sheet.editing  # noqa: S101 - see `_edit`
    existing = activities.find(session, caller, sheet.editing)
    sheet.revision = existing.revision  # whoever sends it again has seen this
    say = pages.gettext(request)
    sheet.errors = {"": say(verify_words.REFUSALS["changed-meanwhile"])}
    rows = differences(request, sheet.stream, existing, draft)
    return own_filling.show(request, sheet, 409, template="verify_edit.html", differing=rows)


def _decide(session: Session, caller: Caller, activity_id: UUID, data: dict[str, str]) -> Outcome:
    activities.find(session, caller, activity_id)
    action, comment = data.get("action", ""), comment_of(data)
    revision = to_number(data.get("revision"))
    if verdict := verification.ACTIONS.get(action):
        outcome = verification.decide(session, caller, verdict, {activity_id: revision}, comment)
        if not outcome.done:
            raise ChangedMeanwhile
        return outcome
    if action not in {"delete", "restore"}:
        raise ChangedMeanwhile
    carry_out = verification.delete if action == "delete" else verification.restore
    carry_out(session, caller, activity_id, revision, comment)
    return Outcome(1, 0)


def _desk(session: Session, caller: Caller, activity: Activity) -> Own:
    """The report's library, whose form an official fills in at the desk."""
    library = libraries.of_report(session, activity)
    return Own(library, Sender(caller.name, caller.role), DESK)


def _page(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    activity_id: UUID,
    filters: Filters,
    form: Form,
    status: int = 200,
) -> Response:
    activity = activities.find(session, caller, activity_id)
    stream = STREAMS[activity.stream]
    previous, following = verification.neighbours(session, caller, filters, activity_id)
    here = query(kept(filters))
    shown: dict[str, Any] = {
        "facts": facts(request, stream, activities.content(activity)),
        "files": [
            (one, *(evidence.address(one, size) for size in ("small", "medium", "large")))
            for one in evidence.of(session, activity.id)
        ],
        "history": told_history(request, stream, activities.history(session, activity.id)),
    }
    return pages.render(
        request,
        "verify_report.html",
        status,
        activity=activity,
        stream=stream,
        library=libraries.of_report(session, activity),
        region=regions.find(activity.place_code),
        zone=regions.get(activity.province_code).zone,
        may_verify=verification.may_verify(caller, activity),
        may_change=verification.may_change(caller, activity),
        place=kept(filters),
        here=here,
        previous_url=f"{DESK}/activities/{previous}{here}" if previous else "",
        next_url=f"{DESK}/activities/{following}{here}" if following else "",
        words=own_words,
        verify_words=verify_words,
        told=sentences(request),
        form=form,
        token=forms.new_form(),
        **shown,
    )
