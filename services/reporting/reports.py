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

from services.reporting import report_kinds, report_periods
from services.reporting.models import Meeting, ReportJob
from services.reporting.report_contents import Content, place_name
from services.reporting.report_schemas import ORDERS, ReportOrder
from services.reporting.resources import bus
from services.reporting.settings import settings
from shared import regions
from shared.events import ReportFailed, ReportFinished
from shared.security import Caller, in_scope
from shared.tracing import current_traceparent
from shared.web.formats import Language

PAGE = 20
MOST_OPEN = 20  # of one person; a schedule's come once a day, and there are 50 at most
# A file answers the same question for a day; so an old file is not kept alive for ever by being
# asked for, and a new release's layout shows on the next morning at the latest.
SAME_ANSWER = timedelta(days=1)

# What the row of a finished report says of its file; another row may say the same.
RESULT = ("dedupe_key", "made_at", "file", "row_count", "bytes", "sha256")

_JOB = ReportJob.__table__.c
# What it is about, in the words of whoever named it.
_ABOUT = (
    select(Meeting.title).where(Meeting.slug == _JOB.params["meeting"].astext).scalar_subquery()
)
_SHOWN = select(
    ReportJob.__table__,
    func.extract("epoch", func.now() - _JOB.started_at).label("running_s"),
    _ABOUT.label("about"),
)


class ReportNotFound(LookupError):
    """No report of the caller has this id."""


class TooManyReports(Exception):
    """The caller has as many that are not ended as one may have."""


class KeyReused(Exception):
    """The idempotency key came before with another order."""


def open_content(connection: Connection, wanted: ReportOrder, scope: Caller) -> Content:
    """What a report is made from, as `scope` sees it. Raises one of `report_kinds.OUT_OF_SCOPE`."""
    return report_kinds.KINDS[wanted.kind].open(connection, wanted.params, scope)


def dedupe_key(wanted: ReportOrder, scope: Caller, watermark: str) -> str:
    """The question and the state of the data that it was asked of."""
    region = "" if scope.role == "national" else scope.region_code
    question = json.dumps([wanted.model_dump(mode="json"), region, watermark], sort_keys=True)
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


def order(
    session: Session,
    caller: Caller,
    wanted: ReportOrder,
    key: str,
    schedule_id: UUID | None = None,
) -> UUID:
    """Order a report once per caller and `key`; the id of the report, new or from before.

    One that has its answer already is born finished. Raises `KeyReused`, `TooManyReports`, or one
    of `report_kinds.OUT_OF_SCOPE`.
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
        **wanted.model_dump(mode="json"),
        "schedule_id": schedule_id,
        "total": content.total,
    }
    if answer:
        done = {"status": "done", "finished_at": func.now(), "done": answer["row_count"]}
        values |= answer | done | {"total": answer["row_count"]}
    elif schedule_id is None:
        _room_for(session, caller, key)
    added = session.execute(
        insert(ReportJob).values(values).on_conflict_do_nothing().returning(ReportJob.id)
    ).scalar()
    return added or _earlier(session, caller, wanted, key)


def _room_for(session: Session, caller: Caller, key: str) -> None:
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"reports {caller.subject}", 0))
    session.execute(select(lock))  # or two at once would both find room for one
    open_keys = select(_JOB.idempotency_key).where(
        _JOB.requested_by == caller.subject,
        _JOB.status.in_(("queued", "running")),
        _JOB.schedule_id.is_(None),
    )
    known = set(session.scalars(open_keys))
    if len(known) >= MOST_OPEN and key not in known:
        raise TooManyReports


def say_end(session: Session, row: Row[Any]) -> None:
    """Tell everybody that a report is done or has failed; nothing of one that goes on."""
    told = {
        "report_id": row.id,
        "kind": row.kind,
        "format": row.format,
        "requested_by": row.requested_by,
        "region_code": row.params.get("region", row.region_code),
        "period": row.params.get("period", ""),
        "meeting": row.params.get("meeting", ""),
        "scheduled": row.schedule_id is not None,
        "link": f"{settings().base_url}/reporting/reports/{row.id}",
    }
    if row.status == "done":
        ends = row.created_at + timedelta(days=settings().keep_reports_days)
        bus.publish(session, ReportFinished(**told, row_count=row.row_count, until=ends))
    elif row.status == "failed":
        bus.publish(session, ReportFailed(**told, reason=row.error))


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
    return ORDERS.validate_python({"kind": row.kind, "format": row.format, "params": row.params})


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


def page(  # noqa: PLR0913 - what a list is asked by
    session: Session,
    caller: Caller,
    *,
    kind: str = "",
    words: str = "",
    after: UUID | None = None,
    limit: int = PAGE,
) -> tuple[list[Row[Any]], UUID | None]:
    """The caller's reports, newest first, and the id after which the next page begins.

    `words` are part of what a report is about: a meeting's title, a region's name, a period.
    """
    query = _SHOWN.where(_mine(caller))
    if kind:
        query = query.where(_JOB.kind == kind)
    if words:
        found = [region.code for region in regions.search(words, limit=50) if region.level <= 2]
        query = query.where(
            _ABOUT.icontains(words, autoescape=True)
            | _JOB.params["region"].astext.in_(found)
            | _JOB.params["period"].astext.icontains(words, autoescape=True)
        )
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


def about(row: Row[Any], language: Language) -> str:
    """What a report is about: a meeting's title, or a region and period."""
    if "meeting" in row.params:
        return str(row.about or row.params["meeting"])
    period = report_periods.span(row.params["period"]).label(language)
    return f"{place_name(row.params.get('region', ''), language)}, {period}"


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
