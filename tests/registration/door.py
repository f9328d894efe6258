"""A meeting with its guests at the door, and their tickets."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import hosts
from asking import ask
from hosts import HOST
from sqlalchemy import select

from services.registration import checkins, meetings
from services.registration.attendance_schemas import Scan
from services.registration.models import Meeting, Registration
from services.registration.resources import database
from services.registration.settings import settings
from shared.security import Caller, issue_token

DAYS = (date(2027, 6, 8), date(2027, 6, 9))
CREW = Caller("master_trainer", "Pelatih Contoh", "crew", "21")


def open_meeting() -> Meeting:
    """Two days in Kepulauan Riau."""
    starts_at = datetime(2027, 6, 8, 1, 0, tzinfo=UTC)
    return hosts.open_meeting(
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=1, hours=8),
        closes_at=starts_at - timedelta(days=7),
        status="closed",
    )


def guests(meeting: Meeting, many: int, status: str = "approved") -> list[str]:
    """So many registrations; returns their codes, by name."""
    people = hosts.guests(meeting, many, status=status)
    query = select(Registration.code).where(Registration.id.in_(people))
    with database.sessions.begin() as session:
        return list(session.scalars(query.order_by(Registration.name)))


def scan(code: str, **changes: Any) -> Scan:
    fields: dict[str, Any] = {"id": uuid4(), "code": code, "day": DAYS[0], "at": datetime.now(UTC)}
    return Scan(**fields | changes)


def record(meeting: Meeting, *scans: Scan, caller: Caller = HOST) -> list[dict[str, Any]]:
    with database.autocommit() as connection:
        row = meetings.find(connection, meeting.slug)
        return checkins.record(connection, caller, row, scans)


def present(meeting: Meeting, day: date = DAYS[0], session_id: UUID | None = None) -> int:
    with database.sessions.begin() as session:
        return int(checkins.count(session, meeting.id, day, session_id).present)


def headers(caller: Caller) -> dict[str, str]:
    token = issue_token(settings().token_private_key, caller, seconds=60)
    return {"Authorization": f"Bearer {token}"}


def app() -> Any:
    from services.registration.app import app

    return app


def http(method: str, path: str, caller: Caller = CREW, **options: Any) -> Any:
    return ask(app(), method, f"/api/v1{path}", headers=headers(caller), **options)
