"""Imports: hand in a spreadsheet, watch it, see what is wrong in it, and have the rest taken."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from services.registration import desk, desk_words, imports, jobs, spreadsheets
from services.registration.api.imports import progress
from services.registration.imports import KINDS, Kind, NotReady, Task
from services.registration.models import ImportJob, Meeting
from services.registration.pages.common import Typed, TypedWithFiles, pages
from services.registration.resources import Transaction, bus, database, files, forms
from services.registration.words import REFUSALS
from shared.security import BadLink, Caller, Staff
from shared.uploads import ACCEPT, Refused, judge
from shared.web import Form
from shared.web.forms import uploaded
from shared.web.languages import choose_language

router = APIRouter(include_in_schema=False)

PEOPLE = "registrations"
REPAIR = "Yang perlu diperbaiki"


@router.get("/desk/{slug}/imports")
def show_imports(
    request: Request,
    slug: str,
    caller: Staff,
    session: Transaction,
    after: UUID | None = None,
) -> Response:
    """Hand in people for a meeting, and what was handed in before."""
    meeting = desk.find_meeting(session, caller, slug)
    return _upload_page(request, session, caller, KINDS[PEOPLE], meeting, Form(), after=after)


@router.post("/desk/{slug}/imports")
def hand_in(request: Request, slug: str, caller: Staff, data: TypedWithFiles) -> Response:
    """Keep the sheet, have it read, and go to its page."""
    with database.sessions.begin() as session:
        meeting = desk.find_meeting(session, caller, slug)
        return _hand_in(request, session, caller, KINDS[PEOPLE], meeting, data)


@router.get("/desk/{slug}/imports/template.{extension}")
def template(slug: str, extension: str, caller: Staff, session: Transaction) -> Response:
    """A sheet to fill in, for this meeting's province."""
    return _template(caller, KINDS[PEOPLE], desk.find_meeting(session, caller, slug), extension)


@router.get("/imports/new/{kind_name}")
def show_imports_of(
    request: Request,
    kind_name: str,
    caller: Staff,
    session: Transaction,
    after: UUID | None = None,
) -> Response:
    """The same for a kind that is for no meeting."""
    return _upload_page(request, session, caller, _kind(kind_name), None, Form(), after=after)


@router.post("/imports/new/{kind_name}")
def hand_in_of(request: Request, kind_name: str, caller: Staff, data: TypedWithFiles) -> Response:
    """The same for a kind that is for no meeting."""
    with database.sessions.begin() as session:
        return _hand_in(request, session, caller, _kind(kind_name), None, data)


@router.get("/imports/new/{kind_name}/template.{extension}")
def template_of(kind_name: str, extension: str, caller: Staff) -> Response:
    """The same for a kind that is for no meeting."""
    return _template(caller, _kind(kind_name), None, extension)


@router.get("/imports/{job_id}")
def show_import(
    request: Request, job_id: UUID, caller: Staff, session: Transaction, after: int = 0
) -> Response:
    """How far it is, what is wrong in it, and what became of its rows."""
    return _job_page(request, session, imports.find(session, caller, job_id), after=after)


@router.post("/imports/{job_id}")
def change(
    request: Request, job_id: UUID, caller: Staff, session: Transaction, data: Typed
) -> Response:
    """Take the good rows, cancel, or go on after a failure."""
    job = imports.find(session, caller, job_id)
    forms.form_id(str(data.get("form_token", "")))
    try:
        match data.get("action"):
            case "take":
                imports.take(session, caller, job, every=True)
            case "resume":
                imports.resume(session, caller, job)
            case "cancel":
                imports.cancel(session, caller, job)
    except NotReady:
        return _job_page(request, session, job, "not-ready", 409)
    bus.wake(session, jobs.run_imports)
    return RedirectResponse(f"/registration/imports/{job_id}", 303)


@router.get("/imports/{job_id}/rows")
def show_rows(
    request: Request, job_id: UUID, caller: Staff, session: Transaction, after: int = 0
) -> Response:
    """The good rows, to choose from, and what became of each."""
    return _rows_page(request, session, imports.find(session, caller, job_id), after)


@router.post("/imports/{job_id}/rows")
def choose_rows(
    request: Request, job_id: UUID, caller: Staff, session: Transaction, data: Typed
) -> Response:
    """Keep which rows of this page to take; and take all that are chosen, or show the next page."""
    job = imports.find(session, caller, job_id)
    forms.form_id(str(data.get("form_token", "")))
    after = _number(str(data.get("after", "")))
    shown = [_number(text) for text in str(data.get("shown", "")).split(",")]
    chosen = [_number(str(text)) for text in data.getlist("chosen")]
    try:
        imports.choose(session, job, shown[: imports.ROWS_PAGE], chosen)
        if data.get("action") != "take":
            following = _number(str(data.get("following", ""))) or after
            address = f"/registration/imports/{job_id}/rows?after={following}"
            return RedirectResponse(address, 303)
        if not imports.counts(session, job).chosen:
            return _rows_page(request, session, job, after, "no-rows-chosen", 422)
        imports.take(session, caller, job, every=False)
    except NotReady:
        return _rows_page(request, session, job, after, "not-ready", 409)
    bus.wake(session, jobs.run_imports)
    return RedirectResponse(f"/registration/imports/{job_id}", 303)


@router.get("/imports/{job_id}/bad.xlsx")
def bad_rows(request: Request, job_id: UUID, caller: Staff, session: Transaction) -> Response:
    """The bad rows as they were, each with what to mend, to be handed in again."""
    job = imports.find(session, caller, job_id)
    columns = KINDS[job.kind].columns
    message = "message_en" if choose_language(request) == "en" else "message"
    rows, _ = imports.rows_page(session, job, good=False, limit=imports.MOST_ROWS)
    cells = [
        [
            *(str(row.values["cells"].get(column.key, "")) for column in columns),
            "; ".join(f"{error['column']}: {error[message]}" for error in row.errors),
        ]
        for row in rows
    ]
    titles = [*(column.title for column in columns), REPAIR]
    data = spreadsheets.write_xlsx({"Perbaikan": (titles, cells)})
    return _download(data, spreadsheets.XLSX, "perbaikan.xlsx")


def _hand_in(  # noqa: PLR0913, PLR0917 - an order and its form
    request: Request,
    session: Session,
    caller: Caller,
    kind: Kind,
    meeting: Meeting | None,
    data: FormData,
) -> Response:
    say = pages.gettext(request)
    errors: dict[str, str] = {}
    sent = uploaded(data, "file")
    try:
        form_id = forms.form_id(str(data.get("form_token", "")))
        if not sent:
            errors["file"] = say(desk_words.REFUSALS["no-file"])
        if meeting and data.get("consent") != "yes":
            errors["consent"] = say(desk_words.REFUSALS["consent"])
        if not errors:
            sheet = judge(sent[0].file, kinds=("xlsx", "csv"))
            stored = files.put(sheet.data, sheet.extension)
            job_id = imports.order(
                session,
                caller,
                kind,
                meeting=meeting,
                file_name=sent[0].filename or "",
                stored=stored,
                job_id=form_id,
            )
            bus.wake(session, jobs.run_imports)
            return RedirectResponse(f"/registration/imports/{job_id}", 303)
    except Refused as refusal:
        errors["file"] = say(refusal.sentence)
    except BadLink:
        errors[""] = say(REFUSALS["form-expired"])
    form = Form({"consent": str(data.get("consent", ""))}, errors)
    return _upload_page(request, session, caller, kind, meeting, form, status=422)


def _upload_page(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    kind: Kind,
    meeting: Meeting | None,
    form: Form,
    *,
    after: UUID | None = None,
    status: int = 200,
) -> Response:
    rows, following = imports.page(session, caller, kind, meeting.id if meeting else None, after)
    base = f"/registration/desk/{meeting.slug}/imports" if meeting else ""
    return pages.render(
        request,
        "import_new.html",
        status,
        kind=kind,
        meeting=meeting,
        base=base or f"/registration/imports/new/{kind.name}",
        jobs=rows,
        form=form,
        accept=f"{ACCEPT['xlsx']},{ACCEPT['csv']}",
        consent=desk_words.PEOPLE_CONSENT,
        words=desk_words,
        token=forms.new_form(),
        next_url="?" + urlencode({"after": str(following)}) if following else "",
        first_url="?" if after else "",
    )


def _template(caller: Caller, kind: Kind, meeting: Meeting | None, extension: str) -> Response:
    titles = [column.title for column in kind.columns]
    example = [column.example for column in kind.columns]
    example[0] = f"{spreadsheets.EXAMPLE}: {example[0]}"
    if extension == "csv":
        data = spreadsheets.write_csv(titles, [example])
        return _download(data, spreadsheets.CSV, f"templat-{kind.name}.csv")
    if extension != "xlsx":
        raise HTTPException(404)
    needed = {True: "wajib", False: ""}
    help_rows = [[c.title, needed[c.required], c.explanation] for c in kind.columns]
    codes = [list(row) for row in kind.codes(Task(UUID(int=0), caller, meeting, datetime.now(UTC)))]
    data = spreadsheets.write_xlsx(
        {
            "Isian": (titles, [example]),
            "Penjelasan": (["Kolom", "Wajib", "Penjelasan"], help_rows),
            "Kode": (["Kolom", "Kode", "Arti"], codes),
        }
    )
    return _download(data, spreadsheets.XLSX, f"templat-{kind.name}.xlsx")


def _job_page(  # noqa: PLR0913 - all that the page shows
    request: Request,
    session: Session,
    job: ImportJob,
    refused: str = "",
    status: int = 200,
    *,
    after: int = 0,
) -> Response:
    bad, following = imports.rows_page(session, job, good=False, after=after)
    say = pages.gettext(request)
    code, _, columns = job.error.partition(":")
    error = say(desk_words.UNREADABLE[code]).format(columns=columns) if code else ""
    counts = imports.counts(session, job)
    return pages.render(
        request,
        "import_job.html",
        status,
        job=job,
        state=progress(job),
        meeting=_meeting(session, job),
        kind=KINDS[job.kind],
        counts=counts,
        outcomes=imports.outcomes(session, job),
        bad=bad,
        error=error,
        may_resume=imports.may_resume(job),
        words=desk_words,
        form=Form({}, {"": say(desk_words.REFUSALS[refused])} if refused else {}),
        token=forms.new_form(),
        next_url=f"?after={following}" if following else "",
        first_url="?" if after else "",
    )


def _rows_page(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    job: ImportJob,
    after: int,
    refused: str = "",
    status: int = 200,
) -> Response:
    rows, following = imports.rows_page(session, job, good=True, after=after)
    say = pages.gettext(request)
    return pages.render(
        request,
        "import_rows.html",
        status,
        job=job,
        meeting=_meeting(session, job),
        kind=KINDS[job.kind],
        rows=rows,
        counts=imports.counts(session, job),
        words=desk_words,
        form=Form({}, {"": say(desk_words.REFUSALS[refused])} if refused else {}),
        token=forms.new_form(),
        after=after,
        following=following,
    )


def _meeting(session: Session, job: ImportJob) -> Meeting | None:
    return session.scalars(select(Meeting).where(Meeting.id == job.meeting_id)).one_or_none()


def _kind(name: str) -> Kind:
    """A kind that needs no meeting; 404 for any other."""
    if name not in KINDS or name == PEOPLE:
        raise HTTPException(404)
    return KINDS[name]


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _download(data: bytes, media_type: str, name: str) -> Response:
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=media_type, headers=headers)
