"""What a registrant is told on the way from the form to the certificate."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from services.notifications import forgetting, people, rules
from services.notifications.attachments import calendar
from services.notifications.handlers.common import tell
from services.notifications.intents import Intent, meeting_words, one_line
from services.notifications.resources import bus
from services.notifications.rules import Rule
from shared.bus import Envelope
from shared.events import (
    BoothDecided,
    CertificateIssued,
    CertificateRevoked,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationCorrected,
    RegistrationErased,
    RegistrationEvent,
    RegistrationFacts,
    RegistrationRejected,
    RegistrationRescheduled,
    RegistrationReturned,
    RegistrationSubmitted,
    RegistrationWaitlisted,
    SeatOffered,
)
from shared.web import formats
from shared.web.formats import Language

Envelopes = list[Envelope[Any]]

CERTIFICATE_NEWS = timedelta(days=30)  # after the meeting its end is no limit

# Told with a new date, as that overtakes what was said of it before (`rules`).
STANDINGS: dict[Language, dict[str, str]] = {
    "id": {
        "submitted": "Panitia masih memeriksanya.",
        "needs_correction": "Panitia meminta perbaikan; catatannya ada di halaman Anda.",
        "approved": "Kursi Anda sudah pasti.",
        "waiting": "Anda masih dalam daftar tunggu.",
        "offered": "Ada kursi untuk Anda; jawab di halaman Anda sebelum batas waktunya.",
    },
    "en": {
        "submitted": "The host is still looking at it.",
        "needs_correction": "The host asks for a correction; the note is on your page.",
        "approved": "Your seat is certain.",
        "waiting": "You are still on the waiting list.",
        "offered": "There is a seat for you; answer on your page before its time is over.",
    },
}


def _nothing(event: RegistrationEvent, language: Language) -> dict[str, str]:  # noqa: ARG001
    return {}


def _registered_by(event: Any, language: Language) -> dict[str, str]:  # noqa: ARG001
    return {"registered_by": one_line(event.registered_by)}


def _reason(event: Any, language: Language) -> dict[str, str]:  # noqa: ARG001
    return {"reason": one_line(event.reason)}


def _standing(event: RegistrationRescheduled, language: Language) -> dict[str, str]:
    return {"standing": STANDINGS[language].get(event.registration.status, "")}


def _end(event: RegistrationCancelled, language: Language) -> dict[str, str]:
    return {"by": event.by, **_reason(event, language)}


def _offer(event: SeatOffered, language: Language) -> dict[str, str]:
    zone = event.registration.meeting.zone
    return {"until": formats.moment(event.expires_at, zone, lang=language)}


def _booth(event: BoothDecided, language: Language) -> dict[str, str]:  # noqa: ARG001
    answer = "accepted" if event.accepted else "declined"
    return {
        "title": one_line(event.booth_title),
        "answer": answer,
        "number": one_line(event.number),
    }


def _certificate(event: CertificateIssued, language: Language) -> dict[str, str]:  # noqa: ARG001
    return {
        "number": event.number,
        "jp": f"{event.jp} JP",
        "verify_link": event.verify_link,
        "replaces": event.replaces,
    }


def _revocation(event: CertificateRevoked, language: Language) -> dict[str, str]:
    return {"number": event.number, **_reason(event, language)}


def _until_the_meeting_ends(envelope: Envelope[Any]) -> datetime:
    ends_at: datetime = envelope.data.registration.meeting.ends_at
    return ends_at


def _until_the_offer_ends(envelope: Envelope[Any]) -> datetime:
    expires_at: datetime = envelope.data.expires_at
    return expires_at


def _for_some_weeks(envelope: Envelope[Any]) -> datetime:
    return envelope.time + CERTIFICATE_NEWS


@dataclass(frozen=True, slots=True)
class Telling:
    """What an event has us tell: by which rule, what beside the usual, and how long it is news.

    One with `attaches` changes what stands in the registrant's calendar.
    """

    rule: Rule
    more: Callable[[Any, Language], dict[str, str]] = _nothing
    until: Callable[[Envelope[Any]], datetime] = _until_the_meeting_ends
    attaches: bool = False


TELLINGS: dict[type[RegistrationEvent], Telling] = {
    RegistrationWaitlisted: Telling(rules.REGISTRATION_WAITLISTED, _registered_by),
    RegistrationApproved: Telling(rules.REGISTRATION_APPROVED, attaches=True),
    RegistrationReturned: Telling(rules.REGISTRATION_RETURNED, _reason),
    RegistrationRejected: Telling(rules.REGISTRATION_REJECTED, _reason),
    RegistrationCancelled: Telling(rules.REGISTRATION_CANCELLED, _end, attaches=True),
    SeatOffered: Telling(rules.SEAT_OFFERED, _offer, _until_the_offer_ends, attaches=True),
    RegistrationRescheduled: Telling(rules.REGISTRATION_RESCHEDULED, _standing, attaches=True),
    BoothDecided: Telling(rules.BOOTH_DECIDED, _booth),
    CertificateIssued: Telling(rules.CERTIFICATE_ISSUED, _certificate, _for_some_weeks),
}


def tell_change(telling: Telling, session: Session, envelopes: Envelopes) -> None:
    """Tell registrants what became of their registrations."""
    intents = []
    for envelope in envelopes:
        facts = envelope.data.registration
        more = telling.more(envelope.data, facts.participant.language)
        intent = _intent(envelope, facts, telling.until(envelope), more)
        if telling.attaches:
            intent = replace(intent, attachments=(calendar(facts, envelope.time),))
        intents.append(intent)
    tell(session, telling.rule, intents)


for event_class, what in TELLINGS.items():
    bus.on(event_class)(partial(tell_change, what))


@bus.on(RegistrationCorrected)
def tell_correction(session: Session, envelopes: Envelopes) -> None:
    """Say that the host looks again; a correction that changes nothing of that needs no message."""
    again = [one for one in envelopes if one.data.registration.status == "submitted"]
    tell_change(Telling(rules.REGISTRATION_CORRECTED), session, again)


@bus.on(CertificateRevoked)
def tell_revocation(session: Session, envelopes: Envelopes) -> None:
    """Say why; of one that was replaced the new one's message tells."""
    alone = [one for one in envelopes if one.data.reason]
    telling = Telling(rules.CERTIFICATE_REVOKED, _revocation, _for_some_weeks)
    tell_change(telling, session, alone)


@bus.on(RegistrationSubmitted)
def tell_registrant(session: Session, envelopes: Envelopes) -> None:
    """Confirm that a registration has arrived, and say what comes next."""
    intents = []
    for envelope in envelopes:
        event = envelope.data
        facts = RegistrationFacts(
            registration_id=event.registration_id,
            code=event.code,
            version=1,
            status="submitted",
            meeting=event.meeting,
            participant=event.participant,
            own_link=event.own_link,
        )
        more = _registered_by(event, event.participant.language)
        intents.append(_intent(envelope, facts, event.meeting.ends_at, more))
    tell(session, rules.REGISTRATION_SUBMITTED, intents)


@bus.on(RegistrationErased, first=True)  # it writes alone, and all others share
def forget(session: Session, envelopes: list[Envelope[RegistrationErased]]) -> None:
    """Delete what we said to people whose data was deleted."""
    subjects = [envelope.subject for envelope in envelopes]
    forgetting.erase(session, subjects)
    people.erase(session, subjects)
    bus.forget(session, subjects)


def _intent(
    envelope: Envelope[Any], facts: RegistrationFacts, until: datetime, more: dict[str, str]
) -> Intent:
    person = facts.participant
    return Intent(
        event_id=envelope.id,
        about=envelope.subject,
        version=facts.version,
        traceparent=envelope.traceparent,
        email=person.email,
        phone=person.phone,
        language=person.language,
        region_code=person.region_code,
        expires_at=until,
        person=person.name,
        meeting_slug=facts.meeting.slug,
        values={
            "name": one_line(person.name),
            "code": facts.code,
            "own_link": facts.own_link,
            **meeting_words(facts.meeting, person.language),
            **more,
        },
    )
