"""A locked month keeps its figures, takes late reports, and tells what changed since."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from reporting.libraries import BINTAN, KEPRI, NATIONAL, RIAU, SENDER, TODAY, handed, library
from reporting.verifying import ANSWERED, execute, get, report
from sites import eventually

from services.reporting import activities, period_locks, verification
from services.reporting.activities import Handed
from services.reporting.models import Activity, PeriodLock
from services.reporting.period_locks import (
    AlreadyLocked,
    Busy,
    Line,
    LockedAbove,
    LockNotFound,
    NotLocked,
    NotOver,
)
from services.reporting.resources import database
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("empty")

OCTOBER = date(2026, 10, 1)
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareLock'"
PEOPLE = {"male": "4", "female": "20", "adults": "24"}


def lock(caller: Caller = BINTAN, month: date = OCTOBER) -> int:
    with database.sessions.begin() as session:
        return period_locks.lock(session, caller, month, TODAY)


def seen(lock_id: int, caller: Caller = BINTAN) -> tuple[list[Line], list[tuple[UUID, str]]]:
    """What differs, and which reports made it so."""
    with database.sessions.begin() as session:
        found = period_locks.find(session, caller, lock_id)
        lines = [line for line in period_locks.compare(session, found) if line.difference]
        changed, _ = period_locks.changed_since(session, found)
        return lines, [(row.id, row.action) for row in changed]


def edit(report_id: UUID, **changes: Any) -> None:
    with database.sessions.begin() as session:
        found = session.get_one(Activity, report_id)
        one: Handed = handed(confirmed=ANSWERED, **changes)
        activities.edit(session, found, one, SENDER, TODAY, revision=found.revision)


def test_a_late_report_lands_in_its_month_and_the_frozen_figure_stays() -> None:
    of = library()
    report(of, day="2026-10-05")
    lock_id = lock()
    assert seen(lock_id) == ([], [])
    late = report(of, day="2026-10-20", title="Kelas menjahit")
    assert get(late).month == OCTOBER
    lines, changed = seen(lock_id)
    assert changed == [(late, "submitted")]
    assert {line.measure: (line.frozen, line.current) for line in lines} == {
        "reports": (1, 2),
        "people": (24, 48),
        "male": (4, 8),
        "female": (20, 40),
        "adults": (24, 48),
        "disabled": (1, 2),
    }


def test_what_is_edited_deleted_sent_back_or_moves_to_another_month_is_told() -> None:
    of = library()
    edited, deleted, returned, moved, verified = (
        report(of, day=f"2026-10-{day:02}", title=f"Kegiatan nomor {day}") for day in range(5, 10)
    )
    lock_id = lock()
    edit(edited, day="2026-10-05", people="30", male="10", female="20", adults="30")
    edit(moved, day="2026-11-02")
    with database.sessions.begin() as session:
        verification.delete(session, BINTAN, deleted, 1, "Ganda.")
        verification.decide(session, BINTAN, "send_back", {returned: 1}, "Periksa.")
        verification.decide(session, BINTAN, "verify", {verified: 1})
    lines, changed = seen(lock_id)
    assert dict(changed) == {
        edited: "edited",
        moved: "edited",
        deleted: "deleted",
        returned: "returned",
    }
    [reports] = [line for line in lines if line.measure == "reports"]
    assert (reports.frozen, reports.current) == (5, 2)


def test_what_happens_elsewhere_or_in_another_month_is_no_news() -> None:
    lock_id = lock()
    report(library("21.72.01.1001"), day="2026-10-05")
    report(day="2026-11-05")
    assert seen(lock_id) == ([], [])


def test_each_level_locks_its_own_region_and_opens_what_is_below() -> None:
    regency, province, national = lock(BINTAN), lock(KEPRI), lock(NATIONAL)
    for caller, lock_id in ((BINTAN, province), (KEPRI, national), (RIAU, regency)):
        with pytest.raises((LockNotFound, LockedAbove)), database.sessions.begin() as session:
            period_locks.unlock(session, caller, lock_id, "Keliru.")
    for caller, lock_id in ((KEPRI, regency), (NATIONAL, province), (NATIONAL, national)):
        with database.sessions.begin() as session:
            period_locks.unlock(session, caller, lock_id, "Keliru.")
    with database.sessions.begin() as session:
        assert period_locks.page(session, RIAU)[0] == []
        assert len(period_locks.page(session, NATIONAL)[0]) == 3


def test_an_opened_month_is_locked_anew_and_the_old_lock_stays_as_history() -> None:
    first = lock()
    with pytest.raises(AlreadyLocked):
        lock()
    with database.sessions.begin() as session:
        period_locks.unlock(session, BINTAN, first, "Ada yang salah.")
    with pytest.raises(NotLocked), database.sessions.begin() as session:
        period_locks.unlock(session, BINTAN, first, "Lagi.")
    second = lock()
    with database.sessions.begin() as session:
        found = session.get_one(PeriodLock, first)
        assert (found.unlocked_by, found.reason) == (BINTAN.name, "Ada yang salah.")
        assert [one.id for one in period_locks.page(session, BINTAN)[0]] == [second, first]


def test_a_month_that_is_not_over_cannot_be_locked() -> None:
    with pytest.raises(NotOver):
        lock(month=date(2026, 11, 1))


@contextmanager
def writing(of: UUID) -> Iterator[None]:
    """Somebody hands in a report, and has not ended."""
    with database.sessions.begin() as session:
        activities.submit(session, of, handed(confirmed=ANSWERED, day="2026-10-05"), SENDER, TODAY)
        yield


def test_a_report_that_is_being_written_is_either_frozen_or_told() -> None:
    """The lock waits for writers: nothing falls between the figures and what changed since."""
    with ThreadPoolExecutor() as pool:
        with writing(library()):
            locked = pool.submit(lock)
            eventually(lambda: execute(_WAITING)[0][0], "the lock waits", 2)
        lines, changed = seen(locked.result())
    frozen = execute("SELECT figures -> 'pelibatan' ->> 'reports' FROM period_lock")[0][0]
    assert (frozen, lines, changed) == ("1", [], [])


def test_a_lock_does_not_hold_up_everybody_for_somebody_who_is_slow() -> None:
    with writing(library()), pytest.raises(Busy):
        lock()
    assert lock()


def test_a_month_that_is_locked_is_not_waited_for() -> None:
    lock()
    with writing(library()), pytest.raises(AlreadyLocked):
        lock()
