"""The desk: meetings of one's province, the queue of registrations, one of them, and decisions."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from services.registration import booths, desk, desk_words, questions, uploads
from services.registration.account_words import ACTIONS
from services.registration.desk import Filters, ReasonMissing
from services.registration.models import Meeting
from services.registration.pages.common import Typed, count_requests, pages
from services.registration.resources import Transaction, forms
from services.registration.seats import LIVE, NotPossible, Outcome
from services.registration.words import PARTICIPANT_TYPES, STATUSES
from shared import regions
from shared.documents.common import one_line
from shared.ids import to_uuid
from shared.security import HOSTS, Caller, Host, Staff
from shared.web import Form
from shared.web.languages import choose_language

router = APIRouter(prefix="/desk", dependencies=[Depends(count_requests)], include_in_schema=False)
Words = Annotated[str, Query(max_length=100)]

CONFIRMED = ("send_back", "reject", "withdraw")  # on a page of their own, with a reason
REASON_LENGTH = 500


@router.get("")
def list_meetings(  # noqa: PLR0913, PLR0917 - what a list is asked by
    request: Request,
    caller: Staff,
    session: Transaction,
    q: Words = "",
    show: str = "current",
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """The meetings of my scope, and how much waits in each."""
    rows, following = desk.meetings_page(session, caller, words=q, show=show, after=after)
    return pages.render(
        request,
        "desk.html",
        meetings=rows,
        words=desk_words,
        q=q,
        show=show,
        is_host=caller.role in HOSTS,
        next_url=query_of({"q": q, "show": show, "after": following}) if following else "",
        first_url=query_of({"q": q, "show": show}) if after else "",
    )


@router.get("/{slug}")
def show_queue(
    request: Request,
    slug: str,
    caller: Staff,
    session: Transaction,
    after: UUID | None = None,
) -> Response:
    """The registrations of my region at one meeting."""
    meeting = desk.find_meeting(session, caller, slug)
    return _queue(
        request, session, caller, meeting, filters_of(request.query_params), after, Form()
    )


@router.post("/{slug}/decisions")
def decide(
    request: Request, slug: str, caller: Host, session: Transaction, data: Typed
) -> Response:
    """Decide, and go back to where one was; or first ask why, and whether one is sure."""
    meeting = desk.find_meeting(session, caller, slug)
    forms.form_id(str(data.get("form_token", "")))
    action, ids = str(data.get("action", "")), _ids(data)
    refused = "no-action" if action not in desk_words.ACTIONS else "" if ids else "nobody"
    if refused:
        say = pages.gettext(request)
        form = Form({}, {"": say(desk_words.REFUSALS[refused])})
        filters, after = filters_of(data), _after(data)
        return _queue(request, session, caller, meeting, filters, after, form, 422)
    if action in CONFIRMED and data.get("confirmed") != "yes":
        return _confirm(request, session, caller, meeting, data, Form())
    reason = one_line(str(data.get("reason", ""))) or one_line(str(data.get("ready_reason", "")))
    try:
        outcome = desk.decide(session, caller, meeting, action, ids, reason[:REASON_LENGTH])
    except ReasonMissing:
        form = _refusal(request, "ready_reason", "reason")
        return _confirm(request, session, caller, meeting, data, form, 422)
    except NotPossible:
        form = _refusal(request, "", "meeting-over")
        filters, after = filters_of(data), _after(data)
        return _queue(request, session, caller, meeting, filters, after, form, 409)
    told = outcome_query(session, action, outcome)
    if back := to_uuid(data.get("back", "")):
        return RedirectResponse(f"/registration/desk/{slug}/r/{back}{query_of(told)}", 303)
    place = kept(filters_of(data), _after(data))
    return RedirectResponse(f"/registration/desk/{slug}{query_of(place | told)}", 303)


@router.get("/{slug}/r/{registration_id}")
def show_registration(
    request: Request, slug: str, registration_id: UUID, caller: Staff, session: Transaction
) -> Response:
    """All that is known of one registration."""
    meeting = desk.find_meeting(session, caller, slug)
    return _registration(request, session, caller, meeting, registration_id, Form())


@router.post("/{slug}/r/{registration_id}/booth")
def decide_booth(  # noqa: PLR0913, PLR0917 - what FastAPI hands in
    request: Request,
    slug: str,
    registration_id: UUID,
    caller: Host,
    session: Transaction,
    data: Typed,
) -> Response:
    """Accept or decline a booth, and say where it stands."""
    meeting = desk.find_meeting(session, caller, slug)
    desk.find(session, caller, meeting, registration_id)
    forms.form_id(str(data.get("form_token", "")))
    number = one_line(str(data.get("number", "")))
    if len(number) > 20:
        say = pages.gettext(request)
        form = Form({"number": number}, {"number": say(desk_words.REFUSALS["booth-number"])})
        return _registration(request, session, caller, meeting, registration_id, form, 422)
    if booths.of(session, registration_id):
        if data.get("state") == "declined":
            booths.decide(session, caller, registration_id, "declined")
        else:
            booths.decide(session, caller, registration_id, "accepted", number)
    return RedirectResponse(f"/registration/desk/{slug}/r/{registration_id}", 303)


def _queue(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    meeting: Meeting,
    filters: Filters,
    after: UUID | None,
    form: Form,
    status: int = 200,
) -> Response:
    rows, following = desk.page(session, caller, meeting, filters, after=after)
    counts = desk.status_counts(session, caller, meeting)
    place = kept(filters, None)
    asked = questions.asked(session, meeting.id)
    return pages.render(
        request,
        "desk_queue.html",
        status,
        meeting=meeting,
        rows=rows,
        counts=counts,
        chips=_chips(filters, counts, pages.gettext(request)),
        filters=filters,
        form=form,
        types=_types(pages.gettext(request)),
        regencies=[
            (region.code, region.name)
            for region in regions.children(meeting.province_code)
            if caller.may_see(region.code)
        ],
        words=desk_words,
        statuses=STATUSES,
        left={row.id: questions.left(asked, row.participant_type, row.answers) for row in rows},
        live=LIVE,
        participant_types=PARTICIPANT_TYPES,
        region_of=regions.get,
        may_decide=caller.role in HOSTS and meeting.status not in {"done", "cancelled"},
        place=kept(filters, after),
        told=sentences(request),
        token=forms.new_form(),
        # Of one page, all can be ticked.
        every=desk.matching_counts(session, caller, meeting, filters, datetime.now(UTC)).total()
        if following or after
        else 0,
        for_all=desk.FOR_ALL,
        next_url=query_of(place | {"after": str(following)}) if following else "",
        first_url=query_of(place) if after else "",
    )


def _confirm(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    meeting: Meeting,
    data: FormData,
    form: Form,
    status: int = 200,
) -> Response:
    action = str(data["action"])
    people = desk.chosen(session, caller, meeting, _ids(data))
    say = pages.gettext(request)
    typed = {name: str(data.get(name, "")) for name in ("reason", "ready_reason")}
    place = kept(filters_of(data), _after(data))
    back = to_uuid(data.get("back", ""))
    return pages.render(
        request,
        "desk_confirm.html",
        status,
        meeting=meeting,
        action=action,
        people=[person for person in people if action in desk.ALLOWED.get(person.status, ())],
        others=[person for person in people if action not in desk.ALLOWED.get(person.status, ())],
        ids=[person.id for person in people],
        reasons=[(reason, say(reason)) for reason in desk_words.REASONS[action]],
        statuses=STATUSES,
        words=desk_words,
        form=Form(typed, form.errors),
        place=place,
        back=back,
        back_url=f"/registration/desk/{meeting.slug}" + (f"/r/{back}" if back else query_of(place)),
        token=data["form_token"],
    )


def _registration(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    meeting: Meeting,
    registration_id: UUID,
    form: Form,
    status: int = 200,
) -> Response:
    person = desk.find(session, caller, meeting, registration_id)
    may_decide = caller.role in HOSTS and meeting.status not in {"done", "cancelled"}
    booth = booths.of(session, person.id)
    language = choose_language(request)
    return pages.render(
        request,
        "desk_registration.html",
        status,
        meeting=meeting,
        registration=person,
        region=regions.get(person.region_code),
        participant_type=PARTICIPANT_TYPES[person.participant_type][0],
        answers=[
            (
                question.label_en if language == "en" and question.label_en else question.label,
                questions.shown_answer(question, answer, language),
            )
            for question, answer in desk.answers(session, person)
            if question.type != "file"  # it stands among the files
        ],
        left=questions.left(
            questions.asked(session, meeting.id), person.participant_type, person.answers
        ),
        live=LIVE,
        uploads=uploads.of(session, person.id),
        booth=booth,
        consents=desk.consents(session, person.id),
        history=desk.history(session, person.id),
        happened=ACTIONS | desk_words.HISTORY,
        statuses=STATUSES,
        words=desk_words,
        actions=desk.ALLOWED.get(person.status, ()) if may_decide else (),
        may_decide=may_decide,
        form=form if form.errors else Form({"number": booth.number if booth else ""}),
        told=sentences(request),
        token=forms.new_form(),
    )


def _refusal(request: Request, field: str, code: str) -> Form:
    return Form({}, {field: pages.gettext(request)(desk_words.REFUSALS[code])})


def outcome_query(session: Session, action: str, outcome: Outcome) -> dict[str, Any]:
    """What the next page says of a decision: numbers and statuses, nothing of a person."""
    skipped = desk.statuses(session, outcome.skipped)
    return {
        "did": action,
        "n": len(outcome.done),
        "skipped": [f"{status}.{count}" for status, count in sorted(skipped.items())],
    }


def sentences(request: Request) -> list[str]:
    """The outcome of a decision in words, from the address."""
    asked, say = request.query_params, pages.gettext(request)
    action, count = asked.get("did", ""), asked.get("n", "")
    if action not in desk_words.DONE or not count.isdecimal():
        return []
    told = [say(desk_words.DONE[action]).format(n=int(count[:6]))]
    for skipped in asked.getlist("skipped"):
        status, _, number = skipped.partition(".")
        if status in STATUSES and number.isdecimal():
            label = say(STATUSES[status]).lower()
            told.append(say(desk_words.SKIPPED).format(n=int(number[:6]), status=label))
    return told


def _chips(filters: Filters, counts: Any, say: Callable[[str], str]) -> list[tuple[str, str, bool]]:
    """A filter for each status that somebody has, and one for all."""
    others = kept(filters, None)
    others.pop("status", None)
    chips = [
        (query_of(others), f"{say(desk_words.ALL)} ({sum(counts.values())})", not filters.status)
    ]
    for status, label in STATUSES.items():
        if counts[status] or filters.status == status:
            url = query_of({"status": status} | others)
            chips.append((url, f"{say(label)} ({counts[status]})", filters.status == status))
    return chips


def _types(say: Callable[[str], str]) -> list[tuple[str, str]]:
    return [(code, say(label)) for code, (label, _) in PARTICIPANT_TYPES.items()]


def filters_of(values: Any) -> Filters:
    """What an address or a form asks for."""
    return Filters(
        *(str(values.get(n, ""))[:100].replace("\x00", "") for n in Filters.__annotations__)
    )


def kept(filters: Filters, after: UUID | None) -> dict[str, Any]:
    """What stays in the address of the same place."""
    values = {name: getattr(filters, name) for name in Filters.__annotations__}
    values |= {"after": str(after) if after else ""}
    return {name: value for name, value in values.items() if value}


def query_of(values: dict[str, Any]) -> str:
    """The address of a page that is asked by these values."""
    return "?" + urlencode(values, doseq=True) if values else "?"


def _ids(data: FormData) -> Sequence[UUID]:
    found = [to_uuid(value) for value in data.getlist("ids")]
    return list(dict.fromkeys(one for one in found if one))


def _after(data: FormData) -> UUID | None:
    return to_uuid(data.get("after", ""))
