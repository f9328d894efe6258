"""The engine of imports: one worker brings one due import on, batch by batch.

The pattern is that of registration's: a claim takes a lease, whose end is the claim's mark, and
every later write names it. A batch is one transaction with its progress, so a killed worker leaves
whole batches, and each report has a reference made from what it says: taken twice, it is one.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.reporting import (
    library_matching,
    sim_files,
    sim_imports,
    sim_known,
    sim_twins,
    sim_undoing,
)
from services.reporting.models import SimImport, SimPlace, SimRow
from services.reporting.resources import database
from services.reporting.sim_files import Unreadable
from services.reporting.sim_streams import Parsed, parse
from services.reporting.streams import MEASURES
from shared.bus.queues import SOFT_LIMIT_S, TooSlow
from shared.leases import Claim, Overtaken

log = structlog.get_logger()

LEASE_S = 20  # with the clock's 15 s, a killed worker's import goes on within 35
SLICE_S = 25  # then another one may have the worker; Celery ends a task after 50
BATCH = 1000
ATTEMPTS = 5  # claims without a whole batch, by errors or dead workers; then somebody looks at it

_CLAIM = text("""
    WITH due AS (
        SELECT id FROM sim_import
        WHERE state IN ('reading', 'taking', 'undoing')
          AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY lease_until NULLS FIRST, created_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE sim_import SET lease_until = now() + make_interval(secs => :lease),
        attempts = attempts + 1
    FROM due WHERE sim_import.id = due.id RETURNING sim_import.*""")
_HELD = "WHERE id = :id AND state = :state AND lease_until = :mark"
_RENEW = text(f"""
    UPDATE sim_import SET done = done + :more,
        attempts = CASE WHEN :more > 0 THEN 0 ELSE attempts END,
        total = greatest(total, done + :more, :total),
        lease_until = clock_timestamp() + make_interval(secs => :lease)
    {_HELD} RETURNING lease_until""")
_RELEASE = text(f"UPDATE sim_import SET lease_until = now(), attempts = 0 {_HELD} RETURNING id")
_KEPT = text("UPDATE sim_import SET kept = CAST(:kept AS jsonb) WHERE id = :id")
_END = text(f"""
    UPDATE sim_import SET state = :next, error = :error, lease_until = NULL, attempts = 0,
        rows = CASE WHEN state = 'reading' THEN done ELSE rows END,
        finished_at = CASE WHEN :next = 'ready' THEN NULL ELSE now() END
    {_HELD} RETURNING id""")

_WAITING = text(f"""
    SELECT number, content, occurrence, report, notes, sim_place.library_id, sim_place.status
    FROM sim_row JOIN sim_place
        ON sim_place.import_id = sim_row.import_id AND sim_place.key = sim_row.place_key
    WHERE sim_row.import_id = :id AND errors = '{{}}' AND outcome = '' AND status <> 'open'
        AND (:twins OR NOT ({sim_twins.LEFT_OUT}))
    ORDER BY number LIMIT :limit""")

_IN_SCOPE = (
    "(:scope = '' OR library.region_code = :scope OR library.region_code LIKE :scope || '.%')"
)
# A report stays where it happened, also when its library has moved here since.
_REPORT_IN_SCOPE = _IN_SCOPE.replace("library.region_code", "activity.place_code")
# See `activities._INSERT`; in one order, as a move holds many as well.
_HOLD = text("""
    SELECT id FROM library
    WHERE id IN (SELECT coalesce(merged_into, id) FROM library
                 WHERE id = ANY (CAST(:libraries AS uuid[])))
    ORDER BY id FOR SHARE""")
# Of what came before, only the word that it is verified is taken over, if nobody has touched it.
_TAKE = text(f"""
    WITH told AS MATERIALIZED (
        SELECT coalesce(known.merged_into, known.id) AS whose, told.*
        FROM json_populate_recordset(NULL::activity, CAST(:rows AS json)) AS told
        JOIN library AS known ON known.id = told.library_id
    ), handed AS (
        INSERT INTO activity (id, library_id, stream, day, month, title, category, fields,
            province_code, regency_code, place_code, stage, client_ref, content_hash, source,
            import_id, submitted_at, submitted_by, {", ".join(MEASURES)})
        SELECT told.id, library.id, told.stream, told.day, date_trunc('month', told.day),
            told.title, told.category, told.fields, library.province_code, library.regency_code,
            library.region_code, told.stage, told.client_ref, told.content_hash, 'import',
            told.import_id, coalesce(told.submitted_at, now()), told.submitted_by,
            {", ".join(f"coalesce(told.{measure}, 0)" for measure in MEASURES)}
        FROM told JOIN library ON library.id = told.whose WHERE {_IN_SCOPE}
        ON CONFLICT (library_id, client_ref) DO NOTHING
        RETURNING id, client_ref, revision, submitted_by, stage
    ), verified AS (
        UPDATE activity SET stage = 1, revision = activity.revision + 1, changed_at = now()
        FROM told
        WHERE {_REPORT_IN_SCOPE} AND activity.library_id = told.whose
          AND activity.client_ref = told.client_ref AND told.stage = 1 AND activity.stage = 0
          AND activity.revision = 1 AND activity.deleted_at IS NULL
        RETURNING activity.id, activity.revision
    ), noted AS (
        INSERT INTO activity_change (activity_id, revision, action, actor, role, comment)
        SELECT id, revision, 'submitted', submitted_by, :role, 'SIM TPBIS' FROM handed
        UNION ALL
        SELECT id, revision, 'verified', submitted_by, :role, 'SIM TPBIS' FROM handed
        WHERE stage = 1
        UNION ALL
        SELECT id, revision, 'verified', :actor, :role, 'SIM TPBIS' FROM verified
    )
    SELECT told.client_ref, handed.id IS NOT NULL AS taken
    FROM told JOIN library ON library.id = told.whose LEFT JOIN handed USING (client_ref)
    WHERE {_IN_SCOPE}""")

# A library that is not to be found any more, or not in the scope, is asked for again.
_ASK_AGAIN = text("""
    UPDATE sim_place SET status = 'open', library_id = NULL
    WHERE import_id = :id AND key IN (SELECT place_key FROM sim_row
        WHERE import_id = :id AND number = ANY (CAST(:numbers AS int[])))""")

_OUTCOMES = text("""
    UPDATE sim_row SET outcome = told.outcome,
        notes = sim_row.notes - 'there' - 'verified-now' || told.notes
    FROM json_to_recordset(CAST(:rows AS json)) AS told(number int, outcome text, notes jsonb)
    WHERE import_id = :id AND sim_row.number = told.number""")


def claim(session: Session) -> Claim | None:
    """Take the import that has waited longest: new, released, or left by a dead worker."""
    row = session.execute(_CLAIM, {"lease": LEASE_S}).first()
    return None if row is None else Claim(row, row.lease_until)


def work(held: Claim) -> bool:
    """Bring a claimed import on for one slice; whether something is left of it."""
    steps = {"reading": _read, "taking": _take, "undoing": _undo}
    ends = {"reading": "ready", "taking": "done", "undoing": "undone"}
    state = held.row.state
    if held.row.attempts > ATTEMPTS:
        _end(held, "failed", _stopped(held))
        return False
    try:
        until = time.monotonic() + SLICE_S
        for _batch in steps[state](held):
            if time.monotonic() > until:
                _write(_RELEASE, held.key)
                return True
        _end(held, ends[state])
    except Overtaken:
        log.info("import.overtaken", id=str(held.row.id))
    except Unreadable as refusal:
        _end(held, "failed", refusal.code)
    except TooSlow:
        log.exception("import.too_slow", id=str(held.row.id))
        if _stopped(held) == "too-heavy":  # it would take as long the next time
            _end(held, "failed", "too-heavy")
    except OperationalError:
        log.exception("import.interrupted", id=str(held.row.id))  # the lease brings it back
    except Exception:
        # It would be the same the next time. The page offers to go on.
        log.exception("import.error", id=str(held.row.id))
        _end(held, "failed", f"unexpected:{state}")
    return False


def _stopped(held: Claim) -> str:
    """Why it failed whose workers died or were stopped: before the first row, it is the file."""
    state = held.row.state
    return "too-heavy" if state == "reading" and not held.row.done else f"gave-up:{state}"


def _read(held: Claim) -> Iterator[None]:
    """Judge the rows behind those that are stored already, then say which are here."""
    with database.sessions.begin() as session:
        job = session.get_one(SimImport, held.row.id)
        last = session.scalar(select(func.max(SimRow.number)).where(SimRow.import_id == job.id))
    if not last:
        _count(held)
    now = datetime.now(UTC)
    fresh = (one for one in sim_files.rows(job.stored, known=True) if one[0] > (last or 0))
    while batch := list(islice(fresh, BATCH)):
        parsed = [
            (number, _judged(job, parse(row, job.stream, now, job.period))) for number, row in batch
        ]
        with database.sessions.begin() as session:
            mark = _renew(session, held, len(parsed))
            _keep_places(session, job, [one for _, one in parsed if not one.errors])
            told = sim_twins.count(session, job.id, [one for _, one in parsed])
            rows = zip(parsed, told, strict=True)
            session.execute(insert(SimRow), [_row(job, *one, nth) for one, nth in rows])
        held.mark = mark
        last = batch[-1][0]
        yield
    if not last:
        raise Unreadable("no-rows")
    if last > BATCH:  # as the PostgreSQL manual asks after a bulk load ("Populating a Database")
        with database.autocommit() as connection:
            connection.execute(text("ANALYZE sim_row"))
    yield from _compare(held)


def _count(held: Claim) -> None:
    """Look at the whole file, and tell how many rows there are: the bar tells the truth."""
    with database.sessions.begin() as session:
        mark = _renew(session, held, 0, lease=SOFT_LIMIT_S)  # nothing is heard until it is done
    held.mark = mark
    rows = sum(1 for _ in sim_files.rows(held.row.stored))
    with database.sessions.begin() as session:
        mark = _renew(session, held, 0, total=rows)
    held.mark = mark


def _compare(held: Claim) -> Iterator[None]:
    """Let the preview say what is here already."""
    last: int | None = 0
    while last is not None:
        with database.sessions.begin() as session:
            last = sim_known.compare(session, held.row.id, last)
            mark = _renew(session, held, 0)
        held.mark = mark
        yield


def _judged(job: SimImport, parsed: Parsed) -> Parsed:
    """Refuses what happened outside the region of whoever handed the file in."""
    if parsed.errors:
        return parsed
    code = library_matching.region_of(parsed.place.regions)
    if library_matching.outside(job.region_code, code):
        return parsed.refused({"": "outside"}, {})
    return parsed


def _keep_places(session: Session, job: SimImport, good: list[Parsed]) -> None:
    named = {one.place.key: (one.place, one.report["stream"]) for one in good}
    known = select(SimPlace.key).where(SimPlace.import_id == job.id, SimPlace.key.in_(named))
    for key in session.scalars(known).all():
        del named[key]
    session.add_all(library_matching.match(session, job, named.values()))
    session.flush()


def _row(job: SimImport, number: int, parsed: Parsed, nth: sim_twins.Nth) -> dict[str, Any]:
    return {
        "import_id": job.id,
        "number": number,
        "place_key": parsed.place.key,
        "content": nth.content,
        "occurrence": nth.equal,
        "twin": nth.twin,
        "report": parsed.report,
        "errors": parsed.errors,
        "notes": parsed.notes | nth.notes,
    }


def _take(held: Claim) -> Iterator[None]:
    """Take rows whose library is known, a batch in one statement and one transaction."""
    while True:
        with database.sessions.begin() as session:
            wanted = {"id": held.row.id, "limit": BATCH, "twins": held.row.with_twins}
            rows = session.execute(_WAITING, wanted).all()
            if not rows:
                return
            mark = _renew(session, held, len(rows))
            _keep_outcomes(session, held, rows)
        held.mark = mark
        yield


def _keep_outcomes(session: Session, held: Claim, rows: Sequence[Row[Any]]) -> None:
    ours = {row.number: _activity(held, row) for row in rows if row.status != "not_ours"}
    there = sim_known.similar(session, held.row.id, rows)
    values = {
        "rows": json.dumps(list(ours.values())),
        "scope": held.row.region_code,
        "role": held.row.role,
        "actor": held.row.name,
    }
    session.execute(_HOLD, {"libraries": [one["library_id"] for one in ours.values()]})
    taken = {str(ref): new for ref, new in session.execute(_TAKE, values)}
    told = []
    lost = []
    for row in rows:
        outcome = "not_ours"
        if row.number in ours:
            new = taken.get(ours[row.number]["client_ref"])
            if new is None:
                lost.append(row.number)
                continue
            outcome = "taken" if new else "already"
        notes = {"there": ""} if outcome == "taken" and row.number in there else {}
        told.append({"number": row.number, "outcome": outcome, "notes": notes})
    session.execute(_OUTCOMES, {"id": held.row.id, "rows": json.dumps(told)})
    if lost:
        session.execute(_ASK_AGAIN, {"id": held.row.id, "numbers": lost})


def _activity(held: Claim, row: Row[Any]) -> dict[str, Any]:
    report = row.report
    return {
        **{name: report[name] for name in ("stream", "day", "title", "category", "fields")},
        **{name: report[name] for name in ("content_hash", "stage", "submitted_at", "timely")},
        **report["measures"],
        "id": str(uuid7()),
        "library_id": str(row.library_id),
        "client_ref": str(sim_known.reference(row)),
        "import_id": str(held.row.id),
        "submitted_by": held.row.name,
    }


def _undo(held: Claim) -> Iterator[None]:
    """Take back what may go, and at the end keep what is left, and why."""
    after: UUID | None = sim_undoing.FIRST
    while after:
        with database.sessions.begin() as session:
            looked_at = sim_undoing.take_back(session, held.row, after, BATCH)
            mark = _renew(session, held, len(looked_at))
            left = {} if looked_at else sim_undoing.left(session, held.row)
            missed = left.pop("", 0)  # as others deleted or restored reports meanwhile
            session.execute(_KEPT, {"id": held.row.id, "kept": json.dumps(left)})
        held.mark = mark
        after = looked_at[-1] if looked_at else sim_undoing.FIRST if missed else None
        yield


def _renew(
    session: Session, held: Claim, more: int, total: int = 0, lease: int = LEASE_S
) -> datetime:
    """Keep the lease, and count on. Raises `Overtaken` when it is not held any more."""
    values = {"lease": lease, "more": more, "total": total}
    mark: datetime | None = session.execute(_RENEW, held.key | values).scalar()
    if mark is None:
        raise Overtaken
    return mark


def _end(held: Claim, state: str, error: str = "") -> None:
    with database.sessions.begin() as session:
        ended = session.execute(_END, held.key | {"next": state, "error": error}).first()
        if ended and state in {"done", "failed"}:
            sim_imports.say_end(session, held.row.id)
    if ended:
        log.info("import.ended", id=str(held.row.id), state=state, error=error)


def _write(statement: Any, values: Mapping[str, Any]) -> bool:
    with database.autocommit() as connection:
        return connection.execute(statement, values).first() is not None
