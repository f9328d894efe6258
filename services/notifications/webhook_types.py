"""What other systems may hear of: public names of events, and what each of them is told."""

from dataclasses import dataclass
from typing import Any

from shared.bus import Envelope
from shared.events import (
    SUBSCRIBERS,
    AttendanceChanged,
    BoothDecided,
    CertificateIssued,
    CertificateRevoked,
    Event,
    MeetingCancelled,
    MeetingPublished,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationCorrected,
    RegistrationErased,
    RegistrationImported,
    RegistrationRejected,
    RegistrationRescheduled,
    RegistrationReturned,
    RegistrationSubmitted,
    RegistrationWaitlisted,
    SeatOffered,
)
from shared.web import gettext_noop as _

# What opens something for whoever holds it is nobody else's: the link to a registration's own page,
# and the code on the ticket. What is for an account alone is no public event at all.
SECRETS = frozenset({"own_link", "links", "link", "code"})
TEST = "webhook.test"  # by an official's hand, so nobody chooses it
ERASED = "registration.erased"


@dataclass(frozen=True, slots=True)
class PublicType:
    """`name` never changes. A receiver ignores fields that it does not know: there may be more."""

    name: str
    label: str


_ALL: dict[type[Event], PublicType] = {
    MeetingPublished: PublicType("meeting.published", _("Pertemuan diumumkan atau berubah")),
    MeetingCancelled: PublicType("meeting.cancelled", _("Pertemuan dibatalkan")),
    RegistrationSubmitted: PublicType("registration.submitted", _("Pendaftaran masuk")),
    RegistrationImported: PublicType("registration.imported", _("Peserta dicatat dari daftar")),
    RegistrationWaitlisted: PublicType("registration.waitlisted", _("Masuk daftar tunggu")),
    RegistrationApproved: PublicType("registration.approved", _("Pendaftaran disetujui")),
    RegistrationReturned: PublicType("registration.returned", _("Pendaftaran perlu diperbaiki")),
    RegistrationCorrected: PublicType("registration.corrected", _("Pendaftaran diperbaiki")),
    RegistrationRejected: PublicType("registration.rejected", _("Pendaftaran tidak disetujui")),
    RegistrationCancelled: PublicType("registration.cancelled", _("Pendaftaran dibatalkan")),
    SeatOffered: PublicType("registration.seat_offered", _("Kursi ditawarkan")),
    RegistrationRescheduled: PublicType(
        "registration.rescheduled", _("Jadwal atau tempat berubah bagi peserta")
    ),
    AttendanceChanged: PublicType("attendance.changed", _("Kehadiran dicatat atau dibatalkan")),
    BoothDecided: PublicType("booth.decided", _("Lapak mini diterima atau ditolak")),
    CertificateIssued: PublicType("certificate.issued", _("Sertifikat terbit")),
    CertificateRevoked: PublicType("certificate.revoked", _("Sertifikat dicabut")),
}

# Those that this service hears itself.
TYPES: dict[type[Event], PublicType] = {
    event_class: public
    for event_class, public in _ALL.items()
    if "notifications" in SUBSCRIBERS[event_class]
}
NAMES: dict[type[Event], str] = {event: public.name for event, public in TYPES.items()} | {
    RegistrationErased: ERASED
}
LABELS: dict[str, str] = {public.name: public.label for public in TYPES.values()}


def payload(envelope: Envelope[Any]) -> dict[str, Any]:
    """What a receiver is told of an event."""
    return {
        "type": NAMES[type(envelope.data)],
        "timestamp": envelope.time.isoformat().replace("+00:00", "Z"),
        "data": _open(envelope.data.model_dump(mode="json")),
    }


def region(event: Any) -> str:
    """Whose officials may see an event: those of the person's region, or of the meeting's.

    Empty when the event does not say: then it is that of the registration it is about.
    """
    if isinstance(event, AttendanceChanged):
        return ""
    if isinstance(event, MeetingPublished | MeetingCancelled):
        return event.meeting.province_code
    whole = isinstance(event, RegistrationSubmitted | RegistrationImported)
    about = event if whole else event.registration
    return str(about.participant.region_code)


def _open(facts: Any) -> Any:
    """Facts at any depth, without what opens something."""
    if isinstance(facts, dict):
        return {name: _open(value) for name, value in facts.items() if name not in SECRETS}
    return [_open(one) for one in facts] if isinstance(facts, list) else facts
