"""Every event that crosses a border, and who hears it: the whole contract on one page.

An event is a fact about the past. Its released shape never changes: a new shape is a new version
beside the old one (`...v2`). `tests/golden/` holds one JSON of each, `docs/asyncapi.yaml` is made
from this page, and tests fail when either no longer fits.
"""

import builtins
from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

Subscribers = dict[type["Event"], tuple[str, ...]]
ParticipantType = Literal[
    "province_library", "regency_library", "village_library", "champion_village", "impact"
]
RegistrationStatus = Literal[
    "submitted", "needs_correction", "approved", "waiting", "offered", "rejected", "cancelled"
]
Language = Literal["id", "en"]


class Event(BaseModel):
    """A fact. A reader ignores fields it does not know, so a publisher may be newer than it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    known: ClassVar[dict[str, builtins.type["Event"]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Let the inbox find the class by its CloudEvents type."""
        super().__pydantic_init_subclass__(**kwargs)
        if cls.type:
            Event.known[cls.type] = cls

    @property
    def subject(self) -> str:
        """What the fact is about: the id of a thing in its owner's database."""
        raise NotImplementedError


class MeetingFacts(BaseModel):
    """What others need to know of a meeting. Times are in the venue's zone (an IANA name)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    slug: str
    version: int  # grows with each change; a hearer keeps the highest it has seen
    title: str
    province_code: str
    venue: str
    zone: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    days: tuple[date, ...]


class MeetingPublished(Event):
    """A meeting is open to the public, or its published facts changed."""

    type: ClassVar[str] = "id.sejawat.meeting.published.v1"

    meeting: MeetingFacts

    @property
    def subject(self) -> str:
        """The meeting's slug."""
        return self.meeting.slug


class Participant(BaseModel):
    """A person as written on the registration form. E-mail or phone (E.164) is there, or both."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    email: str | None
    phone: str | None
    language: Language
    participant_type: ParticipantType
    region_code: str
    library_name: str
    position: str


class RegistrationSubmitted(Event):
    """Somebody registered for a meeting and holds a seat until the host decides."""

    type: ClassVar[str] = "id.sejawat.registration.submitted.v1"

    registration_id: UUID
    code: str
    submitted_at: datetime
    meeting: MeetingFacts
    participant: Participant
    own_link: str  # absolute and signed: whoever holds it may see and change this registration

    @property
    def subject(self) -> str:
        """The registration's id."""
        return str(self.registration_id)


class RegistrationImported(Event):
    """A participant was entered afterwards from a paper list; nobody waits for a message."""

    type: ClassVar[str] = "id.sejawat.registration.imported.v1"

    registration_id: UUID
    code: str
    submitted_at: datetime
    meeting: MeetingFacts
    participant: Participant

    @property
    def subject(self) -> str:
        """The registration's id."""
        return str(self.registration_id)


class RegistrationFacts(BaseModel):
    """A registration after a change. `version` grows with each; a hearer keeps the highest."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    registration_id: UUID
    code: str
    version: int
    status: RegistrationStatus
    meeting: MeetingFacts
    participant: Participant
    own_link: str  # absolute and signed: whoever holds it may see and change this registration


class RegistrationEvent(Event):
    """What the events below have in common; itself never sent."""

    type: ClassVar[str] = ""

    registration: RegistrationFacts

    @property
    def subject(self) -> str:
        """The registration's id."""
        return str(self.registration.registration_id)


class RegistrationWaitlisted(RegistrationEvent):
    """All seats that fit are taken: somebody waits for one, after those who came before."""

    type: ClassVar[str] = "id.sejawat.registration.waitlisted.v1"


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


class RegistrationErased(Event):
    """A person's data was deleted: whoever keeps a copy of it deletes that too."""

    type: ClassVar[str] = "id.sejawat.registration.erased.v1"

    registration_id: UUID

    @property
    def subject(self) -> str:
        """The registration's id."""
        return str(self.registration_id)


class OwnLink(BaseModel):
    """One registration's own page, for whoever asked for it again."""

    model_config = ConfigDict(frozen=True, extra="ignore")

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


class SignInCodeRequested(Event):
    """Somebody signs in with a code, which must arrive within seconds."""

    type: ClassVar[str] = "id.sejawat.account.code_requested.v1"

    code_id: UUID
    email: str | None  # one of the two: where the code goes
    phone: str | None
    language: Language
    region_code: str
    code: str
    expires_at: AwareDatetime

    @property
    def subject(self) -> str:
        """The code's id."""
        return str(self.code_id)


class AccountCreated(Event):
    """Somebody got an account, or may choose a new password; `link` is where."""

    type: ClassVar[str] = "id.sejawat.account.created.v1"

    request_id: UUID
    name: str
    email: str | None
    phone: str | None
    language: Language
    role: str
    region_code: str
    link: str  # absolute, signed, good for days
    expires_at: AwareDatetime

    @property
    def subject(self) -> str:
        """The request's id."""
        return str(self.request_id)


class AccountChanged(Event):
    """An account was made, changed, disabled or enabled; also told again when somebody asks."""

    type: ClassVar[str] = "id.sejawat.account.changed.v1"

    account_id: UUID
    version: int  # grows with each change; a hearer keeps the highest it has seen
    name: str
    email: str | None
    phone: str | None
    language: Language
    role: str
    region_code: str
    active: bool

    @property
    def subject(self) -> str:
        """The account's id."""
        return str(self.account_id)


class LibraryChanged(Event):
    """A library came into the directory, changed, or was merged into another one.

    No contact of it: whoever wants to reach a library asks registration, by an event.
    """

    type: ClassVar[str] = "id.sejawat.library.changed.v1"

    library_id: UUID
    version: int  # grows with each change; a hearer keeps the highest it has seen
    name: str
    kind: Literal["province", "regency", "village", "tbm", "other"]
    region_code: str
    partner_status: Literal["none", "partner", "self_funded", "champion"]
    joined_year: int | None
    merged_into: UUID | None

    @property
    def subject(self) -> str:
        """The library's id."""
        return str(self.library_id)


class LibrarySilent(Event):
    """A library has not reported a month that is over.

    Steps 1 and 2 are for the library, while a report still comes in time; step 3 is for its
    kab/kota. Each is said once. No contact of it: whoever reaches libraries knows that.
    """

    type: ClassVar[str] = "id.sejawat.library.silent.v1"

    library_id: UUID
    name: str
    region_code: str
    month: date  # its first day
    step: Literal[1, 2, 3]
    deadline: date  # the last day on which a report comes in time
    link: str  # absolute and signed: whoever holds it reports for the library

    @property
    def subject(self) -> str:
        """The library's id."""
        return str(self.library_id)


class LibraryReminderDue(Event):
    """A library that has not reported can be reached: this is how, and what to remind it of."""

    type: ClassVar[str] = "id.sejawat.library.reminder_due.v1"

    library_id: UUID
    library_name: str
    name: str  # of the contact; may be empty
    email: str | None  # one of the two is there, or both
    phone: str | None
    language: Language
    region_code: str
    month: date
    step: Literal[1, 2]
    deadline: date
    link: str

    @property
    def subject(self) -> str:
        """The library's id."""
        return str(self.library_id)


class ReturnedReport(BaseModel):
    """A library's report that somebody has to correct, as it was sent back."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    activity_id: UUID
    revision: int  # which it became by that
    library_id: UUID
    library_name: str
    region_code: str
    stream: str  # pelibatan, advokasi, ...
    every: Literal["day", "month", "half_year"]  # what one report of it is about
    title: str  # may be empty
    day: date  # of a month or half year the first one
    comment: str  # what is to be corrected
    others: int  # of the same library, sent back with it and with the same words
    link: str  # absolute and signed: whoever holds it reports for the library


class ActivityReturned(Event):
    """An official has sent reports of a library back: one fact a library and decision."""

    type: ClassVar[str] = "id.sejawat.activity.returned.v1"

    report: ReturnedReport

    @property
    def subject(self) -> str:
        """The report's id."""
        return str(self.report.activity_id)


class LibraryReportReturned(Event):
    """The library whose report was sent back can be reached: this is how."""

    type: ClassVar[str] = "id.sejawat.library.report_returned.v1"

    report: ReturnedReport
    name: str  # of the contact; may be empty
    email: str | None  # one of the two is there, or both
    phone: str | None
    language: Language

    @property
    def subject(self) -> str:
        """The report's id."""
        return str(self.report.activity_id)


class AttendanceChanged(Event):
    """Somebody was checked in for a day or a session, or that was undone.

    Of two facts about the same registration, day and session the later `changed_at` holds.
    """

    type: ClassVar[str] = "id.sejawat.attendance.changed.v1"

    registration_id: UUID
    meeting_slug: str
    day: date
    session_id: UUID | None
    present: bool
    changed_at: AwareDatetime

    @property
    def subject(self) -> str:
        """The registration's id."""
        return str(self.registration_id)


class CertificateIssued(RegistrationEvent):
    """A participant has a certificate; `own_link` leads to it, `verify_link` proves it."""

    type: ClassVar[str] = "id.sejawat.certificate.issued.v1"

    certificate_id: UUID
    number: str
    jp: int
    verify_link: str


class CertificateRevoked(RegistrationEvent):
    """A certificate is no longer valid."""

    type: ClassVar[str] = "id.sejawat.certificate.revoked.v1"

    certificate_id: UUID
    number: str
    reason: str


class MeetingCancelled(Event):
    """The host called the meeting off; each registration's own end follows as an event."""

    type: ClassVar[str] = "id.sejawat.meeting.cancelled.v1"

    meeting: MeetingFacts
    reason: str

    @property
    def subject(self) -> str:
        """The meeting's slug."""
        return self.meeting.slug


class ReportEvent(Event):
    """What the two ends of an ordered report have in common; itself never sent.

    `link` is the report's page, which asks for a sign-in: it opens nothing by itself.
    """

    type: ClassVar[str] = ""

    report_id: UUID
    kind: str
    format: str
    requested_by: str  # the account's id
    region_code: str  # what it is of; empty: the country
    period: str  # 2026-03, 2026-Q1 or 2026; empty: of a meeting
    meeting: str  # its slug; empty: of a period
    scheduled: bool  # nobody ordered it just now
    link: str

    @property
    def subject(self) -> str:
        """The report's id."""
        return str(self.report_id)


class ReportFinished(ReportEvent):
    """An ordered report is there."""

    type: ClassVar[str] = "id.sejawat.report.finished.v1"

    row_count: int
    until: AwareDatetime  # then it is deleted


class ReportFailed(ReportEvent):
    """An ordered report could not be made, and is not tried again."""

    type: ClassVar[str] = "id.sejawat.report.failed.v1"

    reason: str  # gave-up or out-of-scope


class ImportFinished(Event):
    """A spreadsheet that somebody handed in is done, or has failed. What was taken of it stays.

    `link` is the import's page, which asks for a sign-in: it opens nothing by itself.
    """

    type: ClassVar[str] = "id.sejawat.import.finished.v1"

    import_id: UUID
    kind: str  # registrations, libraries or people
    requested_by: str  # the account's id
    region_code: str  # the scope in which rows were accepted; empty: the country
    file_name: str
    state: Literal["done", "failed"]
    taken: int  # rows that are new here
    waiting: int  # on a waiting list
    completed: int  # known before, and they say more now
    already: int  # known before
    refused: int
    faulty: int  # with a mistake, and so never tried
    link: str

    @property
    def subject(self) -> str:
        """The import's id."""
        return str(self.import_id)


SUBSCRIBERS: Subscribers = {
    MeetingPublished: ("notifications", "reporting"),
    MeetingCancelled: ("notifications", "reporting"),
    RegistrationSubmitted: ("notifications", "reporting"),
    RegistrationImported: ("notifications", "reporting"),
    RegistrationWaitlisted: ("notifications", "reporting"),
    RegistrationApproved: ("notifications", "reporting"),
    RegistrationReturned: ("notifications", "reporting"),
    RegistrationCorrected: ("notifications", "reporting"),
    RegistrationRejected: ("notifications", "reporting"),
    RegistrationCancelled: ("notifications", "reporting"),
    SeatOffered: ("notifications", "reporting"),
    RegistrationRescheduled: ("notifications",),
    RegistrationErased: ("notifications", "reporting"),
    OwnLinksRequested: ("notifications",),
    SignInCodeRequested: ("notifications",),
    AccountCreated: ("notifications",),
    AccountChanged: ("notifications", "reporting"),
    AttendanceChanged: ("notifications", "reporting"),
    LibraryChanged: ("reporting",),
    LibrarySilent: ("registration", "notifications"),
    LibraryReminderDue: ("notifications",),
    ActivityReturned: ("registration",),
    LibraryReportReturned: ("notifications",),
    ReportFinished: ("notifications",),
    ReportFailed: ("notifications",),
    ImportFinished: ("notifications",),
    CertificateIssued: ("notifications", "reporting"),
    CertificateRevoked: ("notifications", "reporting"),
}
