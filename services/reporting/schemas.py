"""Shapes over HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

NO_NUL = r"^[^\x00]*$"  # which PostgreSQL keeps nowhere; nor does half a surrogate pair fit
Month = Annotated[str, StringConstraints(pattern=r"^(20(1[89]|[2-9]\d)-(0[1-9]|1[0-2]))?$")]
"""As in 2026-02, from the programme's first year on; empty as a form sends what was left empty."""


class ReportDetail(BaseModel):
    """A report on its way, or ready. `done` and `total` count rows."""

    id: UUID
    kind: str
    format: str
    params: dict[str, Any]
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    done: int
    total: int
    seconds_left: float | None
    download: str | None = Field(description="A signed address that serves for one hour")
    error: str | None = Field(description="In both languages")
    created_at: AwareDatetime
    finished_at: AwareDatetime | None
    row_count: int | None
    bytes: int | None
    sha256: str | None


class ReportList(BaseModel):
    """One page of the caller's reports; `next` is the `after` of the next page, if any."""

    items: list[ReportDetail]
    next: UUID | None


class MeetingItem(BaseModel):
    """A meeting as registration told us; `revision` grows with each change of its data here."""

    slug: str
    title: str
    province_code: str
    province: str
    venue: str
    zone: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    status: Literal["published", "running", "done", "cancelled"]
    revision: int


class TypeCount(BaseModel):
    """Participants of one type."""

    key: str
    label: str
    count: int


class RegionCount(BaseModel):
    """Participants of one kab/kota, or of the province itself."""

    code: str
    name: str
    count: int


class RegionItem(BaseModel):
    """A kab/kota."""

    code: str
    name: str


class MeetingSummary(BaseModel):
    """Who comes to a meeting, as far as the caller's region goes: the approved, and only they."""

    meeting: MeetingItem
    total: int
    awaiting_decision: int = Field(description="Submitted, or returned for a correction")
    waiting_list: int = Field(description="Waiting for a seat, or offered one")
    by_type: list[TypeCount]
    by_region: list[RegionCount]
    missing_regions: list[RegionItem] = Field(description="Kab/kota without a participant")
    as_of: AwareDatetime
