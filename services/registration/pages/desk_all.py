"""A decision on all registrations that fit a filter, however many: first their number, then it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.registration import desk, desk_words
from services.registration.desk import Filters, ReasonMissing
from services.registration.pages.common import Typed, count_requests, pages
from services.registration.pages.desk import (
    REASON_LENGTH,
    filters_of,
    kept,
    outcome_query,
    query_of,
)
from services.registration.resources import Transaction, database, forms
from services.registration.seats import NotPossible, Outcome
from services.registration.words import STATUSES
from shared.documents.common import one_line
from shared.security import Caller, Host
from shared.web import Form

router = APIRouter(prefix="/desk/{slug}/all", include_in_schema=False)

# In one transaction: nobody can register for the meeting meanwhile.
BATCH = 200
SHIFT = timedelta(seconds=10)  # what is left then is asked for once more


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be decided on whom; those who registered after `seen` were not counted."""

    action: str
    filters: Filters
    seen: datetime
    reason: str = ""


@router.get("", dependencies=[Depends(count_requests)])
def ask(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """How many it would be, and why."""
    wanted = _wanted(request.query_params)
    return _page(request, session, caller, slug, wanted, Form())


@router.post("")
def decide(request: Request, slug: str, caller: Host, data: Typed) -> Response:
    """Decide on as many as a few seconds allow; the rest is asked for again."""
    forms.form_id(str(data.get("form_token", "")))
    wanted = _wanted(data)
    typed = {name: str(data.get(name, "")) for name in ("reason", "ready_reason")}
    outcome, error, status = Outcome(), {}, 200
    try:
        outcome = _decide(caller, slug, wanted)
    except ReasonMissing:
        error, status = {"ready_reason": "reason"}, 422
    except NotPossible:
        error, status = {"": "meeting-over"}, 409
    say = pages.gettext(request)
    form = Form(typed, {name: say(desk_words.REFUSALS[code]) for name, code in error.items()})
    with database.sessions.begin() as session:
        meeting = desk.find_meeting(session, caller, slug)
        left = desk.matching(
            session, caller, meeting, wanted.filters, wanted.seen, wanted.action, 1
        )
        if error or left:
            return _page(request, session, caller, slug, wanted, form, status, len(outcome.done))
        told = outcome_query(session, wanted.action, outcome)
    place = kept(wanted.filters, None)
    return RedirectResponse(f"/registration/desk/{slug}{query_of(place | told)}", 303)


def _decide(caller: Caller, slug: str, wanted: Wanted) -> Outcome:
    outcome, until = Outcome(), datetime.now(UTC) + SHIFT
    while True:
        with database.sessions.begin() as session:
            meeting = desk.find_meeting(session, caller, slug)
            ids = desk.matching(
                session, caller, meeting, wanted.filters, wanted.seen, wanted.action, BATCH
            )
            some = desk.decide(session, caller, meeting, wanted.action, ids, wanted.reason)
        outcome.done += some.done
        outcome.skipped += some.skipped
        if not some.done or len(ids) < BATCH or datetime.now(UTC) >= until:
            return outcome


def _page(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    slug: str,
    wanted: Wanted,
    form: Form,
    status: int = 200,
    done: int = 0,
) -> Response:
    meeting = desk.find_meeting(session, caller, slug)
    say, action = pages.gettext(request), wanted.action
    counts = desk.matching_counts(session, caller, meeting, wanted.filters, wanted.seen)
    possible = sum(counts[each] for each in counts if action in desk.ALLOWED.get(each, ()))
    place = kept(wanted.filters, None)
    return pages.render(
        request,
        "desk_all.html",
        status,
        meeting=meeting,
        action=action,
        possible=possible,
        others=[
            say(desk_words.SKIPPED).format(n=count, status=say(STATUSES[each]).lower())
            for each, count in sorted(counts.items())
            if action not in desk.ALLOWED.get(each, ())
        ],
        told=[say(desk_words.DONE[action]).format(n=done)] if done else [],
        reasons=[(reason, say(reason)) for reason in desk_words.REASONS.get(action, ())],
        words=desk_words,
        form=form,
        place=place,
        seen=wanted.seen.isoformat(),
        back_url=f"/registration/desk/{slug}{query_of(place)}",
        token=forms.new_form(),
    )


def _wanted(values: Any) -> Wanted:
    action = str(values.get("action", ""))
    reason = one_line(str(values.get("reason", ""))) or one_line(
        str(values.get("ready_reason", ""))
    )
    return Wanted(
        action if action in desk.FOR_ALL else desk.FOR_ALL[0],
        filters_of(values),
        _moment(str(values.get("seen", ""))),
        reason[:REASON_LENGTH],
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else datetime.now(UTC)
