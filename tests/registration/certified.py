"""A meeting that is over, who was there, and their certificates."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import hosts
from hosts import HOST
from sqlalchemy import select, text

from services.registration import certificates, checkins, issuing, jobs, meetings
from services.registration.attendance_schemas import Scan
from services.registration.models import Meeting, Registration
from services.registration.resources import database
from shared.security import Caller

DAYS = (date(2026, 6, 8), date(2026, 6, 9))
TERMS = {"jp": 16, "min_days": 2, "signer_name": "Nama Contoh", "city": "Tanjungpinang"}


def open_meeting(**terms: Any) -> Meeting:
    """One that is over, with certificates on these terms."""
    starts_at = datetime(2026, 6, 8, 1, 0, tzinfo=UTC)
    return hosts.open_meeting(
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=1, hours=8),
        closes_at=starts_at - timedelta(days=7),
        status="done",
        certificate=TERMS | terms,
    )


def guests(meeting: Meeting, many: int, days: tuple[date, ...] = DAYS) -> list[UUID]:
    """So many participants who were there on these days."""
    people = hosts.guests(meeting, many, email="rahasia@contoh.id")
    now = datetime.now(UTC)
    with database.autocommit() as connection:
        query = select(Registration.code).where(Registration.id.in_(people))
        codes = connection.execute(query).scalars()
        scans = [Scan(id=uuid4(), code=code, day=day, at=now) for code in codes for day in days]
        if scans:
            row = meetings.find(connection, meeting.slug)
            checkins.record(connection, HOST, row, scans)
    return people


def run_shifts() -> None:
    """Shift by shift, as the clock has it, until no run is open."""
    query = text("SELECT count(*) FROM certificate_run WHERE state IN ('queued', 'running')")
    open_runs = 1
    while open_runs:
        jobs.issue_certificates()
        with database.sessions.begin() as session:
            open_runs = session.execute(query).scalar_one()


def start(meeting: Meeting) -> UUID:
    with database.sessions.begin() as session:
        return issuing.start(session, HOST, meeting)


def run(meeting: Meeting, run_id: UUID) -> Any:
    with database.sessions.begin() as session:
        return issuing.find(session, meeting, run_id)


def issued(meeting: Meeting) -> list[Any]:
    query = text("SELECT * FROM certificate WHERE meeting_id = :id ORDER BY serial")
    with database.sessions.begin() as session:
        return list(session.execute(query, {"id": meeting.id}))


def issue_all(meeting: Meeting) -> list[Any]:
    with database.sessions.begin() as session:
        certificates.issue(session, HOST, meeting, limit=500)
    return issued(meeting)


def told(meeting: Meeting, what: str) -> int:
    query = text("""
        SELECT count(*) FROM outbox WHERE type = :type
          AND envelope->'data'->'registration'->'meeting'->>'slug' = :slug""")
    with database.sessions.begin() as session:
        values = {"type": f"id.sejawat.certificate.{what}.v1", "slug": meeting.slug}
        return int(session.execute(query, values).scalar_one())


def http(method: str, path: str, caller: Caller | None = None, **options: Any) -> Any:
    """As `hosts.http`, but of nobody unless it is said."""
    return hosts.http(method, path, caller, **options)


def desk(meeting: Meeting, what: str = "") -> str:
    return f"/desk/{meeting.slug}/certificates{what}"
