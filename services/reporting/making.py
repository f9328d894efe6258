"""The engine: one worker takes one due report, makes its file, and says so, or another does.

    queued -> running -> done | failed | cancelled
       ^---------|  after an error, a little later each time

A claim raises `attempt` and takes a lease; a thread and every `progress` renew it. Whatever is
written afterwards names the attempt, so a worker that was stopped for longer than its lease, while
another took over, finds that nothing it says is heard: its file is never renamed, its row never
touched. The file has its own name per attempt and becomes visible only together with the row.
"""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Connection, Row, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.reporting import reports
from services.reporting.documents.common import Cancelled
from services.reporting.pieces import Pieces
from services.reporting.report_contents import Content, Work
from services.reporting.report_kinds import OUT_OF_SCOPE
from services.reporting.reports import say_end
from services.reporting.resources import database
from services.reporting.settings import settings
from shared.tracing import span

log = structlog.get_logger()

LEASE_S = 20  # with the sweep's 15 s, a killed worker's report goes on within 35
BEAT_S = 5
TRIES = 5
# A worker that dies is mostly not the fault of what it was making; only who kills ten is.
DEATHS = 10
RETRY_S = 5  # after the first error; doubles
PACE_S = 0.1

_GIVE_UP = text("""
    UPDATE report_job SET status = 'failed', error = 'gave-up', finished_at = now()
    WHERE status = 'running' AND lease_until <= now() AND attempt >= :deaths
    RETURNING report_job.*""")

# Who had a turn longest ago is next: a hundred reports of one account cost another one report's
# time, with one worker as with many.
_CLAIM = text("""
    WITH due AS (
        SELECT id FROM report_job AS job
        WHERE status IN ('queued', 'running') AND lease_until <= now()
        ORDER BY (
            SELECT max(started_at) FROM report_job WHERE requested_by = job.requested_by
        ) NULLS FIRST, id
        LIMIT 1 FOR UPDATE OF job SKIP LOCKED
    )
    UPDATE report_job SET status = 'running', attempt = attempt + 1, done = 0, started_at = now(),
        lease_until = now() + make_interval(secs => :lease)
    FROM due WHERE report_job.id = due.id RETURNING report_job.*""")

# The condition that every later write carries: still running, and still under this attempt.
_HELD = "WHERE id = :id AND status = 'running' AND attempt = :attempt"

_RENEW = text(f"""
    UPDATE report_job SET lease_until = now() + make_interval(secs => :lease),
        done = coalesce(:done, done), total = coalesce(:total, total)
    {_HELD}""")

_FINISH = text(f"""
    UPDATE report_job SET status = 'done', finished_at = now(), error = NULL,
        done = :row_count, total = :row_count, row_count = :row_count, dedupe_key = :dedupe_key,
        made_at = coalesce(:made_at, now()), file = :file, bytes = :bytes, sha256 = :sha256
    {_HELD} RETURNING report_job.*""")

_FAIL = text(f"""
    UPDATE report_job SET status = 'failed', error = :error, finished_at = now()
    {_HELD} RETURNING report_job.*""")

_RELEASE = text(f"""
    UPDATE report_job SET
        lease_until = now() + make_interval(secs => :retry * power(2, attempt - 1)),
        status = CASE WHEN attempt < :tries THEN 'queued' ELSE 'failed' END,
        error = CASE WHEN attempt < :tries THEN NULL ELSE 'gave-up' END,
        finished_at = CASE WHEN attempt < :tries THEN NULL ELSE now() END
    {_HELD} RETURNING report_job.*""")


@dataclass(frozen=True, slots=True)
class Claim:
    """A report in this worker's hands, as long as nobody else has claimed it since."""

    row: Row[Any]

    @property
    def key(self) -> dict[str, UUID | int]:
        """What a write must name to be heard."""
        return {"id": self.row.id, "attempt": self.row.attempt}

    @property
    def name(self) -> str:
        """Of its file, without the extension."""
        return f"{self.row.id}-{self.row.attempt}"


def claim(session: Session) -> Claim | None:
    """Take a report that is due: new, or left behind by a worker whose lease is over.

    Of one account's the oldest; of accounts the one that had no turn for longest.
    """
    for lost in session.execute(_GIVE_UP, {"deaths": DEATHS}).all():
        log.error("report.gave_up", report=str(lost.id))
        say_end(session, lost)
    row = session.execute(_CLAIM, {"lease": LEASE_S}).first()
    return None if row is None else Claim(row)


def make(taken: Claim) -> None:
    """Bring a claimed report to its end, whatever that is; commits each step by itself."""
    with span(taken.row.traceparent):
        try:
            with _heartbeat(taken):
                _make(taken)
        except Cancelled:
            log.info("report.stopped", report=taken.name)  # cancelled, or another worker's by now
        except OUT_OF_SCOPE:
            log.warning("report.out_of_scope", report=taken.name)
            _end(_FAIL, {**taken.key, "error": "out-of-scope"})
        except Exception:
            log.exception("report.error", report=taken.name)
            _end(_RELEASE, {**taken.key, "retry": RETRY_S, "tries": TRIES})


def renew(taken: Claim, *, done: int | None = None, total: int | None = None) -> None:
    """Keep the lease, and say how far it is. Raises `Cancelled` when the claim is not held."""
    if not _write(_RENEW, {**taken.key, "lease": LEASE_S, "done": done, "total": total}):
        raise Cancelled


def finish(taken: Claim, result: dict[str, Any], part: Path | None = None) -> bool:
    """Show the row and, when there is a new one, the file; False, and neither, if it is not held.

    `part` is renamed between the update, which locks the row, and the commit: nobody can claim the
    report in between, and a worker that dies just there leaves no more than a file without a row.
    """
    with database.sessions.begin() as session:
        row = session.execute(_FINISH, taken.key | result).first()
        if row:
            say_end(session, row)
        if row and part:
            part.replace(part.with_name(result["file"]))
            _to_disk(part.parent)
    log.info("report.done" if row else "report.overtaken", report=taken.name)
    return row is not None


def _end(statement: TextClause, values: dict[str, Any]) -> None:
    """Say that it failed, or that it is tried again, if the claim is held."""
    with database.sessions.begin() as session:
        row = session.execute(statement, values).first()
        if row:
            say_end(session, row)


def _make(taken: Claim) -> None:
    folder = settings().reports
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left_behind in folder.glob(f"{taken.row.id}-*"):
        left_behind.unlink(missing_ok=True)  # by an attempt that can no longer finish
    part = folder / f"{taken.name}.part"
    wanted, scope = reports.order_of(taken.row), reports.scope_of(taken.row)
    try:
        with _snapshot() as connection:
            content = reports.open_content(connection, wanted, scope)
            key = reports.dedupe_key(wanted, scope, content.watermark)
            pieces = Pieces(folder / f"{taken.row.id}.{key[:16]}", taken.row.attempt)
            answer = reports.same_answer(connection, key)
            rows = None if answer else _write_file(taken, content, part, pieces)
        if answer:
            finish(taken, answer)
        else:
            name = f"{taken.name}.{taken.row.format}"
            made = {"dedupe_key": key, "made_at": None, "file": name, "row_count": rows}
            finish(taken, made | _seal(part), part)
        pieces.clear()
    finally:
        part.unlink(missing_ok=True)


def _write_file(taken: Claim, content: Content, part: Path, pieces: Pieces) -> int:
    total = content.total
    renew(taken, done=0, total=total)
    progress = _Pace(taken)
    return content.write(Work(part, taken.row.format, total, progress, pieces))


class _Pace:
    """Tells the row how far it is, ten times a second at most; a cancel is seen as soon.

    A fast writer says it thousands of times.
    """

    def __init__(self, taken: Claim) -> None:
        self._taken = taken
        self._said = time.monotonic()

    def __call__(self, done: int) -> None:
        if time.monotonic() - self._said >= PACE_S:
            renew(self._taken, done=done)
            self._said = time.monotonic()


def _seal(part: Path) -> dict[str, Any]:
    """Take the file to the disk, and what proves later that it is whole."""
    with part.open("r+b") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": file.tell(), "sha256": digest}


def _to_disk(folder: Path) -> None:
    """A rename is on the disk when its folder is; Windows has no way to ask for it."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


@contextmanager
def _heartbeat(taken: Claim) -> Iterator[None]:
    """Renew the lease while the writer is busy with something that tells no progress."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            try:
                renew(taken)
            except Cancelled:
                return  # the writer's own next look stops it
            except DBAPIError as error:
                log.warning("report.no_heartbeat", report=taken.name, error=str(error))

    thread = threading.Thread(target=beat, name=f"heartbeat {taken.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _snapshot() -> Iterator[Connection]:
    """One moment of the data for list and total; other transactions go on meanwhile."""
    engine = database.engine.execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )
    with engine.begin() as connection:
        yield connection


def _write(statement: TextClause, values: dict[str, Any]) -> bool:
    """One conditional update, at once; False when it found nothing to change."""
    with database.autocommit() as connection:
        return connection.execute(statement, values).rowcount == 1
