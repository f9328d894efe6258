"""Imports from SIM TPBIS over JSON; `progress.js` asks for the status once a second."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from uuid_utils.compat import uuid7

from services.reporting import (
    completeness,
    import_words,
    jobs,
    library_matching,
    sim_files,
    sim_imports,
)
from services.reporting.import_schemas import (
    CandidateItem,
    ImportList,
    ImportStatus,
    PlaceDecision,
    PlaceItem,
    PlaceItems,
    PlaceStatus,
    RowCounts,
    RowItem,
    RowItems,
    RowKind,
)
from services.reporting.library_matching import NoSuchPlace
from services.reporting.models import SimImport
from services.reporting.pages.common import pages
from services.reporting.resources import Transaction, bus, database, limiter
from services.reporting.sim_imports import (
    HANDED_IN,
    ImportNotFound,
    NothingToUndo,
    NotReady,
    TooManyImports,
)
from services.reporting.streams import STREAMS
from shared.problems import Problem, Refusals, status_problem
from shared.security import Staff
from shared.uploads import Refused
from shared.web import read_upload_form, uploaded


class BadUpload(ValueError):
    """Not what an upload has to be; the message is a key of `import_words.REFUSALS`."""


def _not_kept(response: Response) -> None:
    """Rows may name what somebody did, so no cache keeps them."""
    response.headers["Cache-Control"] = "private, no-store"


router = APIRouter(prefix="/api/v1/imports", tags=["imports"], dependencies=[Depends(_not_kept)])
Words = Annotated[str, Query(max_length=100)]
NotNow: dict[int | str, dict[str, Any]] = {409: {"description": "`not-ready`"}}
RUNNING = {"reading", "taking", "undoing"}
_ENDED = {"failed": "failed", "cancelled": "cancelled"}


async def _sent(request: Request) -> FormData:
    return await read_upload_form(request, files=1)


_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "stream": {"type": "string", "enum": ["", *STREAMS]},
                        "period": {"type": "string", "examples": ["2026-02"]},
                    },
                }
            }
        },
    }
}


@router.post("", status_code=202, openapi_extra=_UPLOAD)
def order_import(
    caller: Staff, data: Annotated[FormData, Depends(_sent)], response: Response
) -> ImportStatus:
    """Have a file read: JSON, CSV or XLSX, also packed with gzip.

    `stream` is for files whose fields do not tell it, `period` the month of rows without any date,
    as those of replikasi. Refusals: `no-file`, `stream`, `period` and those of files, 422;
    `too-many-imports` 409 while ten are not ended, `too-many-requests` 429.
    """
    limiter.guard(HANDED_IN, caller.subject)
    sent, stream = uploaded(data, "file"), str(data.get("stream", ""))
    period = str(data.get("period", ""))
    if not sent:
        raise BadUpload("no-file")
    if stream and stream not in STREAMS:
        raise BadUpload("stream")
    if period and not sim_imports.is_period(period, completeness.today()):
        raise BadUpload("period")
    import_id = uuid7()
    stored = sim_files.keep(sent[0].file.read())
    with database.sessions.begin() as session:
        sim_imports.order(
            session,
            caller,
            import_id,
            stored=stored,
            file_name=sent[0].filename or "",
            stream=stream,
            period=period,
        )
        bus.wake(session, jobs.run_imports)
        response.headers["Location"] = f"/reporting/api/v1/imports/{import_id}"
        return status(session, sim_imports.find(session, caller, import_id))


@router.get("")
def list_imports(
    caller: Staff, session: Transaction, q: Words = "", after: UUID | None = None
) -> ImportList:
    """Imports of the caller's region, newest first, without counts."""
    rows, following = sim_imports.page(session, caller, q, after)
    return ImportList(items=[_item(job) for job in rows], next=following)


@router.get("/{import_id}")
def show_import(import_id: UUID, caller: Staff, session: Transaction) -> ImportStatus:
    """How far it is; `done` also when a step has ended and the next one waits for a decision."""
    return status(session, sim_imports.find(session, caller, import_id))


@router.get("/{import_id}/rows")
def list_rows(
    import_id: UUID,
    caller: Staff,
    session: Transaction,
    kind: RowKind = "good",
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> RowItems:
    """Rows that are right, of them those to see (`noted`) or here already (`known`), or `bad`."""
    job = sim_imports.find(session, caller, import_id)
    rows, following = sim_imports.rows_page(session, job, kind, after)
    return RowItems(items=[RowItem.model_validate(row) for row in rows], next=following)


@router.get("/{import_id}/places")
def list_places(
    import_id: UUID,
    caller: Staff,
    session: Transaction,
    state: PlaceStatus = "open",
    after: Annotated[str, Query(max_length=600)] = "",
) -> PlaceItems:
    """Libraries as the file names them; of those that are `open` with whom may be meant."""
    job = sim_imports.find(session, caller, import_id)
    places, following = library_matching.page(session, job, after, (state,))
    items = [PlaceItem.model_validate(place) for place in places]
    if state == "open":
        for item, place in zip(items, places, strict=True):
            found = library_matching.candidates(session, caller, place)
            item.candidates = [CandidateItem.model_validate(one) for one in found]
    return PlaceItems(items=items, next=following or None)


@router.post("/{import_id}/places", responses=NotNow)
def decide(
    import_id: UUID, told: PlaceDecision, caller: Staff, session: Transaction
) -> ImportStatus:
    """Say whose a name in the file is, for this file and all later ones."""
    job = sim_imports.find(session, caller, import_id)
    sim_imports.decide(session, caller, job, told.key, told.library_id)
    bus.wake(session, jobs.compare_imports)
    return status(session, job)


@router.post("/{import_id}/take", status_code=202, responses=NotNow)
def take(
    import_id: UUID, caller: Staff, session: Transaction, *, twins: bool = False
) -> ImportStatus:
    """Take over what is right and known to be whose; what the file says twice only with `twins`."""
    job = sim_imports.find(session, caller, import_id)
    sim_imports.take(session, job, twins=twins)
    bus.wake(session, jobs.run_imports)
    return status(session, job)


@router.post(
    "/{import_id}/undo",
    status_code=202,
    responses={409: {"description": "`not-ready` or `nothing-to-undo`"}},
)
def undo(import_id: UUID, caller: Staff, session: Transaction) -> ImportStatus:
    """Take back what it brought, within a week; `kept` tells what is left in the end, and why."""
    job = sim_imports.find(session, caller, import_id)
    sim_imports.undo(session, caller, job, datetime.now(UTC))
    bus.wake(session, jobs.run_imports)
    return status(session, job)


@router.post("/{import_id}/resume", status_code=202, responses=NotNow)
def resume(import_id: UUID, caller: Staff, session: Transaction) -> ImportStatus:
    """Go on with one that failed in a way that is not its file's fault."""
    job = sim_imports.find(session, caller, import_id)
    sim_imports.resume(session, job)
    bus.wake(session, jobs.run_imports)
    return status(session, job)


@router.post("/{import_id}/cancel")
def cancel(import_id: UUID, caller: Staff, session: Transaction) -> ImportStatus:
    """Stop; what was taken stays, and can be undone. One that has ended stays as it is."""
    job = sim_imports.find(session, caller, import_id)
    sim_imports.cancel(session, job)
    return status(session, sim_imports.find(session, caller, import_id))


def status(session: Session, job: SimImport) -> ImportStatus:
    """An import with its counts, which take their time and are left out while rows change."""
    found = _item(job)
    if job.state not in RUNNING:
        found.counts = RowCounts.model_validate(sim_imports.counts(session, job))
    return found


def _item(job: SimImport) -> ImportStatus:
    begun = job.done or job.lease_until
    running = "running" if begun else "queued"
    code = job.error.partition(":")[0]
    return ImportStatus.model_validate(
        {
            "id": job.id,
            "status": running if job.state in RUNNING else _ENDED.get(job.state, "done"),
            "step": job.state,
            "done": job.done,
            "total": job.total,
            "rows": job.rows,
            "file_name": job.file_name,
            "stream": job.stream,
            "period": job.period,
            "kept": job.kept,
            "error": pages.bilingual(import_words.UNREADABLE[code]) if code else None,
            "created_at": job.created_at,
        }
    )


def _problem(code: int, name: str) -> Problem:
    return Problem(code, name, pages.bilingual(import_words.REFUSALS[name]))


def _refused(refusal: Refused) -> Problem:
    sentence = import_words.REFUSED.get(refusal.code, refusal.sentence)
    return Problem(422, refusal.code, pages.bilingual(sentence))


REFUSED: Refusals = {
    ImportNotFound: lambda _: status_problem(404),
    NoSuchPlace: lambda _: status_problem(404),
    NotReady: lambda _: _problem(409, "not-ready"),
    TooManyImports: lambda _: _problem(409, "too-many-imports"),
    NothingToUndo: lambda _: _problem(409, "nothing-to-undo"),
    BadUpload: lambda bad: _problem(422, str(bad)),
    Refused: _refused,
}
