"""Libraries that have not reported: they are reminded, and later their officials are told."""

from datetime import datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.notifications import silent_libraries
from services.notifications.handlers.common import tell
from services.notifications.intents import Intent, one_line
from services.notifications.resources import bus
from services.notifications.rules import LIBRARY_REMINDER
from shared import regions
from shared.bus import Envelope
from shared.events import LibraryReminderDue, LibrarySilent
from shared.web import formats

FOR_OFFICIALS = 3  # the step of which the library itself hears nothing
# The same library, month and step are one message, however often and in which order they come.
_NAMESPACE = UUID("0d9d4a5e-6f3c-4a0e-9f3b-5a3c1f5e8b27")


@bus.on(LibraryReminderDue)
def remind(session: Session, envelopes: list[Envelope[LibraryReminderDue]]) -> None:
    """Remind them while their report still comes in time."""
    tell(session, LIBRARY_REMINDER, (_intent(envelope) for envelope in envelopes))


@bus.on(LibrarySilent)
def keep_silent(session: Session, envelopes: list[Envelope[LibrarySilent]]) -> None:
    """Keep those of the last step, for the digest of their officials."""
    events = (envelope.data for envelope in envelopes)
    silent_libraries.keep(session, (one for one in events if one.step == FOR_OFFICIALS))


def _intent(envelope: Envelope[LibraryReminderDue]) -> Intent:
    event = envelope.data
    zone = ZoneInfo(regions.get(event.region_code[:2]).zone)
    language = event.language
    return Intent(
        event_id=uuid5(_NAMESPACE, f"{event.library_id} {event.month} {event.step}"),
        about=envelope.subject,
        version=None,
        traceparent=envelope.traceparent,
        email=event.email,
        phone=event.phone,
        language=language,
        region_code=event.region_code,
        expires_at=datetime.combine(event.deadline + timedelta(days=1), time(), zone),
        values={
            "name": one_line(event.name) or one_line(event.library_name),
            "library": one_line(event.library_name),
            "month": formats.month(event.month, lang=language),
            "deadline": formats.date(event.deadline, lang=language),
            "own_link": event.link,
        },
        person=event.name or None,
    )
