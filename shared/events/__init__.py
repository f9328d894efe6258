"""Every event that crosses a border, and who hears it: the whole contract, told on this page.

An event is a fact about the past. Its released shape never changes: a new shape is a new version
beside the old one (`...v2`). `tests/golden/` holds one JSON of each, `docs/asyncapi.yaml` is made
from this package, and tests fail when either no longer fits.
"""

from shared.events.accounts import AccountChanged, AccountCreated, SignInCodeRequested
from shared.events.activities import ActivityReturned, LibraryReportReturned, ReturnedReport
from shared.events.booths import BoothDecided
from shared.events.certificates import CertificateIssued, CertificateRevoked
from shared.events.data_requests import DataRequestAnswered, DataRequestAsked
from shared.events.event import Event, Facts, Language
from shared.events.imports import ImportFinished
from shared.events.libraries import LibraryChanged, LibraryReminderDue, LibrarySilent
from shared.events.meetings import MeetingCancelled, MeetingFacts, MeetingPublished
from shared.events.registrations import (
    AttendanceChanged,
    OwnLink,
    OwnLinksRequested,
    Participant,
    ParticipantType,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationContactChanged,
    RegistrationCorrected,
    RegistrationErased,
    RegistrationEvent,
    RegistrationFacts,
    RegistrationImported,
    RegistrationRejected,
    RegistrationRescheduled,
    RegistrationReturned,
    RegistrationStatus,
    RegistrationSubmitted,
    RegistrationWaitlisted,
    SeatOffered,
)
from shared.events.reports import ReportEvent, ReportFailed, ReportFinished

Subscribers = dict[type[Event], tuple[str, ...]]

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
    RegistrationContactChanged: ("notifications",),
    RegistrationErased: ("notifications", "reporting"),
    OwnLinksRequested: ("notifications",),
    DataRequestAsked: ("notifications",),
    DataRequestAnswered: ("notifications",),
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
    BoothDecided: ("notifications",),
    CertificateIssued: ("notifications", "reporting"),
    CertificateRevoked: ("notifications", "reporting"),
}

__all__ = [
    "SUBSCRIBERS",
    "AccountChanged",
    "AccountCreated",
    "ActivityReturned",
    "AttendanceChanged",
    "BoothDecided",
    "CertificateIssued",
    "CertificateRevoked",
    "DataRequestAnswered",
    "DataRequestAsked",
    "Event",
    "Facts",
    "ImportFinished",
    "Language",
    "LibraryChanged",
    "LibraryReminderDue",
    "LibraryReportReturned",
    "LibrarySilent",
    "MeetingCancelled",
    "MeetingFacts",
    "MeetingPublished",
    "OwnLink",
    "OwnLinksRequested",
    "Participant",
    "ParticipantType",
    "RegistrationApproved",
    "RegistrationCancelled",
    "RegistrationContactChanged",
    "RegistrationCorrected",
    "RegistrationErased",
    "RegistrationEvent",
    "RegistrationFacts",
    "RegistrationImported",
    "RegistrationRejected",
    "RegistrationRescheduled",
    "RegistrationReturned",
    "RegistrationStatus",
    "RegistrationSubmitted",
    "RegistrationWaitlisted",
    "ReportEvent",
    "ReportFailed",
    "ReportFinished",
    "ReturnedReport",
    "SeatOffered",
    "SignInCodeRequested",
    "Subscribers",
]
