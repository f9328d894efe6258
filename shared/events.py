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


SUBSCRIBERS: Subscribers = {
    MeetingPublished: ("reporting",),
    RegistrationSubmitted: ("notifications", "reporting"),
    RegistrationImported: ("reporting",),
}
