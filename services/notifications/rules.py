"""Who is told what, when, how and how urgently: one table.

`handlers/` tell what follows from an event, `schedules` and `digests` what comes by the calendar.
"""

from dataclasses import dataclass
from typing import Literal

from services.notifications.providers.base import CHANNELS, Channel
from shared.events import (
    AccountCreated,
    BoothDecided,
    CertificateIssued,
    CertificateRevoked,
    DataRequestAnswered,
    DataRequestAsked,
    Event,
    ImportFinished,
    LibraryReminderDue,
    LibraryReportReturned,
    OwnLinksRequested,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationContactChanged,
    RegistrationCorrected,
    RegistrationRejected,
    RegistrationRescheduled,
    RegistrationReturned,
    RegistrationSubmitted,
    RegistrationWaitlisted,
    ReportFailed,
    ReportFinished,
    SeatOffered,
    SignInCodeRequested,
)

WorkClass = Literal["code", "transactional", "reminder", "bulk", "digest"]
CLASSES: tuple[WorkClass, ...] = ("code", "transactional", "reminder", "bulk", "digest")
# Of these, one too many is better than none when nobody knows the outcome; they come at any hour.
GOES_AGAIN: tuple[WorkClass, ...] = ("code", "transactional")
CAPPED: tuple[WorkClass, ...] = ("bulk", "digest")  # so many a day to one person, and no more
OPENS, CLOSES = 8, 20  # o'clock where the recipient lives, for the other classes


@dataclass(frozen=True, slots=True)
class Schedule:
    """So many days after a meeting's first day, or its last, at this hour on its venue's clock.

    With `eve` it comes at that hour of the evening before, when the meeting begins so early that
    the morning would be too late for somebody in the country (see `schedules`).
    """

    days: int
    hour: int
    after_end: bool = False
    eve: int | None = None


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at this hour where the recipient lives."""

    hour: int


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is part of the identity of every message it causes, so it never changes.

    `trigger` is the event or the schedule that starts it; None: an official does. `template` is a
    folder below `templates/mail`. The first of the `channels` for which there is an address and a
    provider is used; the next one when it fails. The class decides the window. Rules of a `family`
    tell the same sort of news: of one thing the later message of a rule that `overtakes` the
    family makes its earlier ones wrong, so they are no longer told. After a rule that `ends`
    something, nothing that was known about it before is. What officials change of it,
    `rule_settings` knows.
    """

    name: str
    template: str
    work_class: WorkClass
    trigger: type[Event] | Schedule | Daily | None = None
    ends: bool = False
    channels: tuple[Channel, ...] = CHANNELS
    family: str = ""
    overtakes: tuple[str, ...] = ()

    @property
    def may_be_off(self) -> bool:
        """Without a code nobody gets in, so that one is always told."""
        return self.work_class != "code"


# Where a registration stands. Each of these tells the code, the meeting, the own link and what
# comes next, so whoever gets the last one misses nothing but what is over: that the host was going
# to look, what was to be corrected, until when a seat was held. The first one overtakes nothing,
# and those that end it overtake all.
_STANDING = "standing"
# When and where: the last one holds, and it also says where the registration stands. One that says
# where it stands tells the new date too, but not that it is new.
_DATE = "date"

REGISTRATION_SUBMITTED = Rule(
    "registration-submitted",
    "registration_submitted",
    "transactional",
    RegistrationSubmitted,
    family=_STANDING,
)
REGISTRATION_WAITLISTED = Rule(
    "registration-waitlisted",
    "registration_waitlisted",
    "transactional",
    RegistrationWaitlisted,
    family=_STANDING,
    overtakes=(_STANDING,),
)
REGISTRATION_APPROVED = Rule(
    "registration-approved",
    "registration_approved",
    "transactional",
    RegistrationApproved,
    family=_STANDING,
    overtakes=(_STANDING,),
)
REGISTRATION_RETURNED = Rule(
    "registration-returned",
    "registration_returned",
    "transactional",
    RegistrationReturned,
    family=_STANDING,
    overtakes=(_STANDING,),
)
REGISTRATION_CORRECTED = Rule(
    "registration-corrected",
    "registration_corrected",
    "transactional",
    RegistrationCorrected,
    family=_STANDING,
    overtakes=(_STANDING,),
)
REGISTRATION_REJECTED = Rule(
    "registration-rejected",
    "registration_rejected",
    "transactional",
    RegistrationRejected,
    ends=True,
    family=_STANDING,
)
REGISTRATION_CANCELLED = Rule(
    "registration-cancelled",
    "registration_cancelled",
    "transactional",
    RegistrationCancelled,
    ends=True,
    family=_STANDING,
)
SEAT_OFFERED = Rule(
    "seat-offered",
    "seat_offered",
    "transactional",
    SeatOffered,
    family=_STANDING,
    overtakes=(_STANDING,),
)
REGISTRATION_RESCHEDULED = Rule(
    "registration-rescheduled",
    "registration_rescheduled",
    "transactional",
    RegistrationRescheduled,
    family=_DATE,
    overtakes=(_DATE, _STANDING),
)
BOOTH_DECIDED = Rule("booth-decided", "booth_decided", "transactional", BoothDecided)
CERTIFICATE_ISSUED = Rule(
    "certificate-issued", "certificate_issued", "transactional", CertificateIssued
)
CERTIFICATE_REVOKED = Rule(
    "certificate-revoked", "certificate_revoked", "transactional", CertificateRevoked
)
CONTACT_CHANGED = Rule(
    "contact-changed", "contact_changed", "transactional", RegistrationContactChanged
)
DATA_REQUEST_ASKED = Rule(
    "data-request-asked", "data_request_asked", "transactional", DataRequestAsked
)
DATA_REQUEST_ANSWERED = Rule(
    "data-request-answered", "data_request_answered", "transactional", DataRequestAnswered
)
OWN_LINKS = Rule("own-links", "own_links", "transactional", OwnLinksRequested)
SIGN_IN_CODE = Rule("sign-in-code", "sign_in_code", "code", SignInCodeRequested)
ACCOUNT_CREATED = Rule("account-created", "account_created", "transactional", AccountCreated)
REMINDER_WEEK = Rule("reminder-week", "reminder_week", "reminder", Schedule(days=-7, hour=9))
REMINDER_DAY = Rule("reminder-day", "reminder_day", "reminder", Schedule(days=-1, hour=9))
REMINDER_MORNING = Rule(
    "reminder-morning", "reminder_morning", "reminder", Schedule(days=0, hour=OPENS, eve=18)
)
THANKS = Rule("thanks", "thanks", "reminder", Schedule(days=1, hour=10, after_end=True))
LIBRARY_REMINDER = Rule("library-reminder", "library_reminder", "reminder", LibraryReminderDue)
SILENT_DIGEST = Rule("silent-digest", "silent_digest", "digest", Daily(hour=OPENS))
PENDING_DIGEST = Rule("pending-digest", "pending_digest", "digest", Daily(hour=OPENS))
REPORT_READY = Rule("report-ready", "report_ready", "transactional", ReportFinished)
REPORT_FAILED = Rule("report-failed", "report_failed", "transactional", ReportFailed)
REPORT_RETURNED = Rule("report-returned", "report_returned", "transactional", LibraryReportReturned)
IMPORT_FINISHED = Rule("import-finished", "import_finished", "transactional", ImportFinished)
ANNOUNCEMENT = Rule("announcement", "announcement", "bulk")

ALL = tuple(value for value in tuple(globals().values()) if isinstance(value, Rule))
OVERTAKEN_BY = {
    rule.name: [newer.name for newer in ALL if newer.ends or rule.family in newer.overtakes]
    for rule in ALL
}
"""By which rules' later messages about the same thing a rule's earlier ones are no longer told."""
