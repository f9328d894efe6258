"""The audit log: who changed or looked at what, when, from what to what."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from services.registration.models import AgendaSession, AuditEntry, Meeting, Registration
from shared import regions
from shared.security import Caller, in_scope
from shared.tracing import current_traceparent, trace_id

PAGE = 50

SYSTEM = Caller("public", "Sejawat", "system")  # the clock
REGISTRANT = Caller("public", "Pendaftar", "registrant")  # whoever holds an own link


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed. `before` and `after` hold what differs; secrets never stand there."""

    noun: str
    noun_id: str
    region_code: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record(session: Session, actor: Caller, action: str, *changes: Change) -> None:
    """Add to the log, in the transaction of the change itself."""
    rows = list(_rows(actor, action, changes))
    if rows:
        session.execute(insert(AuditEntry), rows)


def record_daily(session: Session, actor: Caller, action: str, change: Change) -> None:
    """As `record`, but once in 24 hours: for what a device does again every few minutes."""
    told = select(AuditEntry.id).where(AuditEntry.at > func.now() - timedelta(days=1))
    told = told.filter_by(actor=actor.subject, action=action)
    told = told.filter_by(noun=change.noun, noun_id=change.noun_id)
    if not session.scalar(told.limit(1)):
        record(session, actor, action, change)


def _rows(actor: Caller, action: str, changes: Iterable[Change]) -> Iterable[dict[str, Any]]:
    trace = trace_id(current_traceparent())
    for change in changes:
        yield {
            "actor": actor.subject,
            "actor_name": actor.name,
            "actor_role": actor.role,
            "action": action,
            "noun": change.noun,
            "noun_id": change.noun_id,
            "region_code": change.region_code,
            "before": _plain(change.before),
            "after": _plain(change.after),
            "trace_id": trace,
        }


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else json.loads(json.dumps(dict(values), default=str))


@dataclass(frozen=True, slots=True)
class Sought:
    """What of the log is asked for; an empty value asks for all. Days are those of `zone`."""

    noun: str = ""
    actor: str = ""  # part of a name
    first: date | None = None
    last: date | None = None
    zone: str = regions.CAPITAL


def page(
    session: Session, caller: Caller, sought: Sought, after: int | None = None
) -> tuple[list[AuditEntry], int | None]:
    """What happened in the caller's region, newest first, and after which the next page begins."""
    query = select(AuditEntry).where(in_scope(AuditEntry.region_code, caller))
    if sought.noun:
        query = query.where(AuditEntry.noun == sought.noun)
    if sought.actor:
        query = query.where(AuditEntry.actor_name.icontains(sought.actor, autoescape=True))
    if sought.first:
        query = query.where(AuditEntry.at >= _midnight(sought.first, sought.zone))
    if sought.last:
        following = sought.last + timedelta(days=1)
        query = query.where(AuditEntry.at < _midnight(following, sought.zone))
    if after is not None:
        query = query.where(AuditEntry.id < after)
    rows = list(session.scalars(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1)))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def meetings_of(session: Session, entries: Sequence[AuditEntry]) -> dict[str, str]:
    """The slugs of the meetings to which registrations and sessions of a page belong, by id."""
    tables = {"registration": Registration, "booth": Registration, "agenda_session": AgendaSession}
    found: dict[str, str] = {}
    for table in (Registration, AgendaSession):
        ids = {entry.noun_id for entry in entries if tables.get(entry.noun) is table}
        query = select(table.id, Meeting.slug).join(Meeting, Meeting.id == table.meeting_id)
        rows = session.execute(query.where(table.id.in_([UUID(each) for each in ids])))
        found |= {str(row.id): row.slug for row in rows}
    return found


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))
