"""What goes with a mail as a file: the meeting, for the reader's calendar.

It is the same entry as the file on the registrant's own page, so the same rule stands in
registration's `pages.own`: the SEQUENCE is the versions of meeting and registration together, of
which none ever falls. A calendar that has the one is changed by the other; a test holds both to it.
"""

from datetime import datetime

from shared.documents.calendar import CalendarFacts, Status, ics
from shared.events import RegistrationFacts


def calendar(facts: RegistrationFacts, changed_at: datetime) -> dict[str, str]:
    """The meeting of a registration (RFC 5545), as an attachment; it takes itself back when over.

    It holds the person's own link, so it goes to that person alone. `changed_at` is its DTSTAMP.
    """
    meeting = facts.meeting
    entry = CalendarFacts(
        registration_id=facts.registration_id,
        sequence=meeting.version + facts.version,
        status=_status(facts),
        title=meeting.title,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        zone=meeting.zone,
        venue=meeting.venue,
        changed_at=changed_at,
        url=facts.own_link,
        language=facts.participant.language,
    )
    return {
        "name": f"{meeting.slug}.ics",
        "media_type": f"text/calendar; charset=utf-8; method={entry.method}",
        "text": ics(entry).decode(),
    }


def _status(facts: RegistrationFacts) -> Status:
    if facts.status in {"rejected", "cancelled"}:
        return "CANCELLED"
    return "CONFIRMED" if facts.status == "approved" else "TENTATIVE"
