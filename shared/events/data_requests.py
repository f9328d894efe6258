from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from shared.events.event import Event, Language
from shared.events.meetings import MeetingFacts

DataRequestKind = Literal["access", "correct", "delete", "stop"]


class _OfRequest(Event):
    request_id: UUID
    kind: DataRequestKind
    region_code: str
    meeting: MeetingFacts

    @property
    def subject(self) -> str:
        """The request's id: what is told of it outlives the registration by some days."""
        return str(self.request_id)


class DataRequestAsked(_OfRequest):
    """A registrant asks for something about their data; it names nobody."""

    type: ClassVar[str] = "id.sejawat.data_request.asked.v1"

    due_at: AwareDatetime  # by law (UU 27/2022)


class DataRequestAnswered(_OfRequest):
    """The host did what was asked, or says why not.

    After a granted deletion nobody knows the person any more, so the event carries how to tell
    them, and its hearer keeps that no longer than telling takes.
    """

    type: ClassVar[str] = "id.sejawat.data_request.answered.v1"

    done: bool
    reason: str  # empty when it is done
    name: str
    email: str | None
    phone: str | None
    language: Language
    own_link: str  # empty when it opens nothing any more
