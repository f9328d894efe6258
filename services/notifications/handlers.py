"""Events in: who is to be told, and what."""

from typing import Any

from sqlalchemy.orm import Session

from services.notifications import jobs, messages
from services.notifications.messages import Intent
from services.notifications.resources import bus
from services.notifications.rules import REGISTRATION_SUBMITTED
from shared import regions
from shared.bus import Envelope
from shared.events import MeetingFacts, RegistrationSubmitted
from shared.web import formats


@bus.on(RegistrationSubmitted)
def tell_registrant(session: Session, envelopes: list[Envelope[Any]]) -> None:
    """Confirm that a registration has arrived, and say what comes next."""
    intents = [_confirmation(envelope) for envelope in envelopes]
    if messages.write(session, REGISTRATION_SUBMITTED, intents):
        bus.wake(session, jobs.send_due)


def _confirmation(envelope: Envelope[RegistrationSubmitted]) -> Intent:
    event = envelope.data
    person = event.participant
    return Intent(
        event_id=envelope.id,
        traceparent=envelope.traceparent,
        email=person.email,
        phone=person.phone,
        language=person.language,
        region_code=person.region_code,
        expires_at=event.meeting.ends_at,
        values={
            "name": person.name,
            "code": event.code,
            "own_link": event.own_link,
            **_meeting(event.meeting, person.language),
        },
    )


def _meeting(meeting: MeetingFacts, language: formats.Language) -> dict[str, str]:
    """A meeting in the reader's words, on the clock of its venue."""
    begins = formats.time(meeting.starts_at, meeting.zone, lang=language)
    ends = formats.time(meeting.ends_at, meeting.zone, lang=language)
    return {
        "meeting": meeting.title,
        "days": formats.date_range(meeting.days[0], meeting.days[-1], lang=language),
        "hours": f"{begins.split()[0]}–{ends}",
        "venue": meeting.venue,
        "province": regions.get(meeting.province_code).name,
    }
