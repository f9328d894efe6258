"""Months that regions have closed: frozen figures, current ones, and what changed since."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from services.reporting import completeness, own_words, period_locks, verify_words
from services.reporting.pages.common import Typed, pages
from services.reporting.pages.verify_common import comment_of, refusal
from services.reporting.period_locks import AlreadyLocked, Busy, LockedAbove, NotLocked, NotOver
from services.reporting.resources import Transaction, forms
from services.reporting.streams import STREAMS
from services.reporting.verification import read_month
from shared import regions
from shared.security import BadLink, Caller, Staff
from shared.web import Form

router = APIRouter(prefix="/locks", include_in_schema=False)
Before = Annotated[int | None, Query(ge=1, le=2**62)]
LockId = Annotated[int, Path(ge=1, le=2**62)]
ADDRESS = "/reporting/locks"

MONTHS = 24  # that may be locked


@router.get("")
def list_locks(
    request: Request, caller: Staff, session: Transaction, before: Before = None
) -> Response:
    """The locks of my region and of those below, and a form that locks a month."""
    return _list(request, session, caller, Form(), before)


@router.post("")
def lock(request: Request, caller: Staff, session: Transaction, data: Typed) -> Response:
    """Lock a month of my own region, and go to its page."""
    month = read_month(data.get("month", ""))
    try:
        forms.form_id(data.get("form_token", ""))
        if month is None:
            return _list(request, session, caller, refusal(request, "no-month", "month"), None, 422)
        lock_id = period_locks.lock(session, caller, month, completeness.today())
    except (BadLink, NotOver, AlreadyLocked, Busy) as error:
        codes = {BadLink: ("form-expired", ""), NotOver: ("not-over", "month"), Busy: ("busy", "")}
        code, field = codes.get(type(error), ("locked", "month"))
        form = refusal(request, code, field, data)
        status = 409 if isinstance(error, AlreadyLocked | Busy) else 422
        return _list(request, session, caller, form, None, status)
    return RedirectResponse(f"{ADDRESS}/{lock_id}", 303)


@router.get("/{lock_id}")
def show_lock(
    request: Request, lock_id: LockId, caller: Staff, session: Transaction, before: Before = None
) -> Response:
    """Both figures side by side, and the reports that made the difference."""
    return _page(request, session, caller, lock_id, Form(), before)


@router.post("/{lock_id}/unlock")
def unlock(
    request: Request, lock_id: LockId, caller: Staff, session: Transaction, data: Typed
) -> Response:
    """Open a month again, with a reason that stays in the history."""
    period_locks.find(session, caller, lock_id)
    reason = comment_of(data)
    try:
        forms.form_id(data.get("form_token", ""))
        if not reason:
            form = refusal(request, "reason-missing", "comment")
            return _page(request, session, caller, lock_id, form, None, 422)
        period_locks.unlock(session, caller, lock_id, reason)
    except (BadLink, LockedAbove, NotLocked) as error:
        codes = {BadLink: "form-expired", LockedAbove: "lock-above"}
        form = refusal(request, codes.get(type(error), "not-locked"), "", data)
        return _page(request, session, caller, lock_id, form, None, 409)
    return RedirectResponse(f"{ADDRESS}/{lock_id}", 303)


def _list(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    form: Form,
    before: int | None,
    status: int = 200,
) -> Response:
    rows, following = period_locks.page(session, caller, before)
    own = regions.find(caller.region_code)
    return pages.render(
        request,
        "locks.html",
        status,
        rows=rows,
        own=own.name if own else "",
        months=completeness.months(completeness.today(), MONTHS + 1)[-2::-1],
        region_of=regions.find,
        form=form,
        token=forms.new_form(),
        next_url=f"?before={following}" if following else "",
        first_url="?" if before else "",
    )


def _page(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    lock_id: int,
    form: Form,
    before: int | None,
    status: int = 200,
) -> Response:
    found = period_locks.find(session, caller, lock_id)
    lines = period_locks.compare(session, found)
    changed, following = period_locks.changed_since(session, found, before)
    return pages.render(
        request,
        "lock.html",
        status,
        lock=found,
        region=regions.find(found.region_code),
        lines=[(line, _label(line.stream, line.measure)) for line in lines],
        changed=changed,
        every=STREAMS,
        words=own_words,
        may_unlock=found.unlocked_at is None and period_locks.may_unlock(caller, found),
        form=form,
        token=forms.new_form(),
        next_url=f"?before={following}" if following else "",
        first_url="?" if before else "",
    )


def _label(stream: str, measure: str) -> str:
    """What a figure counts, as the stream's own form calls it, if it asks for it."""
    asked = {one.name: one.label for one in STREAMS[stream].fields}
    return asked.get(measure, verify_words.MEASURES[measure])
