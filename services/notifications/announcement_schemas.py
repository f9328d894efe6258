"""Shapes of announcements: what an official writes, and what we tell about it."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared import regions
from shared.events import ParticipantType, RegistrationStatus

Kind = Literal["participants", "officials"]
OfficialRole = Literal["library", "master_trainer", "regency", "province", "national"]
WayOut = Literal["email", "whatsapp", "sms"]
AnnouncementState = Literal["draft", "writing", "sending", "paused", "done", "cancelled"]

SHORT = 900  # characters that fit WhatsApp, which takes 1,024 with our own around them

# PostgreSQL refuses NUL; what is unseen could turn the direction of a text.
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    r"\ud800-\udfff\ufeff\ufffe\uffff]"
)


def _line(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError("unreadable", "unreadable characters")
    return value


def _lines(value: str) -> str:
    """Paragraphs with one empty line between them, whatever was typed."""
    kept = [_line(line).rstrip() for line in value.replace("\r\n", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")


def _region(value: str) -> str:
    if value and regions.find(value) is None:
        raise PydanticCustomError("region", "unknown region")
    return value


def _distinct(values: list[WayOut]) -> list[WayOut]:
    return list(dict.fromkeys(values))


def _later(value: datetime) -> datetime:
    if value <= datetime.now(UTC):
        raise PydanticCustomError("past", "a moment that is over")
    return value


def _text(most: int, least: int) -> object:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most)


Subject = Annotated[str, _text(120, 3), AfterValidator(_line)]
Body = Annotated[str, _text(4000, 3), AfterValidator(_lines)]
Code = Annotated[str, _text(13, 0), AfterValidator(_line), AfterValidator(_region)]
Slug = Annotated[str, _text(80, 0), AfterValidator(_line)]


class Audience(BaseModel):
    """Who is asked for; always within the author's own reach, see `audience.people`.

    Whatever is empty does not narrow it. Without `statuses` nobody is meant who was refused or
    does not come any more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    region_code: Code = ""
    meeting: Slug = Field("", description="The meeting's slug; of participants only")
    statuses: tuple[RegistrationStatus, ...] = Field((), description="Of participants only")
    participant_types: tuple[ParticipantType, ...] = Field((), description="Of participants only")
    roles: tuple[OfficialRole, ...] = Field((), description="Of officials only")


class AnnouncementForm(BaseModel):
    """One text, and to whom it goes. The text is plain: an empty line parts two paragraphs.

    Whoever reads English gets the English text if there is one, and else the Indonesian.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Subject
    body: Body
    subject_en: Annotated[str, _text(120, 0), AfterValidator(_line)] = ""
    body_en: Annotated[str, _text(4000, 0), AfterValidator(_lines)] = ""
    audience: Audience
    channels: Annotated[list[WayOut], Field(min_length=1), AfterValidator(_distinct)] = Field(
        description="In order: the next one where the one before it does not reach somebody"
    )
    expires_at: Annotated[AwareDatetime, AfterValidator(_later)] | None = Field(
        None, description="Later than this nothing is sent; without it, 3 days after the start"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if bool(self.subject_en) != bool(self.body_en):
            raise PydanticCustomError("english", "the subject or the text is missing in English")
        short = set(self.channels) - {"email"}
        if short and max(len(self.body), len(self.body_en)) > SHORT:
            raise PydanticCustomError("too-long", "WhatsApp and SMS take 900 characters at most")
        return self


class HistoryEntry(BaseModel):
    """Who did what to it, and when."""

    action: str
    actor: str
    at: AwareDatetime


class AnnouncementSummary(BaseModel):
    """An announcement in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    subject: str
    state: AnnouncementState
    region_code: str = Field(description="Of who wrote it; empty is the whole country")
    author: str
    recipients: int | None = Field(description="As counted at the start")
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None


class AnnouncementList(BaseModel):
    """One page of announcements; `next` is the `after` of the next page, if there is one."""

    items: list[AnnouncementSummary]
    next: UUID | None


class AnnouncementDetail(AnnouncementSummary):
    """One announcement as a whole."""

    body: str
    subject_en: str
    body_en: str
    audience: Audience
    channels: list[WayOut]
    estimate: Decimal | None = Field(description="Rupiah, at the start")
    expires_at: AwareDatetime | None
    history: list[HistoryEntry]


class AnnouncementStart(BaseModel):
    """Which version of the draft was looked at, as its preview says."""

    version: int = Field(ge=1, le=2**31 - 1)


class AnnouncementPreview(BaseModel):
    """Whom an announcement would reach now, in figures."""

    model_config = ConfigDict(from_attributes=True)

    version: int = Field(description="Of the draft; to be given when it is started")
    recipients: int
    channels: dict[WayOut, int] = Field(description="By the channel that will be used first")
    unreachable: int = Field(description="No address on any of the channels")
    unsubscribed: int
    suppressed: int
    areas: dict[str, int] = Field(description="Recipients by code of the region below the author's")
    sms_parts: int
    cost: Decimal | None = Field(description="Rupiah; null: no price is configured")


class AnnouncementProgress(BaseModel):
    """How far it is. `status` is one of a job's; `step` is the announcement's own."""

    status: Literal["queued", "running", "done", "cancelled"]
    step: AnnouncementState
    done: int
    total: int
    seconds_left: int | None
    goes_on_at: AwareDatetime | None = Field(description="While all that is left waits for then")
    counts: dict[str, int] = Field(description="Messages by state")
