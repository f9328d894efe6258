"""A month that a region closes: its figures stay as they stood, and what comes later is told.

A lock keeps nobody from reporting. A late report lands in the month in which it happened; the page
of the lock shows both figures, and which reports made the difference.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import Row, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.reporting.models import PeriodLock
from services.reporting.streams import MEANS, MEASURES, STREAMS
from shared.security import Caller, in_scope

PAGE = 50
_SUMS = ("reports", *(name for name in MEASURES if name not in MEANS))
Figures = Mapping[str, Mapping[str, int]]  # stream -> measure -> sum

# Writers that are at it end first, and others wait for the moment that adding up takes: so every
# change is either in the figures or above the mark.
_WAIT_FOR_WRITERS = text("LOCK TABLE activity IN SHARE MODE")
# Others wait behind us for as long: no longer than a page may take.
_NOT_FOR_LONG = text("SET LOCAL lock_timeout = '2s'")
_LOCKED = text("""
    SELECT id FROM period_lock
    WHERE region_code = :region AND month = :month AND unlocked_at IS NULL""")
_IN = """
    (:region = '' OR activity.regency_code = :region
     OR activity.regency_code LIKE :region || '.%')"""
# From the reports themselves: the sums may be seconds behind.
_FIGURES = text(f"""
    SELECT stream, count(*) AS reports, {", ".join(f"sum({m}) AS {m}" for m in MEASURES)}
    FROM activity
    WHERE day >= :month AND day < :following AND stage >= 0 AND deleted_at IS NULL AND {_IN}
    GROUP BY stream""")
_LOCK = text("""
    INSERT INTO period_lock (region_code, month, locked_by, mark, figures)
    SELECT :region, :month, :by, coalesce(max(id), 0), CAST(:figures AS jsonb)
    FROM activity_change
    ON CONFLICT (region_code, month) WHERE unlocked_at IS NULL DO NOTHING RETURNING id""")
_UNLOCK = text("""
    UPDATE period_lock SET unlocked_at = now(), unlocked_by = :by, reason = :reason
    WHERE id = :id AND unlocked_at IS NULL RETURNING id""")
# Of each report the latest change, of those that lie in the month, or did when it was locked.
_CHANGED = text(f"""
    SELECT * FROM (
        SELECT DISTINCT ON (activity.id) activity.id, activity.stream, activity.title,
            activity.day, activity.deleted_at, activity.stage, library.name AS library,
            change.id AS change_id, change.action, change.actor, change.happened_at
        FROM activity_change AS change
        JOIN activity ON activity.id = change.activity_id
        JOIN library ON library.id = activity.library_id
        WHERE change.id > :mark AND change.action <> 'verified' AND {_IN}
          AND (activity.month = :month
               OR change.before ->> 'day' >= CAST(:month AS text)
                  AND change.before ->> 'day' < CAST(:following AS text))
        ORDER BY activity.id, change.id DESC) AS latest
    WHERE CAST(:before AS bigint) IS NULL OR change_id < :before
    ORDER BY change_id DESC LIMIT :limit""")


class LockNotFound(LookupError):
    """No lock has this id, or none that the caller may see."""


class NotOver(Exception):
    """The month has not ended yet."""


class AlreadyLocked(Exception):
    """The caller's region has locked this month."""


class Busy(Exception):
    """Somebody is writing reports for longer than a lock may wait; soon it can be had."""


class NotLocked(Exception):
    """Somebody has opened it again."""


class LockedAbove(Exception):
    """A level above has locked it: it is theirs to open."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a stream's measure was when the month was locked, and what it is now."""

    stream: str
    measure: str
    frozen: int
    current: int

    @property
    def difference(self) -> int:
        """What came since, or went."""
        return self.current - self.frozen


def lock(session: Session, caller: Caller, month: date, today: date) -> int:
    """Freeze a month of the caller's own region; the lock's id.

    Raises `NotOver`, `AlreadyLocked` and `Busy`.
    """
    if _following(month) > today:
        raise NotOver
    if session.execute(_LOCKED, {"region": caller.region_code, "month": month}).first():
        raise AlreadyLocked
    _wait_for_writers(session)
    values = {
        "region": caller.region_code,
        "month": month,
        "by": caller.name,
        "figures": json.dumps(figures(session, caller.region_code, month)),
    }
    made = session.execute(_LOCK, values).scalar()
    if made is None:
        raise AlreadyLocked
    return int(made)


def _wait_for_writers(session: Session) -> None:
    try:
        with session.begin_nested():
            session.execute(_NOT_FOR_LONG)
            session.execute(_WAIT_FOR_WRITERS)
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise Busy from error
        raise


def unlock(session: Session, caller: Caller, lock_id: int, reason: str) -> None:
    """Open a month again; the lock stays as history.

    Raises `LockNotFound`, `LockedAbove` and `NotLocked`.
    """
    found = find(session, caller, lock_id)
    if not may_unlock(caller, found):
        raise LockedAbove
    values = {"id": found.id, "by": caller.name, "reason": reason}
    if session.execute(_UNLOCK, values).first() is None:
        raise NotLocked


def may_unlock(caller: Caller, found: PeriodLock) -> bool:
    """It is of the caller's own region, or of one below."""
    return caller.may_see(found.region_code)


def find(session: Session, caller: Caller, lock_id: int) -> PeriodLock:
    """A lock that the caller may see. Raises `LockNotFound`."""
    query = select(PeriodLock).where(
        PeriodLock.id == lock_id, in_scope(PeriodLock.region_code, caller)
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise LockNotFound(lock_id)
    return found


def page(
    session: Session, caller: Caller, before: int | None = None
) -> tuple[Sequence[PeriodLock], int | None]:
    """Locks of the caller's region and those below, newest first, and the next `before`."""
    query = (
        select(PeriodLock)
        .where(in_scope(PeriodLock.region_code, caller))
        .order_by(PeriodLock.id.desc())
    )
    if before:
        query = query.where(PeriodLock.id < before)
    rows = session.scalars(query.limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def compare(session: Session, found: PeriodLock) -> list[Line]:
    """Frozen and current figures, by stream and measure; zeros on both sides are left out."""
    return lines(found.figures, figures(session, found.region_code, found.month))


def lines(frozen: Figures, now: Figures) -> list[Line]:
    """Two of such figures side by side; zeros on both sides are left out."""
    every = [
        Line(stream, measure, *(side.get(stream, {}).get(measure, 0) for side in (frozen, now)))
        for stream in STREAMS
        for measure in _SUMS
    ]
    return [line for line in every if line.frozen or line.current]


def changed_since(
    session: Session, found: PeriodLock, before: int | None = None
) -> tuple[Sequence[Row[Any]], int | None]:
    """Reports that came, changed or went since it was locked, the latest first; next `before`."""
    values = _values(found.region_code, found.month) | {
        "mark": found.mark,
        "before": before,
        "limit": PAGE + 1,
    }
    rows = session.execute(_CHANGED, values).all()
    return rows[:PAGE], rows[PAGE - 1].change_id if len(rows) > PAGE else None


def figures(session: Session, region_code: str, month: date) -> dict[str, dict[str, int]]:
    """What the reports of a region's month add up to, now."""
    rows = session.execute(_FIGURES, _values(region_code, month))
    return {
        row.stream: {name: int(value) for name in _SUMS if (value := getattr(row, name))}
        for row in rows
    }


def _values(region_code: str, month: date) -> dict[str, Any]:
    return {"region": region_code, "month": month, "following": _following(month)}


def _following(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)
