"""Shapes over HTTP, and the checks that need no database."""

import re
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared import regions
from shared.events import Language, ParticipantType

# Every field is one line: no control characters (PostgreSQL refuses NUL) or breaks, and nothing
# unseen that turns the direction or makes two names look the same. Joiners stay: scripts need them.
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    r"\ud800-\udfff\ufeff\ufffe\uffff]"
)


_ADDRESS = re.compile(r"://|www\.|@|\b[\w-]+\.(?:com|net|org|info|xyz|example|id)\b", re.IGNORECASE)


def _printable(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError("unreadable", "unreadable characters")
    return value


def _no_address(value: str) -> str:
    """Names stand in mails that we send to whatever address was typed: nobody advertises there."""
    if _ADDRESS.search(value):
        raise PydanticCustomError("no-address", "an address of the web or of mail")
    return value


def _printable_lines(value: str) -> str:
    lines = value.replace("\r\n", "\n").split("\n")
    return "\n".join(_printable(line).rstrip() for line in lines)


def _nik(value: str) -> str:
    """Sixteen digits; spaces and dots are how people group them."""
    digits = re.sub(r"[ .]", "", value)
    if not re.fullmatch(r"[0-9]{16}", digits):
        raise PydanticCustomError("nik", "not sixteen digits")
    return digits


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise PydanticCustomError("email", "not a complete e-mail address") from error


def _phone(value: str) -> str:
    """To E.164. Accepts 08.., 62.., +62.., spaces and dashes."""
    text = f"+{value}" if re.match(r"62\d", value) else value
    try:
        number = phonenumbers.parse(text, "ID")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise PydanticCustomError("phone", "not a complete phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _region(value: str) -> str:
    if regions.find(value) is None:
        raise PydanticCustomError("region", "unknown region")
    return value


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _text(most: int, least: int = 1) -> object:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most)


Name = Annotated[str, _text(120, 2), AfterValidator(_printable), AfterValidator(_no_address)]
Email = Annotated[str, _text(254), AfterValidator(_printable), AfterValidator(_email)]
Phone = Annotated[str, _text(30), AfterValidator(_printable), AfterValidator(_phone)]
RegionCode = Annotated[str, _text(13), AfterValidator(_printable), AfterValidator(_region)]
Library = Annotated[str, _text(160, 2), AfterValidator(_printable), AfterValidator(_no_address)]
Position = Annotated[str, _text(120, 2), AfterValidator(_printable), AfterValidator(_no_address)]
Note = Annotated[str, _text(300, 0), AfterValidator(_printable)]
Paragraph = Annotated[str, _text(2000, 0), AfterValidator(_printable_lines)]
Nik = Annotated[str, _text(24), AfterValidator(_nik)]


class Needs(BaseModel):
    """What a participant needs; empty is nothing special."""

    model_config = ConfigDict(extra="forbid")

    diet: Note = ""
    access: Note = ""  # of persons with disabilities
    transport: Note = ""
    lodging: bool = False


class Product(BaseModel):
    """Something shown at a booth. `price` is in rupiah; none means that it is not for sale."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    price: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    description: Note = ""


class BoothForm(BaseModel):
    """A wish for a lapak mini. `is_public` is a consent of its own: to stand in the gallery."""

    model_config = ConfigDict(extra="forbid")

    title: Name
    description: Paragraph = ""
    products: Annotated[list[Product], Field(max_length=12)] = []
    is_public: bool = False


class RegistrationForm(BaseModel):
    """What a registrant fills in. At least one of e-mail and phone."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    email: Annotated[Email | None, BeforeValidator(_empty_is_none)] = None
    phone: Annotated[Phone | None, BeforeValidator(_empty_is_none)] = None
    participant_type: ParticipantType
    region_code: RegionCode
    library_name: Library
    library_id: UUID | None = None  # from the directory; the name stands all the same
    position: Position
    consent: Literal[True]
    photo_consent: bool = False
    directory_consent: bool = False
    language: Language = "id"
    join_waiting_list: bool = False  # when no seat is left
    nik: Annotated[Nik | None, BeforeValidator(_empty_is_none)] = None
    needs: Needs = Needs()
    answers: Annotated[dict[str, Any], Field(max_length=100)] = {}
    booth: BoothForm | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.email is None and self.phone is None:
            raise PydanticCustomError("contact", "neither e-mail nor phone")
        return self


class Links(BaseModel):
    """Where to go on. `own` is signed: whoever holds it may act as the registrant."""

    own: str
    meeting: str


class Registered(BaseModel):
    """A registration as its registrant gets it back."""

    id: UUID
    code: str
    status: str
    links: Links


class Seats(BaseModel):
    """One quota: `kind` is meeting, participant_type or region; `key` says which of them."""

    kind: str
    key: str
    label: str
    capacity: int
    taken: int
    left: int


class MeetingSummary(BaseModel):
    """A meeting in a list."""

    slug: str
    title: str
    province_code: str
    province: str
    venue: str
    zone: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    closes_at: AwareDatetime
    status: str
    open: bool
    seats_left: int = Field(description="Seats left in the meeting as a whole")


class MeetingDetail(MeetingSummary):
    """A meeting with its quotas, and the participant types that may register."""

    participant_types: list[str]
    quotas: list[Seats]
    consent_version: str
    consent_text: str


class MeetingList(BaseModel):
    """One page of meetings; `next` is the `after` of the next page, if there is one."""

    items: list[MeetingSummary]
    next: str | None


class RegionItem(BaseModel):
    """A region to choose."""

    code: str
    name: str
    label: str
    kind: str


class RegionList(BaseModel):
    """Regions, best match first."""

    items: list[RegionItem]
