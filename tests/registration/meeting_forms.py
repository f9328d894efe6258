"""The forms of a meeting, as its organisers fill them in."""

from datetime import timedelta
from typing import Any

from hosts import (
    HOST,
    form_of,
    http,
    post,
)
from sqlalchemy import select

from services.registration.models import AuditEntry, Meeting, Telling
from services.registration.resources import database
from shared.security import Caller


def path(meeting: Meeting, what: str = "edit") -> str:
    return f"/meetings/{meeting.slug}/{what}"


def typed(meeting: Meeting, what: str = "edit") -> dict[str, str]:
    """The page's form as it comes, with a form token of its own."""
    return form_of(http("GET", path(meeting, what)).text)


def save(meeting: Meeting, what: str = "edit", caller: Caller = HOST, /, **changes: str) -> Any:
    fields = typed(meeting, what) | changes
    return http("POST", path(meeting, what), caller, data=fields)


def telling(meeting: Meeting) -> Telling:
    with database.sessions.begin() as session:
        query = select(Telling).where(Telling.meeting_id == meeting.id).order_by(Telling.id.desc())
        return session.scalars(query).first()  # type: ignore[return-value]


def log(meeting: Meeting) -> list[AuditEntry]:
    with database.sessions.begin() as session:
        query = select(AuditEntry).where(AuditEntry.noun_id == meeting.slug)
        return list(session.scalars(query.order_by(AuditEntry.id)))


def add_session(meeting: Meeting, starts: str, ends: str, title: str) -> None:
    day = meeting.starts_at + timedelta(hours=7)
    fields = {"title": title, "day": f"{day:%Y-%m-%d}", "starts": starts, "ends": ends}
    assert post(path(meeting, "agenda/new"), **fields).status_code == 303
