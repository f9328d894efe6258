"""Events in: own copies of whom there is to tell. `registrations` tells them, and forgets them."""

from typing import Any

from sqlalchemy.orm import Session

from services.notifications import people
from services.notifications.resources import bus
from shared.bus import Envelope
from shared.events import (
    AccountChanged,
    AttendanceChanged,
    CertificateIssued,
    CertificateRevoked,
    Event,
    MeetingCancelled,
    MeetingPublished,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationCorrected,
    RegistrationEvent,
    RegistrationImported,
    RegistrationRejected,
    RegistrationRescheduled,
    RegistrationReturned,
    RegistrationSubmitted,
    RegistrationWaitlisted,
    SeatOffered,
)

# What a registration event tells has its own version; these two are always the first.
FIRST: dict[type[Event], str] = {
    RegistrationSubmitted: "submitted",
    RegistrationImported: "approved",
}
LATER: tuple[type[RegistrationEvent], ...] = (
    RegistrationWaitlisted,
    RegistrationApproved,
    RegistrationReturned,
    RegistrationCorrected,
    RegistrationRejected,
    RegistrationCancelled,
    SeatOffered,
    RegistrationRescheduled,
    CertificateIssued,
    CertificateRevoked,
)


@bus.on(MeetingPublished)
def keep_meetings(session: Session, envelopes: list[Envelope[MeetingPublished]]) -> None:
    """Copy the meetings' facts."""
    people.keep_meetings(session, (envelope.data.meeting for envelope in envelopes))


@bus.on(MeetingCancelled)
def cancel_meetings(session: Session, envelopes: list[Envelope[MeetingCancelled]]) -> None:
    """Copy that they do not take place."""
    people.cancel_meetings(session, [envelope.data.meeting for envelope in envelopes])


def keep_first(session: Session, envelopes: list[Envelope[Any]]) -> None:
    """Copy who registered, or was on the paper list, which was the host's approval."""
    events = [envelope.data for envelope in envelopes]
    people.keep_meetings(session, (event.meeting for event in events))
    rows = [
        people.participant(
            event.registration_id,
            version=1,
            status=FIRST[type(event)],
            code=event.code,
            meeting=event.meeting,
            person=event.participant,
            since=event.submitted_at,
            own_link=getattr(event, "own_link", ""),
        )
        for event in events
    ]
    people.keep_participants(session, rows)


def keep_changes(session: Session, envelopes: list[Envelope[Any]]) -> None:
    """Copy what became of registrations."""
    told = [(envelope.time, envelope.data.registration) for envelope in envelopes]
    people.keep_meetings(session, (facts.meeting for _, facts in told))
    rows = [
        people.participant(
            facts.registration_id,
            version=facts.version,
            status=facts.status,
            code=facts.code,
            meeting=facts.meeting,
            person=facts.participant,
            since=time,
            own_link=facts.own_link,
        )
        for time, facts in told
    ]
    people.keep_participants(session, rows)


for event_class in FIRST:
    bus.on(event_class)(keep_first)
for event_class in LATER:
    bus.on(event_class)(keep_changes)


@bus.on(AttendanceChanged)
def keep_attendance(session: Session, envelopes: list[Envelope[AttendanceChanged]]) -> None:
    """Copy who was there: those are thanked, and nobody else."""
    people.keep_attendance(session, (envelope.data for envelope in envelopes))


@bus.on(AccountChanged)
def keep_officials(session: Session, envelopes: list[Envelope[AccountChanged]]) -> None:
    """Copy accounts."""
    people.keep_officials(session, (envelope.data for envelope in envelopes))
