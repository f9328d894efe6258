from datetime import date
from typing import ClassVar

from pydantic import AwareDatetime

from shared.events.event import Event, Facts


class MeetingFacts(Facts):
    """What others need to know of a meeting. Times are in the venue's zone (an IANA name)."""

    slug: str
    version: int  # grows with each change; a hearer keeps the highest it has seen
    title: str
    province_code: str
    venue: str
    zone: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    days: tuple[date, ...]


class _MeetingEvent(Event):
    meeting: MeetingFacts

    @property
    def subject(self) -> str:
        """The meeting's slug."""
        return self.meeting.slug


class MeetingPublished(_MeetingEvent):
    """A meeting is open to the public, or its published facts changed."""

    type: ClassVar[str] = "id.sejawat.meeting.published.v1"


class MeetingCancelled(_MeetingEvent):
    """The host called the meeting off; each registration's own end follows as an event."""

    type: ClassVar[str] = "id.sejawat.meeting.cancelled.v1"

    reason: str
