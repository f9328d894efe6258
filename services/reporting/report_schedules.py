"""Reports that come by themselves: by a cron expression on the reader's clock.

A slot is one moment of a schedule. Each has its turn once, however many workers look: the row of
the slot decides. One that was missed is caught up, the latest only: a machine that slept for a year
orders one report, not twelve. What the reader may see is looked up when the slot has its turn.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from cronsim import CronSim, CronSimError
from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.reporting import readers, report_kinds, report_periods, reports
from services.reporting.models import ReportSchedule, ScheduleSlot
from services.reporting.report_contents import check_region
from services.reporting.report_kinds import KINDS, OUT_OF_SCOPE
from services.reporting.report_schemas import ORDERS
from shared.security import Caller

log = structlog.get_logger()

PAGE = 20
MOST = 50  # of one reader
LEAST_GAP = timedelta(days=1)

_DUE = text("""
    SELECT id FROM report_schedule WHERE active AND next_at <= :now
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED""")


class ScheduleNotFound(LookupError):
    """No schedule of the caller has this id."""


class BadCron(ValueError):
    """This is no cron expression, or one that never comes, or comes too often."""


class TooManySchedules(Exception):
    """The reader has as many as one may have."""


def monthly(day: int, hour: int) -> str:
    """On a day of each month, at an hour."""
    return f"0 {hour} {day} * *"


def quarterly(day: int, hour: int) -> str:
    """On a day of the month after each quarter."""
    return f"0 {hour} {day} 1,4,7,10 *"


def yearly(day: int, hour: int) -> str:
    """On a day of January."""
    return f"0 {hour} {day} 1 *"


def following(cron: str, zone: str, after: datetime) -> datetime:
    """The next slot of an expression on the clock of a zone. Raises `BadCron`."""
    try:
        return next(CronSim(cron, after.astimezone(ZoneInfo(zone))))
    except (CronSimError, StopIteration) as error:
        raise BadCron(cron) from error


def check(cron: str, zone: str, now: datetime) -> datetime:
    """The first slot of an expression that comes at most once a day. Raises `BadCron`."""
    first = following(cron, zone, now)
    clock = CronSim(cron, now)
    # On each of its days it comes at all of these: what comes next tells nothing of that.
    if len(clock.hours) * len(clock.minutes) * len(clock.seconds) > 1:
        raise BadCron(cron)
    return first


def add(  # noqa: PLR0913, PLR0917 - what a schedule is made of
    session: Session,
    caller: Caller,
    wanted: dict[str, Any],
    every: report_periods.Every,
    cron: str,
    zone: str,
    now: datetime,
) -> UUID:
    """Make a schedule of an order without a period; its id.

    Raises `BadCron`, `TooManySchedules`, pydantic's `ValidationError` and what the kind raises.
    """
    order = _order(wanted, every, now, zone)
    check_region(order.params.region, caller)
    report_kinds.KINDS[order.kind].open(session.connection(), order.params, caller)
    if len(session.scalars(_own(caller).limit(MOST)).all()) == MOST:
        raise TooManySchedules
    schedule = ReportSchedule(
        id=uuid7(),
        owner=caller.subject,
        kind=order.kind,
        format=order.format,
        params=order.params.model_dump(mode="json", exclude={"period"}),
        every=every,
        cron=cron,
        zone=zone,
        next_at=check(cron, zone, now),
    )
    session.add(schedule)
    session.flush()
    return schedule.id


def page(
    session: Session, caller: Caller, after: UUID | None = None
) -> tuple[Sequence[ReportSchedule], UUID | None]:
    """The caller's schedules, newest first, and the `after` of the next page."""
    query = _own(caller).order_by(ReportSchedule.id.desc()).limit(PAGE + 1)
    if after:
        query = query.where(ReportSchedule.id < after)
    rows = session.scalars(query).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def last_slots(session: Session, ids: Sequence[UUID]) -> dict[UUID, ScheduleSlot]:
    """The latest slot that each had."""
    query = (
        select(ScheduleSlot)
        .where(ScheduleSlot.schedule_id.in_(ids))
        .order_by(ScheduleSlot.schedule_id, ScheduleSlot.slot.desc())
        .ext(distinct_on(ScheduleSlot.schedule_id))
    )
    return {slot.schedule_id: slot for slot in session.scalars(query)}


def find(session: Session, caller: Caller, schedule_id: UUID) -> ReportSchedule:
    """One of the caller's. Raises `ScheduleNotFound`."""
    query = _own(caller).where(ReportSchedule.id == schedule_id)
    schedule: ReportSchedule | None = session.scalars(query.with_for_update()).one_or_none()
    if schedule is None:
        raise ScheduleNotFound(schedule_id)
    return schedule


def set_active(
    session: Session, caller: Caller, schedule_id: UUID, *, active: bool, now: datetime
) -> None:
    """Pause it, or let it go on from its next slot. Raises `ScheduleNotFound`."""
    schedule = find(session, caller, schedule_id)
    schedule.active = active
    schedule.next_at = following(schedule.cron, schedule.zone, now)


def remove(session: Session, caller: Caller, schedule_id: UUID) -> None:
    """Delete it; the reports that it ordered stay. Raises `ScheduleNotFound`."""
    find(session, caller, schedule_id)
    session.execute(delete(ReportSchedule).where(ReportSchedule.id == schedule_id))


def take_turn(session: Session, now: datetime) -> bool:
    """Order the report of one slot that is due, with the rights its reader has now; False: none."""
    schedule_id = session.execute(_DUE, {"now": now}).scalar()
    if schedule_id is None:
        return False
    schedule = session.get_one(ReportSchedule, schedule_id)
    slot = _latest(schedule, now)
    taken = session.execute(
        insert(ScheduleSlot)
        .values(schedule_id=schedule_id, slot=slot)
        .on_conflict_do_nothing()
        .returning(ScheduleSlot.slot)
    ).scalar()
    if taken:
        report_id, refused = _order_slot(session, schedule, slot)
        session.execute(
            update(ScheduleSlot)
            .where(ScheduleSlot.schedule_id == schedule_id, ScheduleSlot.slot == slot)
            .values(report_id=report_id, refused=refused)
        )
    after = max(now, slot + LEAST_GAP - timedelta(seconds=1))  # whatever the expression says
    schedule.next_at = following(schedule.cron, schedule.zone, after)
    return True


def _latest(schedule: ReportSchedule, now: datetime) -> datetime:
    """The last slot that is over: of several that were missed only that one is caught up."""
    back = CronSim(schedule.cron, now.astimezone(ZoneInfo(schedule.zone)), reverse=True)
    return max(schedule.next_at, next(back))


def _order_slot(
    session: Session, schedule: ReportSchedule, slot: datetime
) -> tuple[UUID | None, str | None]:
    reader = readers.caller_of(session, schedule.owner)
    if reader is None:
        log.warning("schedule.no_account", schedule=str(schedule.id))
        return None, "no-account"
    wanted = {"kind": schedule.kind, "format": schedule.format, "params": schedule.params}
    order = _order(wanted, schedule.every, slot, schedule.zone)
    key = f"schedule:{schedule.id}:{slot.isoformat()}"
    if reader.role not in KINDS[order.kind].roles:
        return None, "out-of-scope"
    try:
        return reports.order(session, reader, order, key, schedule.id), None
    except OUT_OF_SCOPE:
        log.warning("schedule.out_of_scope", schedule=str(schedule.id))
        return None, "out-of-scope"


def _order(wanted: dict[str, Any], every: Any, at: datetime, zone: str) -> Any:
    """An order of the last period that was over at a moment, on the reader's clock."""
    period = report_periods.ending(every, at.astimezone(ZoneInfo(zone)).date())
    params = {**wanted["params"], "period": period.name}
    return ORDERS.validate_python({**wanted, "params": params})


def _own(caller: Caller) -> Any:
    return select(ReportSchedule).where(ReportSchedule.owner == caller.subject)
