"""The form of a report as it was filled in: read, judged, and shown again with all that it held."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from starlette.datastructures import FormData
from uuid_utils.compat import uuid7

from services.reporting import activities, drafts, evidence, own_reports, own_words
from services.reporting.drafts import Draft, Invalid
from services.reporting.guards import Asked
from services.reporting.models import Activity, Evidence
from services.reporting.pages.own_common import Own, render
from services.reporting.resources import database, forms, limiter
from services.reporting.streams import BY_AGE, BY_SEX, Field, Stream
from shared.ids import to_uuid
from shared.limits import Limit
from shared.security import BadLink
from shared.uploads import ACCEPT, REASONS, Refused
from shared.web import Form, uploaded

Say = Callable[[str], str]

MONTHS = 24  # that a form offers
HALVES = 4
PARTS = (*BY_SEX, *BY_AGE, "disabled")
FILES = Limit("evidence-library", 200, 3600)
_JULY = 7


@dataclass(slots=True)
class Sheet:
    """One form on its way. `editing` is the report that it corrects, if it does.

    `lists` are the answers of which there may be several. `client_ref` is the same as long as the
    form is: sent twice, it is one report.
    """

    own: Own
    stream: Stream
    values: dict[str, str]
    client_ref: UUID
    token: str
    lists: dict[str, list[str]] = field(default_factory=dict)
    revision: int = 0
    editing: UUID | None = None
    errors: dict[str, str] = field(default_factory=dict)
    asked: Sequence[Asked] = ()
    confirmed: frozenset[str] = frozenset()
    dropped: frozenset[UUID] = frozenset()

    @property
    def action(self) -> str:
        """Where the form is sent to."""
        if self.editing:
            return f"{self.own.address}/activities/{self.editing}/edit"
        return f"{self.own.address}/new/{self.stream.name}"

    def files(self) -> list[Evidence]:
        """What the form holds by now, and the report that it corrects."""
        with database.sessions.begin() as session:
            kept = evidence.of(session, self.editing) if self.editing else []
            return [*kept, *evidence.of_form(session, self.own.library.id, self.client_ref)]


def blank(own: Own, stream: Stream, values: dict[str, str]) -> Sheet:
    """A form to begin with."""
    return Sheet(own, stream, values, uuid7(), forms.new_form())


def of_report(own: Own, stream: Stream, activity: Activity) -> Sheet:
    """A form that holds what a report says."""
    sheet = blank(own, stream, {})
    content = activities.content(activity)
    sheet.lists = {name: list(v) for name, v in content.items() if isinstance(v, list)}
    required = {one.name for one in stream.fields if one.required} & set(stream.measures)
    zeros = dict.fromkeys([*required, *(["people"] if stream.counts_people else [])], "0")
    sheet.values = zeros | {
        name: "yes" if value is True else str(value)
        for name, value in content.items()
        if not isinstance(value, list)
    }
    if stream.every != "day":
        sheet.values["day"] = f"{activity.day:%Y-%m}"
    sheet.editing, sheet.revision = activity.id, activity.revision
    return sheet


def read(own: Own, stream: Stream, data: FormData, say: Say, editing: UUID | None = None) -> Sheet:
    """What was sent; its files are kept from here on, whatever else is wrong.

    A form token that is over or forged is told as an error and replaced, and no file is touched.
    """
    values = {name: value for name, value in data.items() if isinstance(value, str)}
    sheet = blank(own, stream, values)
    sheet.client_ref = to_uuid(values.get("client_ref")) or sheet.client_ref
    sheet.editing = editing
    typed = values.get("revision", "")
    sheet.revision = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0
    for one in stream.fields:
        if one.kind == "choices":
            sheet.lists[one.name] = [str(value) for value in data.getlist(one.name)]
    sheet.confirmed = frozenset(map(str, data.getlist("confirmed"))) & own_words.QUESTIONS.keys()
    sheet.dropped = frozenset(found for one in data.getlist("drop") if (found := to_uuid(one)))
    try:
        forms.form_id(values.get("form_token", ""))
    except BadLink:
        sheet.errors[""] = say(own_words.REFUSALS["form-expired"])
        if uploaded(data, "evidence"):
            sheet.errors["evidence"] = say(own_words.REFUSALS["files-again"])
        return sheet
    sheet.token = values["form_token"]
    _take_files(sheet, data, say)
    return sheet


def draft(sheet: Sheet, say: Say) -> Draft | None:
    """The report; or nothing, and `sheet.errors` says why in the order of the page."""
    raw: Mapping[str, Any] = sheet.values | sheet.lists
    found = None
    try:
        found = drafts.read(sheet.stream, raw, sheet.own.today)
    except Invalid as invalid:
        sheet.errors |= {
            name: say(own_words.MISTAKES[mistake]) for name, mistake in invalid.errors.items()
        }
    order = ("", "day", "title", *(one.name for one in sheet.stream.fields), "people", *PARTS)
    last = [name for name in sheet.errors if name not in order]
    sheet.errors = {name: sheet.errors[name] for name in (*order, *last) if name in sheet.errors}
    return None if sheet.errors else found


def too_often(sheet: Sheet, say: Say) -> bool:
    """Whether the library has sent so many reports that this one waits, which the form says."""
    if not limiter.hit(own_reports.SENDING, str(sheet.own.library.id)):
        return False
    sheet.errors[""] = say(own_words.REFUSALS["too-many-reports"])
    return True


def show(
    request: Request,
    sheet: Sheet,
    status: int = 200,
    *,
    template: str = "own_form.html",
    **more: Any,
) -> Response:
    """The form as it is now; an official's page around it shows `more`."""
    files = [(one, evidence.address(one, "small")) for one in sheet.files()]
    values = sheet.values
    optional = [one for one in sheet.stream.fields if _may_be_skipped(sheet.stream, one)]
    return render(
        request,
        sheet.own,
        template,
        status,
        sheet=sheet,
        stream=sheet.stream,
        form=Form(values, sheet.errors),
        periods=_periods(sheet),
        parts=PARTS,
        optional=optional,
        more_open=bool(files)
        or any(
            values.get(name) or name in sheet.errors
            for name in (*PARTS, "evidence", *(one.name for one in optional))
        ),
        files=files,
        most=evidence.MOST,
        accept=",".join(ACCEPT[kind] for kind in evidence.ACCEPTED),
        **more,
    )


def _may_be_skipped(stream: Stream, asked: Field) -> bool:
    """Nothing asks for it: no other answer, and no consent."""
    only_after = (stream.name, asked.name) in own_words.SHOWN_IF
    return not (asked.required or only_after or asked.kind == "yes")


def refuse_files(sheet: Sheet, say: Say) -> None:
    """Say that a report would have more files than it can."""
    sheet.errors["evidence"] = say(own_words.REFUSALS["too-much-evidence"])


def _take_files(sheet: Sheet, data: FormData, say: Say) -> None:
    library_id = sheet.own.library.id
    with database.sessions.begin() as session:
        evidence.drop(session, library_id, sheet.client_ref, sheet.dropped)
    for file in uploaded(data, "evidence"):
        if limiter.hit(FILES, str(library_id)):
            sheet.errors["evidence"] = say(own_words.REFUSALS["too-many-files"])
            return
        try:
            received = evidence.receive(file.filename or "", file.file)
            kept = sum(
                one.activity_id is not None and one.id not in sheet.dropped for one in sheet.files()
            )
            with database.sessions.begin() as session:
                evidence.add(session, library_id, sheet.client_ref, received, kept=kept)
        except Refused as refused:
            sheet.errors["evidence"] = say(REASONS[refused.code])
        except evidence.TooMuchEvidence:
            refuse_files(sheet, say)


def _periods(sheet: Sheet) -> list[date]:
    """The months or half-years to choose from, the latest first, and what was chosen before."""
    if sheet.stream.every == "day":
        return []
    step, most = (1, MONTHS) if sheet.stream.every == "month" else (6, HALVES)
    first = sheet.own.today.replace(day=1)
    if step > 1:
        first = first.replace(month=1 if first.month < _JULY else _JULY)
    found = [first]
    while len(found) < most:
        month = found[-1]
        for _ in range(step):
            month = (month - timedelta(days=1)).replace(day=1)
        found.append(month)
    try:
        chosen = date.fromisoformat(f"{sheet.values.get('day', '')}-01")
    except ValueError:
        return found
    return found if chosen in found or chosen > first else [*found, chosen]
