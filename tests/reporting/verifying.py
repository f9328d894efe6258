"""Reports that wait to be verified, for the tests of the desk, locks and completeness."""

from datetime import date
from typing import Any
from uuid import UUID

from reporting.libraries import SENDER, TODAY, handed, library
from sqlalchemy import text

from services.reporting import activities, rollups
from services.reporting.models import Activity
from services.reporting.resources import database

ANSWERED = ("duplicate", "again", "zero", "new-year", "long-ago", "many")
TANJUNGPINANG = "21.72.01.1001"


def report(
    of: UUID | None = None, stream: str = "pelibatan", *, today: date = TODAY, **changes: Any
) -> UUID:
    """A library hands a report in; its id."""
    one = handed(stream, confirmed=ANSWERED, **changes)
    with database.sessions.begin() as session:
        return activities.submit(session, of or library(), one, SENDER, today)[0]


def visitors(of: UUID, month: str, *, today: date = TODAY) -> UUID:
    """A month's visitors."""
    return report(of, "pengunjung", today=today, day=month, male="3", female="5")


def get(report_id: UUID) -> Activity:
    """A report as it is now."""
    with database.sessions.begin() as session:
        return session.get_one(Activity, report_id)


def add_up() -> None:
    """What the applier does within seconds."""
    with database.sessions.begin() as session:
        while rollups.apply(session).deltas:
            pass


def execute(statement: str, **values: Any) -> Any:
    """What the database answers, of a query its rows."""
    with database.sessions.begin() as session:
        result = session.connection().execute(text(statement), values)
        return result.all() if result.returns_rows else result.rowcount


def history(report_id: UUID) -> list[tuple[str, str, str]]:
    """Who did what, and said what."""
    with database.sessions.begin() as session:
        found = activities.history(session, report_id)
        return [(one.action, one.actor, one.comment) for one in found]
