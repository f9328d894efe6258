"""Shapes over HTTP of imports from SIM TPBIS, and of regions that moved."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from services.reporting.schemas import NO_NUL

Step = Literal["reading", "ready", "taking", "done", "undoing", "undone", "failed", "cancelled"]
PlaceStatus = Literal["open", "sure", "remembered", "confirmed", "not_ours"]
Kept = Literal["verified-above", "elsewhere", "corrected"]
RowKind = Literal["good", "noted", "known", "bad"]


class RowCounts(BaseModel):
    """How many rows an import has, and of what sort."""

    model_config = ConfigDict(from_attributes=True)

    rows: int
    bad: int = Field(description="Refused; see their `errors`")
    noted: int = Field(description="Right, but to be looked at")
    open: int = Field(description="Right, but of a library that is not known yet")
    waiting: int = Field(description="Would be taken over; `known` of them change nothing")
    twins: int = Field(description="Likely said twice by the file: left out but with `twins`")
    known: int = Field(description="Here already, as the preview found")
    comparing: int = Field(description="The preview is about to find out whether they are here")
    taken: int
    already: int = Field(description="Taken over before")
    not_ours: int
    verified: int = Field(description="Verified in SIM TPBIS")


class ImportStatus(BaseModel):
    """An import. `status` is that of the running step, `step` says which one it is."""

    id: UUID
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    step: Step
    done: int
    total: int
    rows: int = Field(description="Of the file, once it is read")
    seconds_left: None = None  # these two are for the progress bar, which knows other jobs too
    download: None = None
    file_name: str
    stream: str
    period: str = Field(description="The month of rows without a date, as 2026-02, if one is told")
    error: str | None = None
    kept: dict[Kept, int] = Field(description="Reports that an undo left, by why")
    created_at: AwareDatetime
    counts: RowCounts | None = Field(default=None, description="While nothing runs")


class ImportList(BaseModel):
    """Imports, newest first."""

    items: list[ImportStatus]
    next: UUID | None


class RowItem(BaseModel):
    """A row; `errors` and `notes` are codes by the file's column."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    report: dict[str, Any]
    errors: dict[str, str]
    notes: dict[str, str]
    outcome: str
    known: bool | None = Field(description="Whether taking it changes nothing, if that is known")


class RowItems(BaseModel):
    """Rows by their number."""

    items: list[RowItem]
    next: int | None


class CandidateItem(BaseModel):
    """A library that may be meant."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    region_code: str


class PlaceItem(BaseModel):
    """A library as the file names it."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    name: str
    place: str
    region_code: str
    library_id: UUID | None
    status: PlaceStatus
    candidates: list[CandidateItem] = []


class PlaceItems(BaseModel):
    """Places by their key."""

    items: list[PlaceItem]
    next: str | None


class PlaceDecision(BaseModel):
    """Whose a name is; without a library it is not ours."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(max_length=600, pattern=NO_NUL)
    library_id: UUID | None


class MatchItem(BaseModel):
    """What a library is called in SIM TPBIS; without a library it is not ours."""

    key: str
    scope: str = Field(description="Empty: for all; else whoever decided it for their region")
    name: str = Field(description="Without case and accents")
    place: str
    library_id: UUID | None
    library: str | None
    actor: str
    decided_at: AwareDatetime


class MatchList(BaseModel):
    """Names in the order of their regions."""

    items: list[MatchItem]
    next: str | None


Code = Annotated[str, StringConstraints(max_length=13, pattern=r"^[0-9.]+$")]


class NewMove(BaseModel):
    """From which day a region lies elsewhere; both codes are of one level."""

    model_config = ConfigDict(extra="forbid")

    from_code: Code
    to_code: Code
    valid_from: date


class MoveItem(BaseModel):
    """A move; `moved` counts its reports, and it is finished when `finished_at` is there."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    from_code: str
    to_code: str
    valid_from: date
    actor: str
    moved: int
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class MoveList(BaseModel):
    """Moves, newest first."""

    items: list[MoveItem]
    next: int | None
