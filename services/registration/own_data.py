"""All that is kept about one registrant, as a file for them (UU 27/2022, articles 6, 7, 13)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from services.registration import consents, data_requests, nik
from services.registration.models import (
    AuditEntry,
    Booth,
    Certificate,
    CheckIn,
    Library,
    Person,
    Training,
    Upload,
)
from shared import regions

_COLUMNS = (
    *("code", "status", "name", "email", "phone", "language", "participant_type", "region_code"),
    *("library_name", "position", "needs", "answers", "origin", "submitted_at", "waiting_since"),
    *("offer_expires_at", "decided_at", "reason"),
)


def keep_until(meeting: Row[Any]) -> datetime:
    """When the registrations of a meeting are forgotten."""
    until: datetime = meeting.ends_at + timedelta(days=meeting.keep_days)
    return until


def export(session: Session, registration: Row[Any], meeting: Row[Any]) -> dict[str, Any]:
    """Everything, ready for JSON. The NIK stands in full: whoever has the link typed it."""
    person = session.get(Person, registration.person_id) if registration.person_id else None
    mine = registration.id
    return {
        "exported_at": datetime.now(UTC),
        "meeting": {
            **{name: getattr(meeting, name) for name in ("slug", "title", "venue", "zone")},
            "starts_at": meeting.starts_at,
            "ends_at": meeting.ends_at,
            "kept_until": keep_until(meeting),
        },
        "registration": {
            **{name: getattr(registration, name) for name in _COLUMNS},
            "region": regions.get(registration.region_code).label,
            "nik": _nik(registration.nik),
        },
        "booth": _one(session.get(Booth, mine), ("registration_id",)),
        "consents": [
            {
                "purpose": given.purpose,
                "version": given.version,
                "text": given.text,
                "given_at": given.given_at,
                "withdrawn_at": given.withdrawn_at,
            }
            for given in consents.of(session, mine)
        ],
        "uploads": _all(
            session, Upload, ("id", "registration_id", "form_id", "stored", "thumbnail"), mine
        ),
        "check_ins": _all(session, CheckIn, ("registration_id", "meeting_id"), mine),
        "certificates": _all(session, Certificate, ("registration_id", "meeting_id"), mine),
        "requests": _many(data_requests.of(session, mine), ("registration_id",)),
        "directory": _directory(session, person),
        "history": _history(session, registration),
    }


def _nik(token: bytes | None) -> str | None:
    try:
        return nik.decrypt(token) if token else None
    except nik.Unreadable:
        return data_requests.masked(token)


def _directory(session: Session, person: Person | None) -> dict[str, Any] | None:
    """The entry in the directory of people, with what they learned."""
    if person is None:
        return None
    library = session.get(Library, person.library_id) if person.library_id else None
    trainings = session.scalars(
        select(Training).where(Training.person_id == person.id).order_by(Training.starts_on)
    )
    return {
        **(_one(person, ("id", "person_key", "library_id", "merged_into")) or {}),
        "library": library.name if library else None,
        "trainings": _many(trainings, ("id", "person_id", "registration_id")),
    }


def _history(session: Session, registration: Row[Any]) -> list[dict[str, Any]]:
    """What was done with the registration, by whom; names of officers, not their accounts."""
    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.noun == "registration", AuditEntry.noun_id == str(registration.id))
        .order_by(AuditEntry.id)
    )
    return [
        {
            "at": entry.at,
            "action": entry.action,
            "by": entry.actor_name,
            "before": entry.before,
            "after": entry.after,
        }
        for entry in entries
    ]


def _all(session: Session, model: Any, but: Iterable[str], registration_id: Any) -> list[Any]:
    found = session.scalars(select(model).where(model.registration_id == registration_id))
    return _many(found, but)


def _many(rows: Iterable[Any], but: Iterable[str]) -> list[Any]:
    return [_one(row, but) for row in rows]


def _one(row: Any, but: Iterable[str]) -> dict[str, Any] | None:
    if row is None:
        return None
    columns = row.__table__.columns.keys()
    return {name: getattr(row, name) for name in columns if name not in but}
