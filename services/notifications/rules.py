"""Who is told what, and how urgent it is. `handlers/` says which event starts a rule."""

from dataclasses import dataclass
from typing import Literal

from services.notifications.providers.base import CHANNELS, Channel

WorkClass = Literal["code", "transactional", "reminder", "bulk", "digest"]
CLASSES: tuple[WorkClass, ...] = ("code", "transactional", "reminder", "bulk", "digest")
# Of these, one too many is better than none when nobody knows the outcome; they come at any hour.
GOES_AGAIN: tuple[WorkClass, ...] = ("code", "transactional")
OPENS, CLOSES = 8, 20  # o'clock where the recipient lives, for the other classes


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is part of the identity of every message it causes, so it never changes.

    `template` is a folder below `templates/mail`. The first of the `channels` for which there is an
    address and a provider is used; the next one when it fails. After a rule that `ends` something,
    what was known about it before is no longer told.
    """

    name: str
    template: str
    work_class: WorkClass
    ends: bool = False
    channels: tuple[Channel, ...] = CHANNELS


REGISTRATION_SUBMITTED = Rule(
    "registration-submitted", template="registration_submitted", work_class="transactional"
)
REGISTRATION_WAITLISTED = Rule(
    "registration-waitlisted", template="registration_waitlisted", work_class="transactional"
)
REGISTRATION_APPROVED = Rule(
    "registration-approved", template="registration_approved", work_class="transactional"
)
REGISTRATION_RETURNED = Rule(
    "registration-returned", template="registration_returned", work_class="transactional"
)
REGISTRATION_CORRECTED = Rule(
    "registration-corrected", template="registration_corrected", work_class="transactional"
)
REGISTRATION_REJECTED = Rule(
    "registration-rejected",
    template="registration_rejected",
    work_class="transactional",
    ends=True,
)
REGISTRATION_CANCELLED = Rule(
    "registration-cancelled",
    template="registration_cancelled",
    work_class="transactional",
    ends=True,
)
SEAT_OFFERED = Rule("seat-offered", template="seat_offered", work_class="transactional")
REGISTRATION_RESCHEDULED = Rule(
    "registration-rescheduled", template="registration_rescheduled", work_class="transactional"
)
OWN_LINKS = Rule("own-links", template="own_links", work_class="transactional")
SIGN_IN_CODE = Rule("sign-in-code", template="sign_in_code", work_class="code")
ACCOUNT_CREATED = Rule("account-created", template="account_created", work_class="transactional")
CERTIFICATE_ISSUED = Rule(
    "certificate-issued", template="certificate_issued", work_class="transactional"
)
CERTIFICATE_REVOKED = Rule(
    "certificate-revoked", template="certificate_revoked", work_class="transactional"
)

ALL = tuple(value for value in tuple(globals().values()) if isinstance(value, Rule))
ENDING = tuple(rule.name for rule in ALL if rule.ends)
