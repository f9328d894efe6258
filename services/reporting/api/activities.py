"""The verifier's desk over JSON. Every decision names the revision that was seen.

A decision that is sent twice is one decision: the second answer is the same as the first.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from services.reporting import (
    activities,
    drafts,
    jobs,
    libraries,
    own_reports,
    verification,
    verify_words,
)
from services.reporting.activities import Conflict, Handed, Sender
from services.reporting.api.own import item
from services.reporting.models import Activity
from services.reporting.own_schemas import StreamName
from services.reporting.pages.common import pages
from services.reporting.resources import Transaction, bus
from services.reporting.schemas import Month
from services.reporting.streams import STREAMS
from services.reporting.verification import (
    ChangedMeanwhile,
    CommentMissing,
    Filters,
    VerifiedAbove,
)
from services.reporting.verify_schemas import (
    DeskItem,
    DeskItems,
    HistoryItem,
    OfficialChange,
    State,
    Verdict,
    Verdicts,
    VerifiedCount,
)
from shared.problems import Problem, Refusals
from shared.security import Staff

router = APIRouter(prefix="/api/v1/activities", tags=["activities"])
Words = Annotated[str, Query(max_length=100)]
Conflicting: dict[int | str, dict[str, Any]] = {
    409: {"description": "`changed-meanwhile`, `verified-above` or `ask-back`"}
}


@router.get("")
def list_reports(  # noqa: PLR0913, PLR0917 - what a list is asked by
    caller: Staff,
    session: Transaction,
    state: State = "waiting",
    stream: StreamName | None = None,
    month: Annotated[Month, Query(description="As in 2026-02")] = "",
    region: Annotated[str, Query(max_length=13)] = "",
    q: Words = "",
    after: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = verification.PAGE,
) -> DeskItems:
    """Reports of the caller's region; without `state`, those that wait for the caller."""
    filters = Filters(state, stream or "", month, region, q)
    rows, following = verification.page(session, caller, filters, after=after, limit=limit)
    return DeskItems(items=[_item(found, name) for found, name in rows], next=following)


@router.post("/decisions")
def decide_many(told: Verdicts, caller: Staff, session: Transaction) -> VerifiedCount:
    """Verify or send back several; what changed meanwhile is left as it is and counted."""
    seen = {one.id: one.revision for one in told.reports}
    outcome = verification.decide(session, caller, told.action, seen, told.comment)
    bus.wake(session, jobs.apply_deltas)
    return VerifiedCount(done=outcome.done, skipped=outcome.skipped)


@router.get("/{activity_id}")
def show(activity_id: UUID, caller: Staff, session: Transaction) -> DeskItem:
    """One report, also a deleted one."""
    return _shown(session, activities.find(session, caller, activity_id))


@router.get("/{activity_id}/history")
def history(activity_id: UUID, caller: Staff, session: Transaction) -> list[HistoryItem]:
    """Who did what to it, oldest first."""
    found = activities.find(session, caller, activity_id)
    return [
        HistoryItem.model_validate(change, from_attributes=True)
        for change in activities.history(session, found.id)
    ]


@router.post("/{activity_id}/decisions", responses=Conflicting)
def decide(activity_id: UUID, told: Verdict, caller: Staff, session: Transaction) -> DeskItem:
    """Verify, send back, delete or restore one; 409 when it is no longer at `revision`."""
    found = activities.find(session, caller, activity_id)
    if told.action in {"delete", "restore"}:
        carry_out = verification.delete if told.action == "delete" else verification.restore
        carry_out(session, caller, activity_id, told.revision, told.comment)
    else:
        action, seen = verification.ACTIONS[told.action], {activity_id: told.revision}
        if not verification.decide(session, caller, action, seen, told.comment).done:
            raise ChangedMeanwhile
    session.refresh(found)
    bus.wake(session, jobs.apply_deltas)
    return _shown(session, found)


@router.put("/{activity_id}", responses=Conflicting)
def edit(activity_id: UUID, told: OfficialChange, caller: Staff, session: Transaction) -> DeskItem:
    """Correct a report, which is verified anew. Refusals as for the library's own."""
    found = verification.to_change(session, caller, activity_id, told.revision)
    today = own_reports.today(found)
    handed = Handed(
        drafts.read(STREAMS[found.stream], told.report, today), None, frozenset(told.confirmed)
    )
    sender = Sender(caller.name, caller.role, "api")
    try:
        activities.edit(
            session, found, handed, sender, today, revision=told.revision, comment=told.comment
        )
    except Conflict as conflict:  # it is deleted
        raise ChangedMeanwhile from conflict
    bus.wake(session, jobs.apply_deltas)
    return _shown(session, found)


def _shown(session: Session, found: Activity) -> DeskItem:
    return _item(found, libraries.of_report(session, found).name)


def _item(found: Activity, library: str) -> DeskItem:
    return DeskItem(
        **item(found).model_dump(),
        library_id=found.library_id,
        library=library,
        region_code=found.place_code,
        in_time=bool(found.timely),
    )


def _problem(status: int, code: str) -> Problem:
    return Problem(status, code, pages.bilingual(verify_words.REFUSALS[code]))


REFUSED: Refusals = {
    ChangedMeanwhile: lambda _: _problem(409, "changed-meanwhile"),
    VerifiedAbove: lambda _: _problem(409, "verified-above"),
    CommentMissing: lambda _: _problem(422, "comment-missing"),
}
