"""A person who registered, and what the database knows of them."""

from typing import Any
from uuid import UUID

from deskwork import KEPRI
from registering import (
    BOOTH,
    PERSON,
    Browser,
    numbers,
    path,
    pdf,
    photo,
)
from uuid_utils.compat import uuid7

from services.registration import (
    data_requests,
    seats,
)
from services.registration.models import (
    Meeting,
)
from services.registration.resources import database

NIK = "2101014502900001"


def register(browser: Browser, meeting: Meeting, **changes: str) -> str:
    """Somebody with all that one can hand in; returns the own page's path."""
    number = next(numbers)
    fields = PERSON | BOOTH | {"name": f"Peserta Data {number}", "email": f"w{number}@contoh.id"}
    fields |= {"nik": NIK, "diet": "tanpa kacang"}
    fields |= {"photo_consent": "yes", "directory_consent": "yes"} | changes
    sent = browser.fill_in(
        meeting,
        fields,
        files=[
            ("booth_photo", ("lapak.jpg", photo(), "image/jpeg")),
            ("assignment_letter", ("surat.pdf", pdf(), "application/pdf")),
        ],
    )
    assert sent.status_code == 303, sent.text
    return path(sent.headers["location"])


def approve(meeting: Meeting, *ids: UUID) -> None:
    with database.sessions.begin() as session:
        seats.approve(session, KEPRI, session.get_one(Meeting, meeting.id), ids)


def asked(registration_id: UUID, kind: str = "delete", note: str = "") -> UUID:
    with database.sessions.begin() as session:
        return data_requests.ask(session, registration_id, kind, note, uuid7()).id


def get(model: Any, key: Any) -> Any:
    with database.sessions() as session:
        found = session.get(model, key)
        if found:
            session.expunge(found)
        return found
