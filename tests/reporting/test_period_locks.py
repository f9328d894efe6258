"""A locked month keeps its figures, takes late reports, and tells what changed since."""

import threading
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from reporting.libraries import BINTAN, KEPRI, NATIONAL, RIAU, SENDER, TODAY, handed, library
from reporting.verifying import ANSWERED, execute, get, report

from services.reporting import activities, period_locks, verification
from services.reporting.activities import Handed
from services.reporting.models import Activity, PeriodLock
from services.reporting.period_locks import (
    AlreadyLocked,
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


def test_a_report_that_is_being_written_is_either_frozen_or_told() -> None:
    """The lock waits for writers: nothing falls between the figures and what changed since."""
    of, written, go = library(), threading.Event(), threading.Event()

    def write() -> None:
        with database.sessions.begin() as session:
            one = handed(confirmed=ANSWERED, day="2026-10-05")
            activities.submit(session, of, one, SENDER, TODAY)
            written.set()
            go.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(10)
    locked: list[int] = []
    locker = threading.Thread(target=lambda: locked.append(lock()))
    locker.start()
    go.set()
    writer.join()
    locker.join()
    lines, changed = seen(locked[0])
    frozen = execute("SELECT figures -> 'pelibatan' ->> 'reports' FROM period_lock")[0][0]
    assert (frozen, lines, changed) == ("1", [], [])
