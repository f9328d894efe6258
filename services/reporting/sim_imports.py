"""Imports from SIM TPBIS as people see them: ordered, looked at, taken over, undone.

    reading -> ready -> taking -> done -> undoing -> undone | failed | cancelled

`sim_importing` is the engine.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.reporting import drafts, library_matching, sim_known, sim_twins, sim_undoing
from services.reporting.models import SimImport, SimPlace, SimRow
from services.reporting.resources import bus, import_files
from services.reporting.settings import settings
from shared.documents.common import clean
from shared.events import ImportFinished
from shared.limits import Limit
from shared.security import Caller, in_scope

PAGE = 20  # imports
ROWS_PAGE = 50
UNDO = timedelta(days=7)
KEEP = timedelta(days=90)  # then the file's rows are forgotten; what was taken stays
YOUNG = timedelta(hours=2)
OPEN = ("reading", "ready", "taking")
MOST_OPEN = 10  # of one account: the streams of a year, and some to spare
HANDED_IN = Limit("imports", 60, 3600)  # files of one account


class ImportNotFound(LookupError):
    """No import has this id, or none that the caller may see."""


class TooManyImports(Exception):
    """The account has as many that are not ended as one may have."""


class NotReady(Exception):
    """The import is in another state than this step needs."""


class NothingToUndo(Exception):
    """Of what it brought, nothing is the caller's to take back; `sim_undoing` tells why."""


def order(  # noqa: PLR0913 - what an order says
    session: Session,
    caller: Caller,
    import_id: UUID,
    *,
    stored: str,
    file_name: str,
    stream: str,
    period: str = "",
) -> None:
    """Have a stored file read; ordered twice with one id, it is one. `jobs` must be woken.

    Raises `TooManyImports`.
    """
    _room_for(session, caller, import_id)
    values = {
        "id": import_id,
        "account": caller.subject,
        "name": caller.name,
        "role": caller.role,
        "region_code": caller.region_code,
        "file_name": " ".join(clean(file_name).split())[:200],
        "stored": stored,
        "stream": stream,
        "period": period,
    }
    session.execute(insert(SimImport).values(values).on_conflict_do_nothing())


def is_period(typed: str, today: date) -> bool:
    """Whether it is a month, as 2026-02, in which there can be reports already."""
    try:
        month = date.fromisoformat(f"{typed}-01")
    except ValueError:
        return False
    return drafts.FIRST_DAY <= month <= today


def _room_for(session: Session, caller: Caller, import_id: UUID) -> None:
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"imports {caller.subject}", 0))
    session.execute(select(lock))  # or two at once would both find room for one
    others = select(func.count()).where(
        SimImport.account == caller.subject,
        SimImport.state.in_((*OPEN, "undoing")),
        SimImport.id != import_id,
    )
    if session.scalars(others).one() >= MOST_OPEN:
        raise TooManyImports


def find(session: Session, caller: Caller, import_id: UUID) -> SimImport:
    """One import of the caller's region. Raises `ImportNotFound`."""
    query = select(SimImport).where(
        SimImport.id == import_id, in_scope(SimImport.region_code, caller)
    )
    job = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if job is None:
        raise ImportNotFound(import_id)
    return job


def page(
    session: Session, caller: Caller, words: str = "", after: UUID | None = None
) -> tuple[list[SimImport], UUID | None]:
    """Imports of the caller's region, newest first, and where the next page begins."""
    query = select(SimImport).where(in_scope(SimImport.region_code, caller))
    if words:
        query = query.where(SimImport.file_name.icontains(words, autoescape=True))
    if after:
        query = query.where(SimImport.id < after)
    rows = list(session.scalars(query.order_by(SimImport.id.desc()).limit(PAGE + 1)))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


# By key, row for row (OFFSET 0): while a file is read, the planner does not know how large it is.
_COUNTS = text(f"""
    SELECT count(*) AS rows, count(*) FILTER (WHERE errors <> '{{}}') AS bad,
        count(*) FILTER (WHERE errors = '{{}}' AND notes <> '{{}}') AS noted,
        count(*) FILTER (WHERE errors = '{{}}' AND status = 'open') AS open,
        count(*) FILTER (WHERE errors = '{{}}' AND status <> 'open' AND outcome = ''
            AND NOT ({sim_twins.LEFT_OUT})) AS waiting,
        count(*) FILTER (WHERE errors = '{{}}' AND status <> 'open' AND outcome = ''
            AND {sim_twins.LEFT_OUT}) AS twins,
        count(*) FILTER (WHERE status <> 'open' AND outcome = '' AND known) AS known,
        count(*) FILTER (WHERE errors = '{{}}' AND NOT compared AND outcome = '' AND known IS NULL)
            AS comparing,
        count(*) FILTER (WHERE outcome = 'taken') AS taken,
        count(*) FILTER (WHERE outcome = 'already') AS already,
        count(*) FILTER (WHERE errors = '{{}}' AND status = 'not_ours') AS not_ours,
        count(*) FILTER (WHERE errors = '{{}}' AND report -> 'stage' = '1') AS verified
    FROM sim_row LEFT JOIN LATERAL (
        SELECT status, compared FROM sim_place
        WHERE import_id = sim_row.import_id AND key = sim_row.place_key OFFSET 0) AS place ON true
    WHERE sim_row.import_id = :id""")


def counts(session: Session, job: SimImport) -> Row[Any]:
    """How many rows an import has, and of what sort."""
    return session.execute(_COUNTS, {"id": job.id}).one()


def say_end(session: Session, import_id: UUID) -> None:
    """Tell whoever ordered it that it is done or has failed."""
    job = session.get_one(SimImport, import_id)
    found = counts(session, job)
    told = ImportFinished(
        import_id=job.id,
        kind="activities",
        requested_by=job.account,
        region_code=job.region_code,
        file_name=job.file_name,
        state="done" if job.state == "done" else "failed",
        taken=found.taken,
        waiting=0,
        completed=0,
        already=found.already + found.twins,  # here by the rows that they repeat
        refused=found.not_ours + found.open,
        faulty=found.bad,
        link=f"{settings().base_url}/reporting/imports/{job.id}",
    )
    bus.publish(session, told)


def rows_page(
    session: Session, job: SimImport, kind: str, after: int = 0, limit: int = ROWS_PAGE
) -> tuple[list[SimRow], int | None]:
    """Rows that are `bad`, `noted`, `known` or `good`, and after which the next page begins."""
    bad, noted = SimRow.errors != {}, SimRow.notes != {}
    known = SimRow.known.is_(True) & (SimRow.outcome == "") | (SimRow.outcome == "already")
    of_kind = {"bad": bad, "noted": ~bad & noted, "known": known, "good": ~bad}[kind]
    query = select(SimRow).where(SimRow.import_id == job.id, SimRow.number > after, of_kind)
    rows = list(session.scalars(query.order_by(SimRow.number).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].number if len(rows) > limit else None


def decide(
    session: Session, caller: Caller, job: SimImport, key: str, library_id: UUID | None
) -> None:
    """Say whose a name in the file is; what is taken over already stays where it is.

    What is here of its rows is found by the `jobs`, which must be woken. Raises `NotReady`, and
    what `library_matching.confirm` raises.
    """
    _must_be(session, job, "ready", "done")
    library_matching.confirm(session, caller, job, key, library_id)
    session.flush()
    sim_known.look_again(session, job.id, key)


def places_of(session: Session, job: SimImport, rows: Iterable[SimRow]) -> dict[str, SimPlace]:
    """Whose these rows are, by the key of their place."""
    query = select(SimPlace).where(
        SimPlace.import_id == job.id, SimPlace.key.in_({row.place_key for row in rows})
    )
    return {place.key: place for place in session.scalars(query)}


def place_counts(session: Session, job: SimImport) -> dict[str, int]:
    """How many libraries the file names, by the status of each."""
    query = select(SimPlace.status, func.count()).where(SimPlace.import_id == job.id)
    return dict(session.execute(query.group_by(SimPlace.status)).all())


def rows_by_place(session: Session, job: SimImport, keys: Iterable[str]) -> dict[str, int]:
    """How many good rows each of these libraries has in the file."""
    query = select(SimRow.place_key, func.count()).where(
        SimRow.import_id == job.id, SimRow.place_key.in_(set(keys)), SimRow.errors == {}
    )
    return dict(session.execute(query.group_by(SimRow.place_key)).all())


def take(session: Session, job: SimImport, *, twins: bool = False) -> None:
    """Take over what is right and known to be whose; again, once more is known.

    What the file says twice is left out but with `twins`. Raises `NotReady`. `jobs` must be woken.
    """
    _must_be(session, job, "ready", "done")
    found = counts(session, job)
    job.total, job.done, job.with_twins = found.waiting + twins * found.twins, 0, twins
    job.state, job.lease_until, job.finished_at = "taking", None, None
    job.taken_at = job.taken_at or func.now()


def may_undo(job: SimImport, now: Any) -> bool:
    """Whether what it brought may still be taken back."""
    return job.state == "done" and bool(job.taken_at) and now - job.taken_at < UNDO


def undo(session: Session, caller: Caller, job: SimImport, now: Any) -> None:
    """Take back what it brought, as far as the caller may delete it and nobody has corrected it.

    Raises `NotReady` and `NothingToUndo`. `jobs` must be woken.
    """
    _must_be(session, job, "done")
    if not may_undo(job, now):
        raise NotReady(job.state)
    outlook = sim_undoing.outlook(session, job, caller)
    if not outlook.get(""):
        raise NothingToUndo
    sim_undoing.entrust(job, caller)
    job.total, job.done = sum(outlook.values()), 0
    job.state, job.lease_until, job.finished_at = "undoing", None, None


def may_resume(job: SimImport) -> bool:
    """Whether it failed in a way that is not its file's fault."""
    return job.state == "failed" and job.error.partition(":")[0] in {"unexpected", "gave-up"}


def resume(session: Session, job: SimImport) -> None:
    """Go on with one that failed, in the state in which it did. Raises `NotReady`."""
    _must_be(session, job, "failed")
    if not may_resume(job):
        raise NotReady(job.state)
    state = job.error.partition(":")[2]
    job.state, job.error, job.lease_until, job.finished_at = state, "", None, None


def cancel(session: Session, job: SimImport) -> None:
    """Stop; what was taken stays, and can be undone. One that has ended stays as it is."""
    begun = job.taken_at is not None
    session.execute(
        update(SimImport)
        .where(SimImport.id == job.id, SimImport.state.in_(OPEN))
        .values(state="done" if begun else "cancelled", finished_at=func.now(), lease_until=None)
    )


def purge(session: Session) -> None:
    """Forget the rows of files after their time."""
    session.execute(delete(SimImport).where(SimImport.created_at < func.now() - KEEP))


def sweep(session: Session) -> int:
    """Delete the files that no import names; returns how many."""
    named = set(session.scalars(select(SimImport.stored)))
    loose = [name for name in import_files.names(older_than=YOUNG) if name not in named]
    return sum(import_files.delete(name, older_than=YOUNG) for name in loose)


def _must_be(session: Session, job: SimImport, *states: str) -> None:
    session.refresh(job, with_for_update=True)
    if job.state not in states:
        raise NotReady(job.state)
