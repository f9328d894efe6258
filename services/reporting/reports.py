"""Ordered reports: order one, find it, cancel it, and forget it after its time."""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.reporting.attendance import AttendanceList
from services.reporting.models import Meeting, ReportJob
from services.reporting.schemas import ReportOrder
from services.reporting.settings import settings
from shared.security import Caller, in_scope
from shared.tracing import current_traceparent

PAGE = 20
# A file answers the same question for a day; so an old file is not kept alive for ever by being
# asked for, and a new release's layout shows on the next morning at the latest.
SAME_ANSWER = timedelta(days=1)

KINDS = {"attendance_list": AttendanceList}
# What the row of a finished report says of its file; another row may say the same.
RESULT = ("dedupe_key", "made_at", "file", "row_count", "bytes", "sha256")

_JOB = ReportJob.__table__.c
_SHOWN = select(
    ReportJob.__table__,
    func.extract("epoch", func.now() - _JOB.started_at).label("running_s"),
    # What it is about, in the words of whoever named it.
    select(Meeting.title)
    .where(Meeting.slug == _JOB.params["meeting"].astext)
    .scalar_subquery()
    .label("about"),
)


class ReportNotFound(LookupError):
    """No report of the caller has this id."""


class KeyReused(Exception):
    """The idempotency key came before with another order."""


def open_content(connection: Connection, wanted: ReportOrder, scope: Caller) -> AttendanceList:
    """What a report is made from, as `scope` sees it. Raises `MeetingNotFound`."""
    return KINDS[wanted.kind].open(connection, wanted.params, scope)


def dedupe_key(wanted: ReportOrder, scope: Caller, watermark: str) -> str:
    """The question and the state of the data that it was asked of."""
    region = "" if scope.role == "national" else scope.region_code
    question = json.dumps([wanted.model_dump(), region, watermark], sort_keys=True)
    return hashlib.sha256(question.encode()).hexdigest()


def same_answer(source: Session | Connection, key: str) -> dict[str, Any] | None:
    """The result of a finished report with this key, if its file is there and fresh."""
    query = (
        select(*(_JOB[name] for name in RESULT))
        .where(_JOB.dedupe_key == key, _JOB.made_at > func.now() - SAME_ANSWER)
        .order_by(_JOB.made_at.desc())
        .limit(1)
    )
    row = source.execute(query).mappings().first()
    return dict(row) if row and (settings().reports / row["file"]).exists() else None


def order(session: Session, caller: Caller, wanted: ReportOrder, key: str) -> UUID:
    """Order a report once per caller and `key`; the id of the report, new or from before.

    One that has its answer already is born finished. Raises `MeetingNotFound`, `KeyReused`.
    """
    content = open_content(session.connection(), wanted, caller)
    answer = same_answer(session, dedupe_key(wanted, caller, content.watermark))
    values: dict[str, Any] = {
        "id": uuid7(),
        "requested_by": caller.subject,
        "role": caller.role,
        "region_code": caller.region_code,
        "idempotency_key": key,
        "traceparent": current_traceparent(),
        **wanted.model_dump(),
        "total": content.total,
    }
    if answer:
        done = {"status": "done", "finished_at": func.now(), "done": answer["row_count"]}
        values |= answer | done | {"total": answer["row_count"]}
    added = session.execute(
        insert(ReportJob).values(values).on_conflict_do_nothing().returning(ReportJob.id)
    ).scalar()
    return added or _earlier(session, caller, wanted, key)


def _earlier(session: Session, caller: Caller, wanted: ReportOrder, key: str) -> UUID:
    row = session.execute(
        select(ReportJob.__table__).where(
            _JOB.requested_by == caller.subject, _JOB.idempotency_key == key
        )
    ).one()
    if order_of(row) != wanted:
        raise KeyReused
    return UUID(str(row.id))


def order_of(row: Row[Any]) -> ReportOrder:
    """What was ordered, from a job's row."""
    return ReportOrder(kind=row.kind, format=row.format, params=row.params)


def scope_of(row: Row[Any]) -> Caller:
    """Whose eyes a job's row looks through."""
    return Caller(row.role, subject=row.requested_by, region_code=row.region_code)


def find(session: Session, caller: Caller, report_id: UUID) -> Row[Any]:
    """One of the caller's reports, as far as the caller may still see it.

    Raises `ReportNotFound`.
    """
    row = session.execute(_SHOWN.where(_mine(caller), _JOB.id == report_id)).first()
    if row is None:
        raise ReportNotFound(report_id)
    return row


def page(
    session: Session, caller: Caller, *, after: UUID | None = None, limit: int = PAGE
) -> tuple[list[Row[Any]], UUID | None]:
    """The caller's reports, newest first, and the id after which the next page begins."""
    query = _SHOWN.where(_mine(caller))
    if after:
        query = query.where(_JOB.id < after)
    rows = list(session.execute(query.order_by(_JOB.id.desc()).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def _mine(caller: Caller) -> Any:
    return (_JOB.requested_by == caller.subject) & in_scope(_JOB.region_code, caller)


def cancel(session: Session, caller: Caller, report_id: UUID) -> None:
    """Cancel a report that is not finished; its worker stops at the next look at the row.

    One that has ended stays as it is. Raises `ReportNotFound`.
    """
    find(session, caller, report_id)
    session.execute(
        update(ReportJob)
        .where(_JOB.id == report_id, _JOB.status.in_(("queued", "running")))
        .values(status="cancelled", finished_at=func.now())
    )


def withdraw(session: Session, meetings: Sequence[str]) -> None:
    """Give up the finished lists of these meetings, and begin again those that are being made.

    Somebody in them was erased; the files are then nobody's, see `downloads`.
    """
    of_them = _JOB.params["meeting"].astext.in_(meetings)
    session.execute(
        update(ReportJob)
        .where(of_them, _JOB.status == "done")
        .values(status="failed", error="erased", file=None, dedupe_key=None, made_at=None)
    )
    session.execute(
        update(ReportJob)
        .where(of_them, _JOB.status == "running")
        .values(status="queued", lease_until=func.now())
    )


def seconds_left(row: Row[Any]) -> float | None:
    """As long again as the rows done so far took, for those that are left."""
    if row.status != "running" or not row.done:
        return None
    seconds: float = float(row.running_s) * (row.total - row.done) / row.done
    return round(seconds, 1)


def purge(session: Session) -> None:
    """Delete reports after their retention. Their files are then nobody's, see `downloads`."""
    oldest = func.now() - timedelta(days=settings().keep_reports_days)
    session.execute(delete(ReportJob).where(_JOB.created_at < oldest))
