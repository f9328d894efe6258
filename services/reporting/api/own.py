"""What a library reports, over JSON, for its own programs and for forms filled in offline."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.reporting import activities, drafts, jobs, library_links, own_reports, own_words
from services.reporting.activities import ActivityNotFound, AskBack, Conflict, Handed, Sender
from services.reporting.drafts import Draft, Invalid
from services.reporting.libraries import LibraryNotFound
from services.reporting.models import Activity
from services.reporting.own_reports import Verified
from services.reporting.own_schemas import (
    NewReport,
    ReportChange,
    ReportItem,
    ReportItems,
    StreamName,
)
from services.reporting.pages.common import pages
from services.reporting.resources import Transaction, bus, limiter
from services.reporting.streams import STREAMS
from shared.problems import Problem, Refusals, status_problem
from shared.security import Caller, Librarian

router = APIRouter(prefix="/api/v1/own/activities", tags=["own"])
Conflicting: dict[int | str, dict[str, Any]] = {
    409: {"description": "`ask-back`, `conflict` or `verified`"}
}


@router.post("", status_code=201, responses=Conflicting, response_model=ReportItem)
def submit(
    offered: NewReport, caller: Librarian, session: Transaction, response: Response
) -> ReportItem | Response:
    """Hand a report in; 201, or 200 for the same one again.

    Refusals: `report-invalid` 422 with `errors` by field; 409 `ask-back` with `questions`, until
    they stand in `confirmed`; 409 `conflict` with both versions when the same `client_ref` came
    with other content.
    """
    library = library_links.of_account(session, caller)
    limiter.guard(own_reports.SENDING, str(library.id))
    stream = STREAMS[offered.stream]
    if library.kind not in stream.by:
        return _problem(422, "not-reported").response()
    draft = drafts.read(stream, offered.report, own_reports.today(library))
    handed = Handed(draft, offered.client_ref, frozenset(offered.confirmed))
    try:
        report_id, is_new = activities.submit(
            session, library.id, handed, _sender(caller), own_reports.today(library)
        )
    except Conflict as conflict:
        return _conflict(conflict)
    bus.wake(session, jobs.apply_deltas)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/reporting/api/v1/own/activities/{report_id}"
    return item(own_reports.find(session, library.id, report_id))


@router.get("")
def list_reports(
    caller: Librarian,
    session: Transaction,
    stream: StreamName | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = own_reports.PAGE,
) -> ReportItems:
    """The library's reports, newest first, without those that were deleted."""
    library = library_links.of_account(session, caller)
    rows, following = own_reports.page(
        session, library.id, stream=stream or "", after=after, limit=limit
    )
    return ReportItems(items=[item(row) for row in rows], next=following)


@router.get("/{activity_id}")
def show(activity_id: UUID, caller: Librarian, session: Transaction) -> ReportItem:
    """One report, also a deleted one."""
    library = library_links.of_account(session, caller)
    return item(own_reports.find(session, library.id, activity_id))


@router.put("/{activity_id}", responses=Conflicting, response_model=ReportItem)
def edit(
    activity_id: UUID, offered: ReportChange, caller: Librarian, session: Transaction
) -> ReportItem | Response:
    """Correct a report that nobody has verified; it is verified anew.

    Refusals as for a new one; 409 `conflict` when it is no longer at `revision`, and 409
    `verified`.
    """
    library = library_links.of_account(session, caller)
    limiter.guard(own_reports.SENDING, str(library.id))
    activity = own_reports.to_change(session, library.id, activity_id)
    draft = drafts.read(STREAMS[activity.stream], offered.report, own_reports.today(library))
    handed = Handed(draft, None, frozenset(offered.confirmed))
    try:
        activities.edit(
            session,
            activity,
            handed,
            _sender(caller),
            own_reports.today(library),
            revision=offered.revision,
        )
    except Conflict as conflict:
        return _conflict(conflict)
    bus.wake(session, jobs.apply_deltas)
    return item(activity)


@router.delete("/{activity_id}", status_code=204, responses=Conflicting)
def delete(activity_id: UUID, caller: Librarian, session: Transaction) -> None:
    """Take back a report that nobody has verified. Refusal: 409 `verified`."""
    library = library_links.of_account(session, caller)
    activity = own_reports.to_change(session, library.id, activity_id)
    activities.delete(session, activity, _sender(caller))
    bus.wake(session, jobs.apply_deltas)


def item(activity: Activity) -> ReportItem:
    """A report as its library sees it."""
    return ReportItem(
        id=activity.id,
        stream=activity.stream,
        report=dict(activities.content(activity)),
        stage=activity.stage,
        revision=activity.revision,
        client_ref=activity.client_ref,
        submitted_at=activity.submitted_at,
        changed_at=activity.changed_at,
        deleted=activity.deleted_at is not None,
    )


def _sender(caller: Caller) -> Sender:
    return Sender(caller.name, "library", "api")


def _conflict(conflict: Conflict) -> Response:
    """Both versions: the kept one with its revision, and what was offered."""
    existing = item(conflict.existing).model_dump(mode="json")
    return _problem(
        409, "conflict", existing=existing, offered=_content(conflict.offered)
    ).response()


def _content(draft: Draft) -> dict[str, object]:
    counted = {name: number for name, number in draft.measures.items() if number}
    return {"day": str(draft.day), "title": draft.title, **draft.fields, **counted}


def _problem(status: int, code: str, **more: object) -> Problem:
    return Problem(status, code, pages.bilingual(own_words.REFUSALS[code]), **more)


def _invalid(invalid: Invalid) -> Problem:
    errors = [
        {"field": name, "code": code, "message": pages.bilingual(own_words.MISTAKES[code])}
        for name, code in invalid.errors.items()
    ]
    text = pages.bilingual(own_words.REFUSALS["invalid"])
    return Problem(422, "report-invalid", text, errors=errors)


def _ask_back(back: AskBack) -> Problem:
    questions = [
        {
            "question": one.question,
            "text": pages.bilingual(own_words.QUESTIONS[one.question]),
            "about": str(one.about) if one.about else None,
        }
        for one in back.asked
    ]
    return _problem(409, "ask-back", questions=questions)


REFUSED: Refusals = {
    Invalid: _invalid,
    AskBack: _ask_back,
    Verified: lambda _: _problem(409, "verified"),
    ActivityNotFound: lambda _: status_problem(404),
    LibraryNotFound: lambda _: status_problem(404),
}
