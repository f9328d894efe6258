"""Own links sent again: to whoever holds the address or number, never to whoever asks."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import meetings, registrations
from services.registration.account_schemas import Contact
from services.registration.models import Meeting
from services.registration.resources import bus
from shared.events import Language, OwnLink, OwnLinksRequested

MOST = 20

# However old the meeting: as long as the data are kept, they are their owner's to see. Those that
# still count come first.
_OF_CONTACT = text("""
    SELECT registration.id, registration.name, registration.region_code, registration.meeting_id
    FROM registration JOIN meeting ON meeting.id = registration.meeting_id
    WHERE (lower(registration.email) = :email OR registration.phone = :phone)
      AND registration.erased_at IS NULL
    ORDER BY registration.status IN ('rejected', 'cancelled'), meeting.starts_at DESC,
        registration.id
    LIMIT :most""")

_OF_TICKET = text("""
    SELECT meeting.slug FROM registration JOIN meeting ON meeting.id = registration.meeting_id
    WHERE registration.code = :code AND registration.erased_at IS NULL
      AND meeting.status <> 'draft'""")


def request(session: Session, contact: Contact, language: Language) -> None:
    """Send the links of this contact's registrations to it, if there are any.

    Whoever asks cannot tell: the same statements run for an unknown contact, and are undone.
    """
    values = {"email": contact.email, "phone": contact.phone, "most": MOST}
    rows = list(session.execute(_OF_CONTACT, values))
    events = [
        OwnLinksRequested(
            request_id=uuid7(),
            email=contact.email,
            phone=contact.phone,
            language=language,
            region_code=region_code,
            links=tuple(_link(session, row) for row in group),
        )
        for region_code, group in _by_province(rows)
    ]
    with session.begin_nested() as told:
        for event in events:
            bus.publish(session, event)
        if not rows:
            told.rollback()


def meeting_of_ticket(session: Session, code: str) -> Any:
    """The meeting that a ticket is for. Raises `RegistrationNotFound`."""
    slug = session.execute(_OF_TICKET, {"code": code.upper()}).scalar()
    if slug is None:
        raise registrations.RegistrationNotFound(code)
    return meetings.find(session, slug)


def place_in_line(session: Session, registration_id: UUID) -> int:
    """How many wait before somebody on the waiting list, and they themselves; 0 for who does not.

    Somebody further back may still be offered a seat first, when it is one that only they may have.
    """
    return int(session.execute(_PLACE, {"id": registration_id}).scalar_one())


_PLACE = text("""
    SELECT count(*) FROM registration me
    JOIN registration other ON other.meeting_id = me.meeting_id AND other.status = 'waiting'
     AND (other.waiting_since, other.id) <= (me.waiting_since, me.id)
    WHERE me.id = :id AND me.status = 'waiting'""")


def _by_province(rows: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """A message each, as those in charge of its region read it: they must see all who are in it.

    Without rows it is one message, which is undone.
    """
    groups: dict[str, list[Any]] = {} if rows else {"": []}
    for row in rows:
        groups.setdefault(row.region_code.partition(".")[0], []).append(row)
    regions = {code: {row.region_code for row in group} for code, group in groups.items()}
    return [
        (next(iter(regions[code])) if len(regions[code]) == 1 else code, group)
        for code, group in groups.items()
    ]


def _link(session: Session, row: Any) -> OwnLink:
    meeting = session.get_one(Meeting, row.meeting_id)
    return OwnLink(
        name=row.name,
        meeting=meetings.facts(meeting),
        own_link=registrations.own_link(row.id, meeting.ends_at),
    )
