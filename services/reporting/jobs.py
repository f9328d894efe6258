"""Work started by the clock, or by a ring after a report was ordered."""

from services.reporting import downloads, making, reports
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


@bus.job("jobs", every=3600)
def purge_reports() -> None:
    """Delete reports whose retention is over, and files that belong to nobody."""
    with database.sessions.begin() as session:
        reports.purge(session)
    # Only now, as a file must not go before its row has.
    with database.sessions.begin() as session:
        downloads.purge(session)
