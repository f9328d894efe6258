"""A delegation: one page on which one hand registers many people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Row
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from services.registration import delegations, desk, desk_words, meetings
from services.registration.desk_words import FAULTS
from services.registration.imports import Fault, Parsed
from services.registration.pages.common import pages
from services.registration.resources import Transaction, database, forms
from services.registration.words import EMPTY, PARTICIPANT_TYPES, REFUSALS
from shared.security import BadLink, Caller, Staff
from shared.web import Form, chosen_region, read_upload_form, region_lists

router = APIRouter(prefix="/meetings/{slug}/delegation", include_in_schema=False)

FIRST_ROWS = 3
MOST_ROWS = 30
TYPED = ("name", "participant_type", "library_name", "position", "email", "phone")


async def _typed(request: Request) -> FormData:
    return await read_upload_form(request, files=0, fields=MOST_ROWS * 14)


Rows = Annotated[FormData, Depends(_typed)]


@dataclass(frozen=True, slots=True)
class Line:
    """One row that was filled in, what it means, and what became of it."""

    number: int
    parsed: Parsed
    outcome: str = ""


@router.get("")
def show_form(request: Request, slug: str, caller: Staff, session: Transaction) -> Response:
    """Three empty rows."""
    meeting = _meeting(session, caller, slug)
    return _form(request, caller, meeting, {}, {}, FIRST_ROWS)


@router.post("")
def submit(request: Request, slug: str, caller: Staff, data: Rows) -> Response:
    """Register all rows, or the good ones; or the page again, with every bad row named."""
    with database.sessions.begin() as session:
        meeting = _meeting(session, caller, slug)
    values, count = _values(data, caller, meeting)
    if "add" in data or "choose_region" in data:
        count = min(count + ("add" in data), MOST_ROWS)
        return _form(request, caller, meeting, values, {}, count)
    say = pages.gettext(request)
    try:
        form_id = forms.form_id(values.get("form_token", ""))
    except BadLink:
        errors = {"form_token": say(REFUSALS["form-expired"])}
        return _form(request, caller, meeting, values, errors, count, 422)
    lines = _lines(meeting, caller, values, count)
    errors = _errors(request, lines, values)
    good = [line for line in lines if not line.parsed.faults]
    only_good = data.get("take") == "good" and good and "consent" not in errors
    if errors and not only_good:
        return _form(request, caller, meeting, values, errors, count, 422, good=len(good))
    taken = _register(meeting, caller, form_id, good)
    if len(good) == len(lines):
        told = "&".join(f"o={line.number}.{line.outcome}" for line in taken)
        return RedirectResponse(f"/registration/meetings/{slug}/delegation/{form_id}?{told}", 303)
    left = [line.number for line in lines if line.parsed.faults]
    return _rest(request, caller, meeting, values, left, taken)


@router.get("/{form_id}")
def show_outcome(
    request: Request, slug: str, form_id: UUID, caller: Staff, session: Transaction
) -> Response:
    """What became of each row; names come from the registrations, never from the address."""
    meeting = _meeting(session, caller, slug)
    told = [one.partition(".") for one in request.query_params.getlist("o")[:MOST_ROWS]]
    outcomes = [
        (int(number), code)
        for number, _, code in told
        if number.isdecimal() and len(number) < 4 and code in desk_words.OUTCOMES
    ]
    names = delegations.names(session, caller, meeting.id, form_id)
    return pages.render(
        request,
        "delegation_done.html",
        meeting=meeting,
        rows=[(number, names.get(number), code) for number, code in outcomes],
        words=desk_words,
    )


def _meeting(session: Session, caller: Caller, slug: str) -> Row[Any]:
    """As `meetings.find`, in the caller's scope. Raises `MeetingNotFound`."""
    desk.find_meeting(session, caller, slug)
    return meetings.find(session, slug)


def _lines(meeting: Row[Any], caller: Caller, values: Mapping[str, str], count: int) -> list[Line]:
    """The rows that are not empty; somebody who stands in two is a mistake in the second."""
    lines: list[Line] = []
    first: dict[str, int] = {}
    for number in range(1, count + 1):
        cells = {name: values.get(f"{name}-{number}", "") for name in (*TYPED, "region_code")}
        if not any(cells[name] for name in TYPED if name != "participant_type"):
            continue
        parsed = delegations.check(meeting, caller, cells)
        same = first.setdefault(parsed.same, number) if parsed.same else number
        if same != number:
            fault = Fault("name", FAULTS["same-row"], {"number": str(same)})
            parsed = Parsed(parsed.fields, (*parsed.faults, fault))
        lines.append(Line(number, parsed))
    return lines


def _errors(request: Request, lines: Sequence[Line], values: Mapping[str, str]) -> dict[str, str]:
    say = pages.gettext(request)
    errors: dict[str, str] = {}
    for line in lines:
        for fault in line.parsed.faults:
            column = "region_code" if fault.column in {"regency", "district"} else fault.column
            # Here one chooses from lists, and types no code.
            nowhere = fault.text == FAULTS["region-empty"]
            text = EMPTY["region_code"] if nowhere else fault.text
            sentence = say(text).format(**fault.values)
            row = say(desk_words.ROW).format(number=line.number, message=sentence)
            errors.setdefault(f"{column}-{line.number}", row)
    if not lines:
        errors["name-1"] = say(desk_words.REFUSALS["no-people"])
    if values.get("consent") != "yes":
        errors["consent"] = say(desk_words.REFUSALS["consent"])
    return errors


def _register(
    meeting: Row[Any], caller: Caller, form_id: UUID, lines: Sequence[Line]
) -> list[Line]:
    """Each row under a key of its own, so that a double click registers nobody twice."""
    taken = []
    with database.autocommit() as connection:
        for line in lines:
            key = delegations.row_key(form_id, line.number)
            outcome = delegations.register(
                connection, meeting, line.parsed.fields, key, "delegation", caller
            )
            taken.append(Line(line.number, line.parsed, outcome))
    return taken


def _rest(  # noqa: PLR0913, PLR0917 - what was typed, and what became of it
    request: Request,
    caller: Caller,
    meeting: Row[Any],
    values: Mapping[str, str],
    left: Sequence[int],
    taken: Sequence[Line],
) -> Response:
    """What was taken, and the bad rows to correct: as a new form, whose rows are counted anew."""
    kept = {"consent": values.get("consent", "")}
    for place, number in enumerate(left, 1):
        for name in (*TYPED, "region_code", "region_code_text"):
            kept[f"{name}-{place}"] = values.get(f"{name}-{number}", "")
    errors = _errors(request, _lines(meeting, caller, kept, len(left)), kept)
    return _form(request, caller, meeting, kept, errors, len(left), taken=taken)


def _form(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    caller: Caller,
    meeting: Row[Any],
    values: Mapping[str, str],
    errors: Mapping[str, str],
    count: int,
    status: int = 200,
    *,
    good: int = 0,
    taken: Sequence[Line] = (),
) -> Response:
    say = pages.gettext(request)
    token = "" if "form_token" in errors else values.get("form_token", "")
    shown = {("" if name == "form_token" else name): text for name, text in errors.items()}
    within = caller.region_code if caller.role == "regency" else meeting.province_code
    return pages.render(
        request,
        "delegation.html",
        status,
        meeting=meeting,
        form=Form(values, shown),
        token=token or forms.new_form(),
        count=count,
        most=MOST_ROWS,
        types=[(code, say(label)) for code, (label, _) in PARTICIPANT_TYPES.items()],
        within=within,
        levels={
            number: region_lists(within, values.get(f"region_code-{number}", ""), say)
            for number in range(1, count + 1)
        },
        consent=desk_words.PEOPLE_CONSENT,
        good=good,
        taken=taken,
        words=desk_words,
    )


def _values(data: FormData, caller: Caller, meeting: Row[Any]) -> tuple[dict[str, str], int]:
    values = {name: value.strip() for name, value in data.items() if isinstance(value, str)}
    typed = values.get("rows", "")
    count = min(int(typed), MOST_ROWS) if typed.isdecimal() and len(typed) < 4 else FIRST_ROWS
    within = caller.region_code if caller.role == "regency" else meeting.province_code
    for number in range(1, count + 1):
        name = f"region_code-{number}"
        codes = [str(code) for code in data.getlist(name)]
        values[name] = chosen_region([within, *codes]) if any(codes) else ""
    return values, max(count, 1)
