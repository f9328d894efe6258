"""Spreadsheets that become rows: the kinds there are, and the jobs that people order.

    reading -> ready -> taking -> done | failed | cancelled

A kind (registrations, libraries, people) says which columns a sheet has, what one row of it means
and how such a row is taken. Everything else is the same for all kinds; `importing.py` is the
engine, `pages/imports.py` shows it. A noun adds its kind at import time,

    imports.add(Kind("libraries", COLUMNS, parse_row, take_row, OUTCOMES))

and `jobs.py` imports that noun, so that workers know it too. The upload page of a kind without a
meeting is `/registration/imports/new/<kind>`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import audit
from services.registration.audit import Change
from services.registration.models import ImportJob, ImportRow
from services.registration.resources import bus
from services.registration.settings import settings
from shared.documents.common import clean
from shared.events import ImportFinished, Language
from shared.security import Caller, in_scope
from shared.web.errors import FALLBACK, MESSAGES
from shared.web.languages import LOCALE, translations

PAGE = 20  # jobs
ROWS_PAGE = 80  # a form that ticks them all stays under a hundred fields
MOST_ROWS = 5000  # in one sheet
KEEP = timedelta(days=30)  # then the rows, which are people, are forgotten with the job


class ImportNotFound(LookupError):
    """No import has this id, or none that the caller may see."""


class NotReady(Exception):
    """The import is in another state than this step needs."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the template. `title` and `also` are found whatever their case and spacing."""

    key: str
    title: str
    explanation: str
    example: str = ""
    also: tuple[str, ...] = ()
    required: bool = False  # a sheet without this column cannot be read


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell. `text` is marked for the catalogue; `values` go into its braces.

    An empty `column` means the row as a whole.
    """

    column: str
    text: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row that was looked at. `fields` go to `take_row` as JSON brings them back.

    Of two rows of one sheet that are the `same`, the second is a mistake; empty is never the same.
    """

    fields: dict[str, Any]
    faults: tuple[Fault, ...] = ()
    same: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A job as a kind sees it: in whose scope, and for which meeting, if it is for one."""

    id: UUID
    caller: Caller
    meeting: Any  # a row of it, or None
    created_at: datetime


ParseRow = Callable[[Task, Mapping[str, str]], Parsed]
"""Judges one row, given as text by column key, "" where empty. Asks no database."""

TakeRow = Callable[[Connection, Task, dict[str, Any]], str]
"""Takes one good row and returns its outcome, a key of `Kind.outcomes`.

The connection commits each statement. A worker may die right after it: the same row taken again
must change nothing, and neither must the same row of another file.
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be imported. `outcomes` are texts by code, "taken" first."""

    name: str
    columns: tuple[Column, ...]
    parse_row: ParseRow
    take_row: TakeRow
    outcomes: Mapping[str, str]
    codes: Callable[[Task], Sequence[tuple[str, str, str]]] = lambda _: ()
    """For the template's second sheet: (column title, what may stand there, what it means)."""


KINDS: dict[str, Kind] = {}


def add(kind: Kind) -> None:
    """Make a kind known."""
    KINDS[kind.name] = kind


@cache
def english() -> Callable[[str], str]:
    """English of the texts that faults carry."""
    return translations("en", (LOCALE, Path(__file__).with_name("locale"))).gettext


def told(fault: Fault, language: Language) -> str:
    """A fault as a sentence."""
    sentence = english()(fault.text) if language == "en" else fault.text
    return sentence.format(**fault.values)


def faults_of(error: ValidationError, empty: Mapping[str, str] | None = None) -> tuple[Fault, ...]:
    """What pydantic found, one fault a field; `empty` has texts for fields that are missing."""
    found: dict[str, Fault] = {}
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else ""
        missing = not str(item.get("input") or "").strip()
        sentence = MESSAGES.get(item["type"], FALLBACK)
        if missing and empty and name in empty:
            sentence = empty[name]
        limits = {"max_length": str((item.get("ctx") or {}).get("max_length", ""))}
        found.setdefault(name, Fault(name, sentence, limits))
    return tuple(found.values())


def order(  # noqa: PLR0913 - what an order says
    session: Session,
    caller: Caller,
    kind: Kind,
    *,
    meeting: Any,
    file_name: str,
    stored: str,
    job_id: UUID | None = None,
) -> UUID:
    """Have a stored sheet read; ordered twice with one id, it is one job. `jobs` must be woken."""
    values = {
        "id": job_id or uuid7(),
        "kind": kind.name,
        "meeting_id": meeting.id if meeting else None,
        "account": caller.subject,
        "account_name": caller.name,
        "role": caller.role,
        "region_code": caller.region_code,
        "file_name": " ".join(clean(file_name).split())[:200],
        "stored": stored,
    }
    added = insert(ImportJob).values(values).on_conflict_do_nothing().returning(ImportJob)
    job = session.scalars(added).one_or_none()
    if job:
        _log(session, caller, job, "import_ordered")
    return UUID(str(values["id"]))


def find(session: Session, caller: Caller, job_id: UUID) -> ImportJob:
    """One job of the caller's region. Raises `ImportNotFound`."""
    query = select(ImportJob).where(ImportJob.id == job_id, in_scope(ImportJob.region_code, caller))
    job = session.scalars(query.execution_options(populate_existing=True)).first()
    if job is None:
        raise ImportNotFound(job_id)
    return job


def page(
    session: Session,
    caller: Caller,
    kind: Kind,
    meeting_id: UUID | None,
    after: UUID | None = None,
) -> tuple[list[ImportJob], UUID | None]:
    """Jobs of the caller's region, newest first, and the id after which the next page begins."""
    query = select(ImportJob).where(
        ImportJob.kind == kind.name,
        ImportJob.meeting_id.is_not_distinct_from(meeting_id),
        in_scope(ImportJob.region_code, caller),
    )
    if after:
        query = query.where(ImportJob.id < after)
    rows = list(session.scalars(query.order_by(ImportJob.id.desc()).limit(PAGE + 1)))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


_COUNTS = text("""
    SELECT count(*) AS rows, count(*) FILTER (WHERE errors = '[]') AS good,
           count(*) FILTER (WHERE errors <> '[]') AS bad,
           count(*) FILTER (WHERE errors = '[]' AND chosen) AS chosen
    FROM import_row WHERE job_id = :id""")

_OUTCOMES = text("""
    SELECT outcome, count(*) AS rows FROM import_row
    WHERE job_id = :id AND outcome <> '' GROUP BY outcome ORDER BY count(*) DESC, outcome""")

# Whatever a kind calls its refusals: what is neither of these was refused.
_ENDS = text("""
    SELECT count(*) FILTER (WHERE outcome = 'taken') AS taken,
           count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
           count(*) FILTER (WHERE outcome = 'completed') AS completed,
           count(*) FILTER (WHERE outcome = 'already') AS already,
           count(*) FILTER (WHERE outcome NOT IN ('', 'taken', 'waiting', 'completed', 'already'))
               AS refused,
           count(*) FILTER (WHERE errors <> '[]') AS faulty
    FROM import_row WHERE job_id = :id""")


def counts(session: Session, job: ImportJob) -> Row[Any]:
    """How many rows a job has, and of what sort."""
    return session.execute(_COUNTS, {"id": job.id}).one()


def outcomes(session: Session, job: ImportJob) -> dict[str, int]:
    """How many rows came to which end."""
    rows = session.execute(_OUTCOMES, {"id": job.id})
    return {row.outcome: row.rows for row in rows}


def rows_page(
    session: Session, job: ImportJob, *, good: bool, after: int = 0, limit: int = ROWS_PAGE
) -> tuple[list[ImportRow], int | None]:
    """Good or bad rows by their number, and the number after which the next page begins."""
    right = ImportRow.errors == []
    query = (
        select(ImportRow)
        .where(ImportRow.job_id == job.id, ImportRow.number > after, right if good else ~right)
        .order_by(ImportRow.number)
        .limit(limit + 1)
    )
    rows = list(session.scalars(query))
    return rows[:limit], rows[limit - 1].number if len(rows) > limit else None


def choose(session: Session, job: ImportJob, shown: Sequence[int], chosen: Sequence[int]) -> None:
    """Of the rows that were shown, take only these. Raises `NotReady`."""
    _must_be(session, job, "ready")
    session.execute(
        update(ImportRow)
        .where(ImportRow.job_id == job.id, ImportRow.number.in_(shown))
        .values(chosen=ImportRow.number.in_(chosen))
    )


def take(session: Session, caller: Caller, job: ImportJob, *, every: bool) -> None:
    """Begin to take the good rows, all or those chosen; `jobs` must be woken. Raises `NotReady`."""
    _must_be(session, job, "ready")
    rows = update(ImportRow).where(ImportRow.job_id == job.id)
    if every:
        session.execute(rows.values(chosen=True))
    job.state, job.done, job.lease_until = "taking", 0, None
    job.total = counts(session, job).chosen
    _log(session, caller, job, "import_taken")


def may_resume(job: ImportJob) -> bool:
    """Whether it failed in a way that is not its sheet's fault."""
    return job.state == "failed" and job.error.partition(":")[0] == "unexpected"


def resume(session: Session, caller: Caller, job: ImportJob) -> None:
    """Go on with a job that failed, in the state in which it did. Raises `NotReady`.

    Reading goes on behind the rows that are stored; it takes none that nobody has looked at.
    """
    _must_be(session, job, "failed")
    if not may_resume(job):
        raise NotReady(job.state)
    job.state = "taking" if job.error == "unexpected:taking" else "reading"
    job.error, job.finished_at, job.lease_until = "", None, None
    _log(session, caller, job, "import_resumed")


def cancel(session: Session, caller: Caller, job: ImportJob) -> None:
    """Stop; what was taken stays. A job that has ended stays as it is."""
    stopped = session.execute(
        update(ImportJob)
        .where(ImportJob.id == job.id, ImportJob.state.in_(("reading", "ready", "taking")))
        .values(state="cancelled", finished_at=func.now(), lease_until=None)
        .returning(ImportJob.id)
    ).first()
    if stopped:
        _log(session, caller, job, "import_cancelled")


def say_end(session: Session, job: Row[Any]) -> None:
    """Tell whoever ordered it that it is done or has failed; nothing of one that goes on."""
    if job.state not in {"done", "failed"}:
        return
    ends = session.execute(_ENDS, {"id": job.id}).one()
    told = ImportFinished(
        import_id=job.id,
        kind=job.kind,
        requested_by=job.account,
        region_code=job.region_code,
        file_name=job.file_name,
        state=job.state,
        link=f"{settings().base_url}/registration/imports/{job.id}",
        **ends._asdict(),
    )
    bus.publish(session, told)


def purge(session: Session) -> None:
    """Forget jobs after their time, with their rows; a file that no row names goes in the sweep."""
    session.execute(delete(ImportJob).where(ImportJob.created_at < func.now() - KEEP))


def _must_be(session: Session, job: ImportJob, state: str) -> None:
    session.refresh(job, with_for_update=True)
    if job.state != state:
        raise NotReady(job.state)


def _log(session: Session, caller: Caller, job: ImportJob, action: str) -> None:
    after = {"kind": job.kind, "file": job.file_name, "rows": job.total}
    change = Change("import", str(job.id), job.region_code, after=after)
    audit.record(session, caller, action, change)
