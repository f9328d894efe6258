"""Files of SIM TPBIS: hand one in, watch it, see what is wrong in it, take over, and undo."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from services.reporting import (
    completeness,
    import_words,
    jobs,
    rejected_rows,
    sim_files,
    sim_imports,
    sim_undoing,
)
from services.reporting.api.imports import RUNNING, status
from services.reporting.models import SimImport
from services.reporting.pages.common import Typed, pages
from services.reporting.pages.own_telling import period
from services.reporting.resources import Transaction, bus, database, forms, limiter
from services.reporting.sim_imports import HANDED_IN, NothingToUndo, NotReady, TooManyImports
from services.reporting.streams import STREAMS
from shared import regions
from shared.security import BadLink, Caller, Staff
from shared.uploads import Refused
from shared.web import Form, read_upload_form, uploaded
from shared.web.languages import choose_language

router = APIRouter(prefix="/imports", include_in_schema=False)
Number = Annotated[int, Query(ge=0, le=2**31 - 1)]
Words = Annotated[str, Query(max_length=100)]
ADDRESS = "/reporting/imports"
ACCEPT = ".json,.csv,.xlsx,.gz,application/json,text/csv,application/gzip"


async def _sent(request: Request) -> FormData:
    return await read_upload_form(request, files=1)


@router.get("")
def list_imports(
    request: Request,
    caller: Staff,
    session: Transaction,
    q: Words = "",
    after: UUID | None = None,
) -> Response:
    """Hand a file in, and what was handed in before in my region."""
    return _list(request, session, caller, Form(), q, after)


@router.post("")
def hand_in(request: Request, caller: Staff, data: Annotated[FormData, Depends(_sent)]) -> Response:
    """Keep the file, have it read, and go to its page."""
    say = pages.gettext(request)
    errors: dict[str, str] = {}
    code = 422
    sent, stream = uploaded(data, "file"), str(data.get("stream", ""))
    period = str(data.get("period", ""))
    try:
        import_id = forms.form_id(str(data.get("form_token", "")))
        if not sent:
            errors["file"] = say(import_words.REFUSALS["no-file"])
        if stream and stream not in STREAMS:
            errors["stream"] = say(import_words.REFUSALS["stream"])
        if period and not sim_imports.is_period(period, completeness.today()):
            errors["period"] = say(import_words.REFUSALS["period"])
        if not errors and limiter.hit(HANDED_IN, caller.subject):
            errors[""], code = say(import_words.REFUSALS["too-often"]), 429
        if not errors:
            stored = sim_files.keep(sent[0].file.read())
            name = sent[0].filename or ""
            with database.sessions.begin() as session:
                sim_imports.order(
                    session,
                    caller,
                    import_id,
                    stored=stored,
                    file_name=name,
                    stream=stream,
                    period=period,
                )
                bus.wake(session, jobs.run_imports)
            return RedirectResponse(f"{ADDRESS}/{import_id}", 303)
    except Refused as refusal:
        errors["file"] = say(import_words.REFUSED.get(refusal.code, refusal.sentence))
    except TooManyImports:
        errors[""], code = say(import_words.REFUSALS["too-many-imports"]), 409
    except BadLink:
        errors[""] = say(import_words.REFUSALS["form-expired"])
    with database.sessions.begin() as session:
        form = Form({"stream": stream, "period": period}, errors)
        return _list(request, session, caller, form, "", None, code)


@router.get("/{import_id}")
def show_import(
    request: Request, import_id: UUID, caller: Staff, session: Transaction, after: Number = 0
) -> Response:
    """How far it is, what is wrong in it, and what became of its rows."""
    return _page(request, session, sim_imports.find(session, caller, import_id), after=after)


@router.post("/{import_id}")
def change(
    request: Request, import_id: UUID, caller: Staff, session: Transaction, data: Typed
) -> Response:
    """Take over what is right, cancel, take back, or go on after a failure."""
    job = sim_imports.find(session, caller, import_id)
    try:
        forms.form_id(data.get("form_token", ""))
        match data.get("action"):
            case "take":
                sim_imports.take(session, job, twins=data.get("twins") == "yes")
            case "resume":
                sim_imports.resume(session, job)
            case "undo":
                sim_imports.undo(session, caller, job, datetime.now(UTC))
            case "cancel":
                sim_imports.cancel(session, job)
    except NotReady:
        return _page(request, session, job, "not-ready", 409)
    except NothingToUndo:
        return _page(request, session, job, "nothing-to-undo", 409)
    except BadLink:
        return _page(request, session, job, "form-expired", 422)
    bus.wake(session, jobs.run_imports)
    return RedirectResponse(f"{ADDRESS}/{import_id}", 303)


@router.get("/{import_id}/undo")
def ask_undo(request: Request, import_id: UUID, caller: Staff, session: Transaction) -> Response:
    """Ask whether what the file brought is really to be taken back."""
    job = sim_imports.find(session, caller, import_id)
    if not sim_imports.may_undo(job, datetime.now(UTC)):
        return _page(request, session, job, "not-ready", 409)
    outlook = sim_undoing.outlook(session, job, caller)
    return pages.render(
        request,
        "import_undo.html",
        job=job,
        going=outlook.pop("", 0),
        kept=outlook,
        words=import_words,
        days=sim_imports.UNDO.days,
        token=forms.new_form(),
    )


@router.get("/{import_id}/rows")
def show_rows(  # noqa: PLR0913, PLR0917 - what a page is asked by
    request: Request,
    import_id: UUID,
    caller: Staff,
    session: Transaction,
    after: Number = 0,
    kind: str = "good",
) -> Response:
    """The rows that are right, or those of them that are to be looked at."""
    job = sim_imports.find(session, caller, import_id)
    kind = kind if kind in import_words.KINDS else "good"
    rows, following = sim_imports.rows_page(session, job, kind, after)
    say = pages.gettext(request)
    return pages.render(
        request,
        "import_rows.html",
        job=job,
        rows=rows,
        places=sim_imports.places_of(session, job, rows),
        every=STREAMS,
        period=lambda report: period(
            STREAMS[report["stream"]],
            date.fromisoformat(report["day"]),
            say,
            choose_language(request),
        ),
        words=import_words,
        chips=[
            (f"?kind={name}", say(label), name == kind)
            for name, label in import_words.KINDS.items()
        ],
        next_url="?" + urlencode({"kind": kind, "after": following}) if following else "",
        first_url=f"?kind={kind}" if after else "",
    )


@router.get("/{import_id}/bad.csv")
def bad_rows(
    request: Request, import_id: UUID, caller: Staff, session: Transaction
) -> StreamingResponse:
    """Every rejected row as it is in the file, each with what to mend, to be handed in again."""
    job = sim_imports.find(session, caller, import_id)
    stored, say = job.stored, pages.gettext(request)

    def lines() -> Iterator[bytes]:
        with database.sessions() as own:
            yield from rejected_rows.as_csv(own, import_id, stored, say)

    headers = {
        "Content-Disposition": 'attachment; filename="perbaikan.csv"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


def _list(  # noqa: PLR0913, PLR0917 - all that the page shows
    request: Request,
    session: Session,
    caller: Caller,
    form: Form,
    q: str,
    after: UUID | None,
    code: int = 200,
) -> Response:
    rows, following = sim_imports.page(session, caller, q, after)
    say = pages.gettext(request)
    own = regions.find(caller.region_code)
    kept = {"q": q} if q else {}
    return pages.render(
        request,
        "imports.html",
        code,
        rows=rows,
        q=q,
        own=own.name if own else "",
        streams=[(name, say(stream.label)) for name, stream in STREAMS.items() if name != "cerita"],
        every=STREAMS,
        accept=ACCEPT,
        words=import_words,
        keep_days=sim_imports.KEEP.days,
        form=form,
        token=forms.new_form(),
        next_url="?" + urlencode({**kept, "after": following}) if following else "",
        first_url="?" + urlencode(kept) if after else "",
    )


def _page(  # noqa: PLR0913 - all that the page shows
    request: Request,
    session: Session,
    job: SimImport,
    refused: str = "",
    code: int = 200,
    *,
    after: int = 0,
) -> Response:
    say = pages.gettext(request)
    # While rows change, how far it is says more than numbers that are over when they are read.
    settled = job.state not in RUNNING
    bad, following = sim_imports.rows_page(session, job, "bad", after) if settled else ([], None)
    unreadable = job.error.partition(":")[0]
    return pages.render(
        request,
        "import.html",
        code,
        job=job,
        period=date.fromisoformat(f"{job.period}-01") if job.period else None,
        state=status(session, job),
        counts=sim_imports.counts(session, job) if settled else None,
        places=sim_imports.place_counts(session, job),
        bad=bad,
        error=say(import_words.UNREADABLE[unreadable]) if unreadable else "",
        may_undo=sim_imports.may_undo(job, datetime.now(UTC)),
        may_resume=sim_imports.may_resume(job),
        every=STREAMS,
        words=import_words,
        form=Form({}, {"": say(import_words.REFUSALS[refused])} if refused else {}),
        token=forms.new_form(),
        next_url=f"?after={following}" if following else "",
        first_url="?" if after else "",
    )
