from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.events.event import Event, Facts, Language
from shared.events.meetings import MeetingFacts

ParticipantType = Literal[
    "province_library", "regency_library", "village_library", "champion_village", "impact"
]
RegistrationStatus = Literal[
    "submitted", "needs_correction", "approved", "waiting", "offered", "rejected", "cancelled"
]


class Participant(Facts):
    """A person as written on the registration form. E-mail or phone (E.164) is there, or both."""

    name: str
    email: str | None
    phone: str | None
    language: Language
    participant_type: ParticipantType
    region_code: str
    library_name: str
    position: str


class _OfRegistration(Event):
    registration_id: UUID

    @property
    def subject(self) -> str:
        """The registration's id."""
        return str(self.registration_id)


class _NewRegistration(_OfRegistration):
    code: str
    submitted_at: datetime
    meeting: MeetingFacts
    participant: Participant


class RegistrationSubmitted(_NewRegistration):
    """Somebody registered for a meeting and holds a seat until the host decides."""

    type: ClassVar[str] = "id.sejawat.registration.submitted.v1"

    own_link: str  # absolute and signed: whoever holds it may see and change this registration
    registered_by: str = ""  # the official who did it for them; empty: they did it themselves


class RegistrationImported(_NewRegistration):
    """A participant was entered afterwards from a paper list; nobody waits for a message."""

    type: ClassVar[str] = "id.sejawat.registration.imported.v1"


class RegistrationFacts(Facts):
    """A registration after a change. `version` grows with each; a hearer keeps the highest."""

    registration_id: UUID
    code: str
    version: int
    status: RegistrationStatus
    meeting: MeetingFacts
    participant: Participant
    own_link: str  # absolute and signed: whoever holds it may see and change this registration


class RegistrationEvent(Event):
    """What the changes of a registration have in common; itself never sent."""

    registration: RegistrationFacts

    @property
    def subject(self) -> str:
        """The registration's id."""
        return str(self.registration.registration_id)


class RegistrationWaitlisted(RegistrationEvent):
    """All seats that fit are taken: somebody waits for one, after those who came before."""

    type: ClassVar[str] = "id.sejawat.registration.waitlisted.v1"

    registered_by: str = ""  # as of `RegistrationSubmitted`


class RegistrationApproved(RegistrationEvent):
    """The host approved, or an offered seat was accepted: the ticket is good."""

    type: ClassVar[str] = "id.sejawat.registration.approved.v1"


class RegistrationReturned(RegistrationEvent):
    """The host asks for a correction; the seat is kept meanwhile."""

    type: ClassVar[str] = "id.sejawat.registration.returned.v1"

    reason: str


class RegistrationCorrected(RegistrationEvent):
    """The registrant changed what they had written."""

    type: ClassVar[str] = "id.sejawat.registration.corrected.v1"


class RegistrationRejected(RegistrationEvent):
    """The host said no; the seat is free."""

    type: ClassVar[str] = "id.sejawat.registration.rejected.v1"

    reason: str


class RegistrationCancelled(RegistrationEvent):
    """The registrant, the host, an offer's end or the whole meeting's cancellation ended it."""

    type: ClassVar[str] = "id.sejawat.registration.cancelled.v1"

    by: Literal["registrant", "host", "expiry", "meeting"]
    reason: str


class SeatOffered(RegistrationEvent):
    """A seat came free and is held for this person until `expires_at`."""

    type: ClassVar[str] = "id.sejawat.registration.seat_offered.v1"

    expires_at: AwareDatetime


class RegistrationRescheduled(RegistrationEvent):
    """The meeting of somebody who comes has another time or place; `meeting` says the new one."""

    type: ClassVar[str] = "id.sejawat.registration.rescheduled.v1"


class RegistrationContactChanged(_OfRegistration):
    """A registrant's e-mail or number was replaced; `email` and `phone` are those that were.

    Only the one that changed is there: whoever reads it hears that it was not they, if it was not.
    """

    type: ClassVar[str] = "id.sejawat.registration.contact_changed.v1"

    name: str
    email: str | None
    phone: str | None
    language: Language
    region_code: str
    meeting: MeetingFacts


class RegistrationErased(_OfRegistration):
    """A person's data was deleted: whoever keeps a copy of it deletes that too."""

    type: ClassVar[str] = "id.sejawat.registration.erased.v1"


class OwnLink(Facts):
    """One registration's own page, for whoever asked for it again."""

    name: str
    meeting: MeetingFacts
    own_link: str


class OwnLinksRequested(Event):
    """Somebody who holds this address or number lost the links to their registrations."""

    type: ClassVar[str] = "id.sejawat.registration.links_requested.v1"

    request_id: UUID
    email: str | None
    phone: str | None
    language: Language
    region_code: str
    links: tuple[OwnLink, ...]

    @property
    def subject(self) -> str:
        """The request's id."""
        return str(self.request_id)


class AttendanceChanged(_OfRegistration):
    """Somebody was checked in for a day or a session, or that was undone.

    Of two facts about the same registration, day and session the later `changed_at` holds.
    """

    type: ClassVar[str] = "id.sejawat.attendance.changed.v1"

    meeting_slug: str
    day: date
    session_id: UUID | None
    present: bool
    changed_at: AwareDatetime
