"""Shapes of what an organiser fills in: meetings, quotas, agenda, papers, questions, rounds."""

import datetime as dt
import re
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)
from pydantic_core import PydanticCustomError

from services.registration.schemas import Name, Note, Paragraph
from shared import regions
from shared.events import ParticipantType

LONGEST = dt.timedelta(days=31)  # of a meeting
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_PLACEHOLDER = re.compile(r"\{(serial(:0[1-8])?|meeting|province|year|month)\}")


def read_day(value: str) -> dt.date | None:
    """2027-08-17, as browsers send it, or 17/08/2027, as people write it; None if it is no day."""
    for pattern in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
        try:
            day = dt.datetime.strptime(value.strip(), pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return day if 1900 <= day.year <= 2200 else None
    return None


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    day = read_day(value)
    if day is None:
        raise PydanticCustomError("day", "not a day")
    return day


def _clock(value: object) -> object:
    """08:00, as browsers send it, or 08.00, as people write it."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"([01]?[0-9]|2[0-3])[.:]([0-5][0-9])(?::00)?", value.strip())
    if found is None:
        raise PydanticCustomError("clock", "not a time of day")
    return dt.time(int(found[1]), int(found[2]))


def _none_if_empty(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _lines(value: object) -> object:
    """A text area with one entry a line."""
    if isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    return value


Day = Annotated[dt.date, BeforeValidator(_day)]
Clock = Annotated[dt.time, BeforeValidator(_clock)]
Lines = Annotated[list[Note], BeforeValidator(_lines), Field(max_length=10)]
ZoneName = Literal["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]
Capacity = Annotated[int, Field(ge=0, le=100_000)]
OptionalCapacity = Annotated[Capacity | None, BeforeValidator(_none_if_empty)]
OptionalSeats = Annotated[
    Annotated[int, Field(ge=1, le=100_000)] | None, BeforeValidator(_none_if_empty)
]
OfferHours = Annotated[int, Field(ge=1, le=336)]
LONGEST_KEPT = 1826  # days: the consent promises five years at most
KeepDays = Annotated[int, Field(ge=1, le=LONGEST_KEPT)]
Slug = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60),
]
Reason = Annotated[
    Paragraph, Field(min_length=5, max_length=500, description="Why, in words for participants")
]


class StrictForm(BaseModel):
    """What is filled in has no fields but these."""

    model_config = ConfigDict(extra="forbid")


class MeetingForm(StrictForm):
    """The facts of a meeting; its times are those of the venue's clock."""

    title: Name
    description: Paragraph = ""
    organiser: Note = ""
    venue: Name
    address: Note = ""
    zone: ZoneName
    starts_day: Day
    starts_time: Clock
    ends_day: Day
    ends_time: Clock
    closes_day: Day
    closes_time: Clock
    keep_days: KeepDays = LONGEST_KEPT

    @property
    def times(self) -> dict[str, dt.datetime]:
        """As instants: `starts_at`, `ends_at`, `closes_at`."""
        clock = ZoneInfo(self.zone)
        return {
            f"{name}_at": dt.datetime.combine(
                getattr(self, f"{name}_day"), getattr(self, f"{name}_time"), clock
            )
            for name in ("starts", "ends", "closes")
        }

    @field_validator("ends_time")
    @classmethod
    def _ends_later(cls, ends_time: dt.time, told: Any) -> dt.time:
        known = told.data
        if {"starts_day", "starts_time", "ends_day"} <= known.keys():
            starts = dt.datetime.combine(known["starts_day"], known["starts_time"])
            ends = dt.datetime.combine(known["ends_day"], ends_time)
            if ends <= starts:
                raise PydanticCustomError("ends_early", "ends before it starts")
            if ends - starts > LONGEST:
                raise PydanticCustomError("lasts_long", "longer than a month")
        return ends_time

    @field_validator("closes_time")
    @classmethod
    def _closes_before(cls, closes_time: dt.time, told: Any) -> dt.time:
        known = told.data
        if {"ends_day", "ends_time", "closes_day"} <= known.keys():
            ends = dt.datetime.combine(known["ends_day"], known["ends_time"])
            if dt.datetime.combine(known["closes_day"], closes_time) > ends:
                raise PydanticCustomError("closes_late", "closes after the meeting")
        return closes_time


class KeepForm(StrictForm):
    """How long people are kept of a meeting that is over; they may be deleted in the same night."""

    keep_days: KeepDays
    sure: bool

    @field_validator("sure")
    @classmethod
    def _is_sure(cls, sure: bool) -> bool:
        if not sure:
            raise PydanticCustomError("not_sure", "not sure")
        return sure


class CloneForm(StrictForm):
    """What a copy of a meeting is called and when it begins; all else moves with it."""

    title: Name
    first_day: Day


class QuotaForm(StrictForm):
    """All quotas of a meeting. A kind that is left empty has no limit of its own."""

    meeting: Capacity
    participant_type: dict[ParticipantType, OptionalCapacity] = {}
    region: dict[str, OptionalCapacity] = {}
    per_institution: OptionalSeats = None
    waiting_list: bool = True
    offer_hours: OfferHours = 48

    @property
    def capacities(self) -> dict[tuple[str, str], int]:
        """By kind and key, as `seats.set_quotas` wants them."""
        groups = (("participant_type", self.participant_type), ("region", self.region))
        limited = {
            (kind, str(key)): capacity
            for kind, group in groups
            for key, capacity in group.items()
            if capacity is not None
        }
        return {("meeting", ""): self.meeting} | limited


class Speaker(StrictForm):
    """Somebody who speaks in a session, and as what."""

    name: Name
    role: Note = ""


def _speakers(value: object) -> object:
    """One speaker a line: name, then a semicolon and the role."""
    if not isinstance(value, str):
        return value
    parted = [line.partition(";") for line in value.splitlines() if line.strip()]
    return [{"name": name.strip(), "role": role.strip()} for name, _, role in parted]


class SessionForm(StrictForm):
    """One session of the agenda, on one day of the venue's clock."""

    day: Day
    starts: Clock
    ends: Clock
    title: Name
    place: Note = ""
    speakers: Annotated[list[Speaker], BeforeValidator(_speakers), Field(max_length=20)] = []
    check_in: bool = False

    @field_validator("ends")
    @classmethod
    def _ends_later(cls, ends: dt.time, told: Any) -> dt.time:
        if "starts" in told.data and ends <= told.data["starts"]:
            raise PydanticCustomError("ends_early", "ends before it starts")
        return ends


class Signer(BaseModel):
    """Who signs a paper. With a prefix the office stands over the signer's own title."""

    signer_prefix: Literal["", "a.n.", "u.b."] = ""
    signer_office: Note = ""
    signer_name: Note = ""
    signer_title: Note = ""
    signer_nip: Annotated[
        Note, AfterValidator(lambda nip: nip.replace(" ", "")), Field(pattern=r"^([0-9 ]{18,30})?$")
    ] = ""


class CertificateTerms(Signer):
    """What stands on a meeting's certificates; `letters.certificate_terms` fills what is empty.

    `min_days` is how many days of attendance earn one, `jp` its lesson hours. `role_texts` say,
    by participant type, as what somebody took part.
    """

    signer_title: Note = "Ketua Panitia"
    city: Note = ""
    jp: Annotated[int, Field(ge=0, le=200)] = 16
    min_days: Annotated[int, Field(ge=1, le=31)] = 1
    role_texts: dict[ParticipantType, Note] = {}
    number_pattern: Annotated[Note, Field(max_length=60)] = "{serial:03}/{meeting}"

    @field_validator("number_pattern")
    @classmethod
    def _makes_numbers(cls, pattern: str) -> str:
        rest, count = _PLACEHOLDER.subn("", pattern)
        if not count or "{serial" not in pattern or "{" in rest or "}" in rest:
            raise PydanticCustomError("number_pattern", "unknown placeholder")
        return pattern

    def number(self, serial: int, slug: str, province_code: str, day: dt.date) -> str:
        """The number of a certificate issued on that day."""
        return self.number_pattern.format(
            serial=serial,
            meeting=slug.upper(),
            province=province_code,
            year=day.year,
            month=ROMAN[day.month - 1],
        )

    def role_text(self, participant_type: str) -> str:
        """As what somebody took part."""
        texts = {str(key): value for key, value in self.role_texts.items()}
        return texts.get(participant_type) or "Peserta"


class LetterTerms(Signer):
    """What stands in a meeting's letter of invitation. Without a number it is not public."""

    number: Note = ""
    nature: Note = ""
    subject: Note = ""
    place: Note = ""  # where it was signed
    issued_on: Annotated[Day | None, BeforeValidator(_none_if_empty)] = None
    recipient: Lines = []
    recipient_place: Note = "Tempat"
    body: Paragraph = ""
    organiser_address: Lines = []
    copies: Lines = []
    signer_title: Note = "Ketua Panitia"


class RoundForm(StrictForm):
    """The template of a round; see `rounds.RoundPlan`."""

    title: Name
    name: Slug
    provinces: Annotated[list[str], Field(min_length=1, max_length=60)]
    meeting_title: Name = "Peer Learning Meeting {province} {year}"
    first_day: Day
    waves: Annotated[int, Field(ge=1, le=60)] = 5
    days_between: Annotated[int, Field(ge=1, le=90)] = 7
    length_days: Annotated[int, Field(ge=1, le=31)] = 2
    starts: Clock = dt.time(8, 0)
    ends: Clock = dt.time(16, 0)
    closes_before: Annotated[int, Field(ge=0, le=120)] = 7
    capacity: Capacity
    per_type: dict[ParticipantType, OptionalCapacity] = {}
    per_regency: OptionalCapacity = None
    per_institution: OptionalSeats = None
    waiting_list: bool = True
    offer_hours: OfferHours = 48
    keep_days: KeepDays = LONGEST_KEPT
    copy_from: Note = ""  # slug of the meeting whose agenda, questions and papers are copied
    jp: Annotated[int, Field(ge=0, le=200)] = 16
    min_days: Annotated[int, Field(ge=1, le=31)] = 1
    signer_prefix: Literal["", "a.n.", "u.b."] = ""
    signer_office: Note = ""
    signer_name: Note = ""
    signer_title: Note = "Ketua Panitia"
    letter_body: Paragraph = ""

    @field_validator("name")
    @classmethod
    def _is_no_page(cls, name: str) -> str:
        if name == "new":
            raise PydanticCustomError("string_pattern_mismatch", "the address of a page")
        return name

    @field_validator("provinces")
    @classmethod
    def _are_provinces(cls, codes: list[str]) -> list[str]:
        known = {province.code for province in regions.children(None)}
        if not set(codes) <= known:
            raise PydanticCustomError("province", "no province")
        return sorted(set(codes))

    @field_validator("meeting_title")
    @classmethod
    def _names_the_province(cls, title: str) -> str:
        plain = title.replace("{province}", "").replace("{year}", "")
        if "{province}" not in title or "{" in plain or "}" in plain:
            raise PydanticCustomError("meeting_title", "without its province")
        return title

    @field_validator("ends")
    @classmethod
    def _ends_later(cls, ends: dt.time, told: Any) -> dt.time:
        starts, days = told.data.get("starts"), told.data.get("length_days")
        if starts and days == 1 and ends <= starts:
            raise PydanticCustomError("ends_early", "ends before it starts")
        return ends

    @field_validator("min_days")
    @classmethod
    def _has_so_many_days(cls, days: int, told: Any) -> int:
        if days > told.data.get("length_days", 31):
            raise PydanticCustomError("min_days", "more days than the meeting has")
        return days
