"""Work started by the clock, or by a ring after something was handed in or ordered."""

import time
from datetime import UTC, datetime

from services.reporting import (
    boundaries,
    downloads,
    evidence,
    making,
    report_schedules,
    reports,
    rollups,
    silence,
    sim_importing,
    sim_imports,
    sim_known,
)
from services.reporting.resources import bus, database


@bus.job("reports", every=15)
def make_reports() -> None:
    """Make the report that is due, if any. One a run, so that each has the time limit to itself.

    The clock makes it the sweep, which finds lost rings, errors whose time has come again, and
    what dead workers left.
    """
    with database.sessions.begin() as session:
        taken = making.claim(session)
        if taken is None:
            return
        bus.wake(session, make_reports)  # another worker may take the next one meanwhile
    making.make(taken)


@bus.job("jobs", every=30)
def order_scheduled() -> None:
    """Order what schedules ask for, one slot in a transaction."""
    more = True
    while more:
        with database.sessions.begin() as session:
            more = report_schedules.take_turn(session, datetime.now(UTC))
            bus.wake(session, make_reports)


@bus.job("jobs", every=3600)
def purge_reports() -> None:
    """Delete reports whose retention is over, and files that belong to nobody."""
    with database.sessions.begin() as session:
        reports.purge(session)
    # Only now, as a file must not go before its row has.
    with database.sessions.begin() as session:
        downloads.purge(session)


SHIFT_S = 5.0  # events wait behind it


@bus.job("jobs", every=5)
def apply_deltas() -> None:
    """Add up what has changed; rings again when there is more than a shift's work."""
    until = time.monotonic() + SHIFT_S
    while time.monotonic() < until:
        with database.sessions.begin() as session:
            if rollups.apply(session).deltas < rollups.CHUNK:
                return
    with database.sessions.begin() as session:
        bus.wake(session, apply_deltas)


@bus.job("jobs", every=3600)
def say_silent() -> None:
    """Say which libraries have not reported last month, a chunk at a time; see `silence`."""
    due = silence.due(datetime.now(UTC))
    looked_at = silence.CHUNK if due else 0
    while due and looked_at == silence.CHUNK:
        with database.sessions.begin() as session:
            looked_at = silence.say(session, *due)


@bus.job("jobs", every=24 * 3600)
def purge_silent_notices() -> None:
    """Forget what was said about months that are over for long."""
    with database.sessions.begin() as session:
        silence.purge(session, datetime.now(UTC))


@bus.job("jobs", every=3600)
def purge_evidence() -> None:
    """Delete the files of forms that were never sent, and files that no row names."""
    with database.sessions.begin() as session:
        evidence.forget_unfinished(session)
    with database.sessions.begin() as session:
        evidence.sweep(session)


@bus.job("jobs", every=24 * 3600)
def prove_sums() -> None:
    """Count a month by chance anew; a difference is an error in the log, and stays in `recount`."""
    with database.sessions.begin() as session:
        month = rollups.some_month(session)
        if month:
            rollups.recount(session, month)


@bus.job("imports", every=15)
def run_imports() -> None:
    """Bring the import that is due on, if any, for one slice of time."""
    with database.sessions.begin() as session:
        held = sim_importing.claim(session)
        if held is None:
            return
        bus.wake(session, run_imports)  # another worker may take the next one meanwhile
    more = sim_importing.work(held)
    with database.sessions.begin() as session:
        bus.wake(session, apply_deltas)
        if more:
            bus.wake(session, run_imports)


@bus.job("imports", every=60)
def compare_imports() -> None:
    """Tell previews what is here of libraries that were chosen, a batch in a transaction."""
    until = time.monotonic() + SHIFT_S
    while time.monotonic() < until:
        with database.sessions.begin() as session:
            if not sim_known.compare_chosen(session):
                return
    with database.sessions.begin() as session:
        bus.wake(session, compare_imports)


@bus.job("imports", every=60)
def move_regions() -> None:
    """Let reports and libraries follow their regions, a chunk in a transaction."""
    until = time.monotonic() + SHIFT_S
    while time.monotonic() < until:
        with database.sessions.begin() as session:
            if not boundaries.work(session, datetime.now(UTC).date()):
                return
    with database.sessions.begin() as session:
        bus.wake(session, move_regions)


@bus.job("jobs", every=3600)
def purge_imports() -> None:
    """Forget the rows of imports after their time, then the files that nobody names."""
    with database.sessions.begin() as session:
        sim_imports.purge(session)
    with database.sessions.begin() as session:
        sim_imports.sweep(session)
