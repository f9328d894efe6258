"""Reports that are handed in, verified and added up, for the tests of what is read from sums."""

from typing import Any
from uuid import UUID

from reporting.libraries import SENDER, TODAY, handed
from uuid_utils.compat import uuid7

from services.reporting import activities, rollups
from services.reporting.resources import database
from shared.security import Caller

ANSWERED = ("duplicate", "again", "zero", "new-year", "long-ago", "many")
NATION = Caller("national", "Petugas Nasional (contoh)", "national")


def people(count: int) -> dict[str, Any]:
    """So many participants, all of them women."""
    parts = {"male": "0", "female": count, "adults": count, "disabled": "0"}
    return {"people": str(count)} | {name: str(value) for name, value in parts.items()}


def reported(of: UUID, stream: str = "pelibatan", by: Caller | None = None, **changes: Any) -> UUID:
    """A report of a library, verified by an official if one is given."""
    one = handed(stream, ref=uuid7(), confirmed=ANSWERED, **changes)
    with database.sessions.begin() as session:
        made, _new = activities.submit(session, of, one, SENDER, TODAY)
        if by:
            assert activities.verify(session, by, [made]) == [made]
    return made


def added_up() -> None:
    """As the applier does, until nothing waits."""
    while True:
        with database.sessions.begin() as session:
            if not rollups.apply(session).deltas:
                return
