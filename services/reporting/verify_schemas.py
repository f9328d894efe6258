"""Shapes over HTTP of the verifier's desk and of completeness."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.reporting.own_schemas import ReportChange, ReportItem
from services.reporting.schemas import NO_NUL

Comment = Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True, pattern=NO_NUL)]
State = Literal["waiting", "returned", "verified", "deleted", "all"]


class Seen(BaseModel):
    """A report at the revision that was seen."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    revision: int = Field(ge=1, le=2**31 - 1)


class Verdict(BaseModel):
    """What is decided about one report; `comment` is needed for all but verify and restore."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["verify", "send_back", "delete", "restore"]
    revision: int = Field(ge=1, le=2**31 - 1)
    comment: Comment = ""


class Verdicts(BaseModel):
    """The same verdict about several reports."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["verify", "send_back"]
    reports: list[Seen] = Field(min_length=1, max_length=1000)
    comment: Comment = ""


class OfficialChange(ReportChange):
    """A correction by an official, and why."""

    comment: Comment = ""


class VerifiedCount(BaseModel):
    """How many reports were changed, and how many left: changed meanwhile, or not possible."""

    done: int
    skipped: int


class DeskItem(ReportItem):
    """A report as an official sees it."""

    library_id: UUID
    library: str
    region_code: str
    in_time: bool


class DeskItems(BaseModel):
    """One page, the longest waiting first; `next` is the `after` of the next page, if any."""

    items: list[DeskItem]
    next: UUID | None


class HistoryItem(BaseModel):
    """Who did what; `before` and `after` hold what differs."""

    revision: int
    action: str
    actor: str
    role: str
    comment: str
    before: dict[str, Any]
    after: dict[str, Any]
    happened_at: AwareDatetime


class CountItem(BaseModel):
    """Libraries of a region in a month."""

    region_code: str
    region: str
    month: date
    expected: int
    came: int
    in_time: int
    late: int
    missing: int


class Counts(BaseModel):
    """Completeness of the level below a region."""

    region_code: str
    region: str
    deadline_days: int = Field(description="Days into the next month in which a report is in time")
    as_of: AwareDatetime
    rows: list[CountItem]


class SilentItem(BaseModel):
    """A library that has not reported."""

    id: UUID
    name: str
    region_code: str


class SilentItems(BaseModel):
    """One page by place; `next` is the `after` of the next page, if any."""

    month: date
    items: list[SilentItem]
    next: UUID | None
