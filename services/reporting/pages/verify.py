"""The verifier's queue, and decisions about many reports at once."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from services.reporting import completeness, jobs, own_words, verification, verify_words
from services.reporting.pages.common import pages
from services.reporting.pages.verify_common import (
    TypedLists,
    comment_of,
    kept,
    query,
    read_filters,
    refusal,
    sentences,
    short_place,
    to_number,
    told,
)
from services.reporting.resources import Transaction, bus, forms
from services.reporting.streams import STREAMS
from services.reporting.verification import Action, CommentMissing, CountChanged, Filters, Outcome
from shared import regions
from shared.ids import to_uuid
from shared.security import BadLink, Caller, Staff
from shared.web import Form

router = APIRouter(prefix="/verify", include_in_schema=False)

MONTHS = 24  # that the filter offers


@router.get("")
def queue(
    request: Request, caller: Staff, session: Transaction, after: UUID | None = None
) -> Response:
    """What waits for the caller, or whatever else the filters say."""
    return _queue(request, session, caller, read_filters(request.query_params), Form(), after)


@router.post("/decisions")
def decide(request: Request, caller: Staff, session: Transaction, data: TypedLists) -> Response:
    """Decide about the chosen reports or about all that match; first ask, where it must be sure."""
    filters = read_filters(data)
    action = verification.ACTIONS.get(str(data.get("action")))
    everything = data.get("everything") == "yes"
    chosen = {} if everything else _chosen(data)
    try:
        forms.form_id(str(data.get("form_token", "")))
        refused = "no-action" if action is None else "" if chosen or everything else "nothing"
    except BadLink:
        refused = "form-expired"
    if refused or action is None:
        form = refusal(request, refused)
        return _queue(request, session, caller, filters, form, to_uuid(data.get("after")), 422)
    sure = data.get("confirmed") == "yes" or (action == "verify" and not everything)
    if not sure:
        return _confirm(request, session, caller, data, action, Form())
    try:
        outcome = (
            _decide_all(session, caller, filters, data, action)
            if everything
            else verification.decide(session, caller, action, chosen, comment_of(data))
        )
    except CommentMissing:
        form = refusal(request, "comment-missing", "comment")
        return _confirm(request, session, caller, data, action, form, 422)
    except CountChanged:
        form = refusal(request, "count-changed", "", {"comment": comment_of(data)})
        return _confirm(request, session, caller, data, action, form, 409)
    bus.wake(session, jobs.apply_deltas)
    return RedirectResponse(f"/reporting/verify{query(kept(filters) | told(action, outcome))}", 303)


def _decide_all(
    session: Session, caller: Caller, filters: Filters, data: FormData, action: Action
) -> Outcome:
    return verification.decide_all(
        session,
        caller,
        action,
        filters,
        until=to_uuid(data.get("until")) or UUID(int=0),
        confirmed=to_number(data.get("count")),
        comment=comment_of(data),
    )


def _queue(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    filters: Filters,
    form: Form,
    after: UUID | None,
    status: int = 200,
) -> Response:
    rows, following = verification.page(session, caller, filters, after=after)
    counted, last = verification.count(session, caller, filters)
    say = pages.gettext(request)
    return pages.render(
        request,
        "verify.html",
        status,
        rows=rows,
        counted=counted,
        most=verification.MOST,
        last=last,
        filters=filters,
        filtered=bool(kept(filters)),
        place=kept(filters),
        here=query(kept(filters)),
        chips=[
            (
                query(
                    kept(Filters(state, filters.stream, filters.month, filters.region, filters.q))
                ),
                say(label),
                state == filters.state,
            )
            for state, label in verify_words.STATES.items()
        ],
        streams=[(name, say(stream.label)) for name, stream in STREAMS.items()],
        months=completeness.months(datetime.now(UTC).date(), MONTHS)[::-1],
        regions=regions.children(caller.region_code or None) if caller.role != "regency" else [],
        region_of=regions.find,
        short_place=short_place,
        scope=caller.region_code,
        role=caller.role,
        every=STREAMS,
        words=own_words,
        verify_words=verify_words,
        told=sentences(request),
        form=form,
        token=forms.new_form(),
        next_url=query(kept(filters, after=following)) if following else "",
        first_url=query(kept(filters)) if after else "",
    )


def _confirm(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    data: FormData,
    action: Action,
    form: Form,
    status: int = 200,
) -> Response:
    """Ask for a comment, and whether it is so many that are meant."""
    filters = read_filters(data)
    everything = data.get("everything") == "yes"
    chosen: dict[UUID, int] = {} if everything else _chosen(data)
    until = to_uuid(data.get("until")) if everything else None
    counted = len(chosen)
    if everything:
        counted, until = verification.count(session, caller, filters, until)
    values: dict[str, Any] = {"comment": comment_of(data), **form.values}
    return pages.render(
        request,
        "verify_confirm.html",
        status,
        action=action,
        counted=counted,
        most=verification.MOST,
        everything=everything,
        until=until,
        chosen=chosen,
        place=kept(filters),
        back=f"/reporting/verify{query(kept(filters))}",
        verify_words=verify_words,
        form=Form(values, form.errors),
        token=forms.new_form(),
    )


def _chosen(data: FormData) -> dict[UUID, int]:
    """The ticked reports, each as it was seen: `id.revision`."""
    found = (str(value).partition(".") for value in data.getlist("ids"))
    return {one: to_number(seen) for text, _, seen in found if (one := to_uuid(text))}
