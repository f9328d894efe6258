"""The engine of imports: one worker takes one due job, reads or takes its rows, batch by batch.

A claim takes a lease, and the moment until which it runs is the claim's mark: every later write
names it and moves it on. A worker that slept through its lease, while another took over, finds
that nothing it says is heard. Each batch is committed with its progress, so whoever comes next
goes on behind it; only the rows of one batch can be taken twice, and a row taken twice is one.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

import structlog
from sqlalchemy import Row, insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.registration import imports, spreadsheets
from services.registration.desk_words import FAULTS
from services.registration.imports import KINDS, Fault, Kind, Task
from services.registration.models import ImportRow, Meeting
from services.registration.resources import database, files
from services.registration.spreadsheets import Sheet, Unreadable
from shared.bus.queues import TooSlow
from shared.leases import Claim, Overtaken
from shared.security import Caller

log = structlog.get_logger()

LEASE_S = 20  # with the clock's 15 s, a killed worker's import goes on within 35
SLICE_S = 25  # then another job may have the worker; Celery ends a task after 50
READ_BATCH = 500
TAKE_BATCH = 50

_CLAIM = text("""
    WITH due AS (
        SELECT id FROM import_job
        WHERE state IN ('reading', 'taking') AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY lease_until NULLS FIRST, created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE import_job SET lease_until = now() + make_interval(secs => :lease)
    FROM due WHERE import_job.id = due.id RETURNING import_job.*""")

# Nothing but a file that kills its readers is still being read after an hour.
_GIVE_UP = text("""
    UPDATE import_job SET state = 'failed', error = 'damaged', finished_at = now()
    WHERE state = 'reading' AND lease_until <= now() AND created_at < now() - interval '1 hour'
    RETURNING *""")

# The condition that every later write carries: in the same state, and still under this lease.
_HELD = "WHERE id = :id AND state = :state AND lease_until = :mark"

_RENEW = text(f"""
    UPDATE import_job SET lease_until = now() + make_interval(secs => :lease),
        done = coalesce(:done, done), total = coalesce(:total, total)
    {_HELD} RETURNING lease_until""")

_RELEASE = text(f"UPDATE import_job SET lease_until = now() {_HELD} RETURNING lease_until")

_END = text(f"""
    UPDATE import_job SET state = :next, error = :error, lease_until = NULL,
        finished_at = CASE WHEN :next = 'ready' THEN NULL ELSE now() END
    {_HELD} RETURNING *""")

_WAITING_ROWS = text("""
    SELECT number, values FROM import_row
    WHERE job_id = :id AND chosen AND errors = '[]' AND outcome = ''
    ORDER BY number LIMIT :limit""")

_TAKEN_ROWS = text("""
    SELECT count(*) FROM import_row
    WHERE job_id = :id AND chosen AND errors = '[]' AND outcome <> ''""")

_OUTCOMES = text("""
    UPDATE import_row SET outcome = told.outcome
    FROM unnest(CAST(:numbers AS int[]), CAST(:outcomes AS text[])) AS told(number, outcome)
    WHERE job_id = :id AND import_row.number = told.number""")


def claim(session: Session) -> Claim | None:
    """Take the job that has waited longest: new, released, or left behind by a dead worker."""
    for job in session.execute(_GIVE_UP).all():
        log.error("import.gave_up", job=str(job.id))
        imports.say_end(session, job)
    row = session.execute(_CLAIM, {"lease": LEASE_S}).first()
    return None if row is None else Claim(row, row.lease_until)


def work(held: Claim) -> bool:
    """Bring a claimed job on for one slice; whether something is left of it."""
    job = str(held.row.id)
    try:
        with database.sessions.begin() as session:
            task = _task(session, held.row)
        if held.row.state == "reading":
            _read(held, task)
            return False
        return _take(held, task)
    except Overtaken:
        log.info("import.overtaken", job=job)
    except Unreadable as refusal:
        error = ":".join((refusal.code, ", ".join(refusal.columns)))
        _end(held, "failed", error.rstrip(":"))
    except (OperationalError, TooSlow):
        log.exception("import.interrupted", job=job)  # the lease brings it back
    except Exception:
        # It would be the same the next time. What was taken stays, and the page offers to go on.
        log.exception("import.error", job=job)
        _end(held, "failed", f"unexpected:{held.row.state}")
    return False


def _read(held: Claim, task: Task) -> None:
    """Judge every row; those that an earlier worker has stored already are left as they are."""
    kind = KINDS[held.row.kind]
    path = files.path(held.row.stored)
    sheet = spreadsheets.read(path.read_bytes(), path.suffix[1:], kind.columns)
    with database.sessions.begin() as session:
        stored = select(ImportRow.number, ImportRow.values).where(ImportRow.job_id == held.row.id)
        rows = session.execute(stored.order_by(ImportRow.number.desc())).all()
        mark = _renew(session, held, total=len(sheet.rows))
    held.mark = mark
    last = rows[0].number if rows else 0
    seen = {row.values["same"]: row.number for row in rows if row.values["same"]}
    done = sum(number <= last for number, _cells in sheet.rows)
    for batch in _batches([row for row in sheet.rows if row[0] > last], READ_BATCH):
        judged = [_judged(kind, task, sheet, seen, number, cells) for number, cells in batch]
        done += len(judged)
        with database.sessions.begin() as session:
            mark = _renew(session, held, done=done)
            session.execute(insert(ImportRow), judged)
        held.mark = mark
    _end(held, "ready")


def _judged(  # noqa: PLR0913, PLR0917 - a row, and all that it is judged by
    kind: Kind,
    task: Task,
    sheet: Sheet,
    seen: dict[str, int],
    number: int,
    cells: Mapping[str, str],
) -> dict[str, Any]:
    parsed = kind.parse_row(task, cells)
    faults = list(parsed.faults)
    first = seen.setdefault(parsed.same, number) if parsed.same else number
    if first != number:
        faults.append(Fault(kind.columns[0].key, FAULTS["same-row"], {"number": str(first)}))
    return {
        "job_id": task.id,
        "number": number,
        "values": {"cells": dict(cells), "fields": parsed.fields, "same": parsed.same},
        "errors": [_error(kind, sheet, fault) for fault in faults],
    }


def _error(kind: Kind, sheet: Sheet, fault: Fault) -> dict[str, str]:
    titles = {column.key: column.title for column in kind.columns}
    heading = sheet.headings.get(fault.column)
    return {
        "column": heading.label if heading else titles.get(fault.column, ""),
        "message": imports.told(fault, "id"),
        "message_en": imports.told(fault, "en"),
    }


def _take(held: Claim, task: Task) -> bool:
    """Take chosen rows, as many as fit into a slice; whether there are more."""
    kind = KINDS[held.row.kind]
    until = time.monotonic() + SLICE_S
    with database.autocommit() as connection:
        while rows := connection.execute(_WAITING_ROWS, {"id": task.id, "limit": TAKE_BATCH}).all():
            outcomes = [kind.take_row(connection, task, row.values["fields"]) for row in rows]
            told = {"numbers": [row.number for row in rows], "outcomes": outcomes}
            _tell(held, told)
            if time.monotonic() > until:
                connection.execute(_RELEASE, held.key)
                return True
    _end(held, "done")
    return False


def _tell(held: Claim, told: Mapping[str, Any]) -> None:
    """Write what became of a batch, and renew the lease with it."""
    with database.sessions.begin() as session:
        session.execute(_OUTCOMES, {"id": held.row.id, **told})
        done = session.execute(_TAKEN_ROWS, {"id": held.row.id}).scalar_one()
        mark = _renew(session, held, done=done)
    held.mark = mark  # now that it has committed


def _renew(
    session: Session, held: Claim, *, done: int | None = None, total: int | None = None
) -> datetime:
    """Keep the lease, and say how far it is. Raises `Overtaken` when it is not held any more."""
    values = {"lease": LEASE_S, "done": done, "total": total}
    mark: datetime | None = session.execute(_RENEW, held.key | values).scalar()
    if mark is None:
        raise Overtaken
    return mark


def _end(held: Claim, state: str, error: str = "") -> None:
    """Write the end down and say it, both or neither; whoever was overtaken says nothing."""
    with database.sessions.begin() as session:
        job = session.execute(_END, held.key | {"next": state, "error": error}).first()
        if job is None:
            return
        imports.say_end(session, job)
    log.info("import.ended", job=str(job.id), state=state, error=error)


def _task(session: Session, row: Row[Any]) -> Task:
    """The job as its kind sees it, through the eyes of whoever ordered it."""
    caller = Caller(row.role, row.account_name, row.account, row.region_code)
    meeting: Row[Any] | None = None
    if row.meeting_id:
        query = select(Meeting.__table__).where(Meeting.id == row.meeting_id)
        meeting = session.execute(query).one()
    return Task(row.id, caller, meeting, row.created_at)


def _batches(rows: Iterable[Any], size: int) -> Iterable[list[Any]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, size)):
        yield batch
