"""Who is told what, and how urgent it is. `handlers.py` says which event starts a rule."""

from dataclasses import dataclass
from typing import Literal

WorkClass = Literal["code", "transactional", "reminder", "bulk", "digest"]


@dataclass(frozen=True, slots=True)
class Rule:
    """`name` is part of the identity of every message it causes, so it never changes.

    `template` is a folder below `templates/mail`. A message of class `code` or `transactional`
    whose outcome nobody knows goes again, as one too many is better than none; a reminder or an
    announcement does not.
    """

    name: str
    template: str
    work_class: WorkClass


REGISTRATION_SUBMITTED = Rule(
    "registration-submitted", template="registration_submitted", work_class="transactional"
)
