"""Libraries and people of the directory."""

from typing import Any
from uuid import UUID

from deskwork import KEPRI, submit
from registering import numbers
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from services.registration import people, seats
from services.registration.models import (
    Certificate,
    Library,
    Meeting,
    Person,
    Registration,
    Training,
)
from services.registration.resources import database
from shared.names import plain_name

VILLAGE = "21.01.04.2001"


def add(name: str = "", region_code: str = VILLAGE, **changes: Any) -> UUID:
    """A library of the directory."""
    library_id = uuid7()
    name = name or f"Perpustakaan Desa Contoh {next(numbers)}"
    with database.sessions.begin() as session:
        session.add(
            Library(
                **{
                    "id": library_id,
                    "name": name,
                    "name_key": plain_name(name),
                    "kind": "village",
                    "region_code": region_code,
                }
                | changes
            )
        )
    return library_id


def read(query: str, **values: Any) -> Any:
    with database.sessions.begin() as session:
        return session.execute(text(query), values).scalar()


def approved(meeting: Meeting, **changes: Any) -> UUID:
    """Somebody who comes."""
    done = submit(meeting, **changes)
    with database.sessions.begin() as session:
        held = session.get_one(Meeting, meeting.id)
        seats.approve(session, KEPRI, held, [done.id])
    return done.id


def certified(registration_id: UUID, jp: int = 16) -> UUID:
    """A certificate, as it was issued."""
    certificate_id = uuid7()
    with database.sessions.begin() as session:
        person = session.get_one(Registration, registration_id)
        session.add(
            Certificate(
                id=certificate_id,
                code=f"CODE-{next(numbers)}",
                number=f"{next(numbers):04}/PLM-21/CONTOH",
                serial=next(numbers),
                meeting_id=person.meeting_id,
                registration_id=registration_id,
                facts={"jp": jp, "name": person.name},
                issued_by="host",
            )
        )
    return certificate_id


def person_of(registration_id: UUID) -> Person:
    with database.sessions() as session:
        query = select(Person).join(Registration, Registration.person_id == Person.id)
        found = session.scalars(query.where(Registration.id == registration_id)).one()
        session.expunge(found)
        return found


def trainings(person_id: UUID) -> list[Training]:
    with database.sessions() as session:
        return people.trainings(session, person_id)
