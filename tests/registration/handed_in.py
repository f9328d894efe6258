"""A spreadsheet of participants on its way: handed in, read, taken."""

from collections import Counter
from typing import Any
from uuid import UUID

from deskwork import (
    KEPRI,
    Office,
)
from sqlalchemy import text

from services.registration import jobs
from services.registration.models import Meeting
from services.registration.resources import database
from shared.security import Caller


def hand_in(meeting: Meeting, data: bytes, name: str = "tabel.csv", caller: Caller = KEPRI) -> str:
    """Upload a sheet; the path of its page."""
    page = f"/desk/{meeting.slug}/imports"
    answer = Office(caller).fills(page, {"consent": "yes"}, files={"file": (name, data)})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def read(meeting: Meeting, data: bytes, name: str = "tabel.csv", caller: Caller = KEPRI) -> str:
    """Upload a sheet and have it read."""
    location = hand_in(meeting, data, name, caller)
    work()
    return location


def take(location: str, caller: Caller = KEPRI) -> None:
    """Have all good rows taken."""
    answer = Office(caller).fills(location, {"action": "take"})
    assert answer.status_code == 303, answer.text
    work()


def work() -> None:
    """The worker, until nothing is due."""
    for _ in range(20):
        jobs.run_imports()


def job(location: str) -> Any:
    return one("SELECT * FROM import_job WHERE id = :id", location)


def outcomes(location: str) -> Counter[str]:
    query = "SELECT array_agg(outcome) AS all FROM import_row WHERE job_id = :id AND outcome <> ''"
    return Counter(one(query, location).all or ())


def faults(location: str) -> dict[int, list[tuple[str, str]]]:
    query = "SELECT number, errors FROM import_row WHERE job_id = :id AND errors <> '[]'"
    with database.sessions.begin() as session:
        rows = session.execute(text(query), {"id": job_id(location)})
        return {r.number: [(e["column"], e["message"]) for e in r.errors] for r in rows}


def one(query: str, location: str) -> Any:
    with database.sessions.begin() as session:
        return session.execute(text(query), {"id": job_id(location)}).one()


def job_id(location: str) -> UUID:
    return UUID(location.rpartition("/")[2])


def change(statement: str) -> None:
    with database.autocommit() as connection:
        connection.execute(text(statement))
