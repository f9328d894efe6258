"""Shapes over HTTP of the console: what is asked for, what officials do, what they are shown."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import phonenumbers
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from services.notifications.schemas import Beginning, State

Class = Literal["code", "transactional", "reminder", "bulk", "digest"]
Channel = Literal["email", "whatsapp", "sms"]
Reason = Literal["bounce", "complaint", "manual"]

Name = Annotated[str, StringConstraints(max_length=100, pattern=r"^[\w-]*$")]
Words = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]

_EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)


def _none(value: Any) -> Any:
    """An empty field of a form is no answer."""
    return None if value == "" else value


# Ids count time from 1970 on; before and after these no message of ours was or will be.
_InOurTime = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
Day = Annotated[_InOurTime | None, BeforeValidator(_none)]


class MessageFilter(BaseModel):
    """Which messages are wanted: all that fit every condition given."""

    q: Beginning = Field(
        "", description="Beginnings of words of a person's name, or of an address or a number"
    )
    recipient: Beginning = Field("", description="Beginning of an address or a number")
    person: Beginning = Field("", description="Beginnings of words of a person's name")
    state: Annotated[State | None, BeforeValidator(_none)] = None
    work_class: Annotated[Class | None, BeforeValidator(_none)] = Field(None, alias="class")
    rule: Name = ""
    template: Name = ""
    channel: Annotated[Channel | None, BeforeValidator(_none)] = None
    meeting: Name = Field("", description="The meeting's short name, as in its address")
    since: Day = Field(None, description="On the day")
    until: Day = Field(None, description="On the day or before")

    model_config = ConfigDict(populate_by_name=True)

    def asked(self) -> dict[str, str]:
        """The conditions that were given, as they stand in an address."""
        given = self.model_dump(mode="json", by_alias=True, include=set(MessageFilter.model_fields))
        return {name: str(value) for name, value in given.items() if value}

    def url(self, **changed: Any) -> str:
        """The address of the list with something changed, from its first page."""
        query = self.asked() | changed
        return "?" + urlencode({name: value for name, value in query.items() if value})


class MessageSelection(BaseModel):
    """What is to be done to many messages. Nothing is, when they are not as many as expected."""

    filter: MessageFilter
    expected: int = Field(ge=1, description="How many of them it concerns, as counted before")
    note: Words = ""


class Note(BaseModel):
    """Why an official does something; kept with the message."""

    note: Words = ""


class Handled(BaseModel):
    """How many messages an action changed."""

    messages: int


class Repeated(BaseModel):
    """The new message."""

    id: UUID


def address_of(channel: str, typed: str) -> str:
    """An address as it is written down: lower case, a number as E.164. Raises `ValueError`."""
    typed = typed.strip()
    if channel == "email":
        try:
            return _EMAIL.validate_python(typed).lower()
        except ValidationError:
            raise ValueError("email") from None
    try:
        number = phonenumbers.parse(typed, "ID")
    except phonenumbers.NumberParseException:
        raise ValueError("phone") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class SuppressionFilter(BaseModel):
    """Which addresses are wanted."""

    q: Beginning = Field("", description="Beginning of an address or a number")
    channel: Annotated[Channel | None, BeforeValidator(_none)] = None
    reason: Annotated[Reason | None, BeforeValidator(_none)] = None

    def url(self, **changed: Any) -> str:
        """The address of the list with something changed, from its first page."""
        query = {"q": self.q, "channel": self.channel, "reason": self.reason} | changed
        return "?" + urlencode({name: value for name, value in query.items() if value})


class SuppressionSummary(BaseModel):
    """An address that is not written to."""

    model_config = ConfigDict(from_attributes=True)

    channel: Channel
    address: str
    reason: Reason
    detail: str
    region_code: str
    actor: str = Field(description="Which official added it; empty when it was none")
    created_at: AwareDatetime


class SuppressionList(BaseModel):
    """One page; `next` is the `after` of the next one, if there is one."""

    items: list[SuppressionSummary]
    next: str | None


class NewSuppression(BaseModel):
    """An address that an official holds back. `detail` says why."""

    channel: Channel
    address: Annotated[str, StringConstraints(min_length=1, max_length=254)]
    detail: Annotated[Words, StringConstraints(strip_whitespace=True, min_length=3)]

    @field_validator("address")
    @classmethod
    def _as_written_down(cls, value: str, info: ValidationInfo) -> str:
        channel = info.data.get("channel")
        return address_of(channel, value) if channel else value


_Line = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


class BounceReport(BaseModel):
    """What a mail server or a provider tells of a mail that came back, or that somebody minded."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["bounce", "complaint"]
    message_id: _Line = Field("", description="As it stood in the mail's Message-ID")
    recipient: _Line = Field(
        "", description="Instead of it: the last mail to this address is meant"
    )
    status: Annotated[str, StringConstraints(pattern=r"^([245]\.\d{1,3}\.\d{1,3})?$")] = Field(
        "", description="Of RFC 3463; 5.x.x is for good, 4.x.x is not"
    )
    detail: _Line = ""
    failed: bool = Field(
        default=False, description="It will not be tried again, whatever the status"
    )


class BounceTaken(BaseModel):
    """What became of it. `unknown`: it is about no mail of ours, and nothing was changed."""

    outcome: Literal["bounced", "noted", "complaint", "repeated", "unknown"]


class Months(BaseModel):
    """From which month to which, as 2027-01; without them the last twelve."""

    model_config = ConfigDict(populate_by_name=True)

    first: Annotated[str, StringConstraints(pattern=r"^(20\d\d-(0[1-9]|1[0-2]))?$")] = Field(
        "", alias="from"
    )
    last: Annotated[str, StringConstraints(pattern=r"^(20\d\d-(0[1-9]|1[0-2]))?$")] = Field(
        "", alias="to"
    )


class Cost(BaseModel):
    """What one way out cost in one month for one rule and region."""

    model_config = ConfigDict(from_attributes=True)

    month: str
    channel: Channel
    provider: str
    rule: str
    region_code: str = Field(description="One level below the caller's; empty for the whole nation")
    messages: int
    parts: int
    rupiah: Decimal


class CostList(BaseModel):
    """All of them."""

    items: list[Cost]


class WayOutHealth(BaseModel):
    """How a way out is doing. Shares count hand-overs by how they ended."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    channel: Channel
    weight: int
    state: Literal["closed", "open", "half_open"]
    open_until: AwareDatetime | None
    last_ok_at: AwareDatetime | None
    last_failed_at: AwareDatetime | None
    last_error: str
    last_hour: dict[str, int]
    last_day: dict[str, int]


class QueueHealth(BaseModel):
    """What waits in one class of work."""

    model_config = ConfigDict(from_attributes=True)

    work_class: Class = Field(serialization_alias="class")
    waiting: int
    due: int
    oldest_due_s: float | None
    canary_s: float | None


class Health(BaseModel):
    """All of it."""

    ways: list[WayOutHealth]
    queues: list[QueueHealth]
