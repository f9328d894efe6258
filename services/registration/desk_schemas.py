"""Shapes of the desk over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.registration.schemas import Paragraph

Reason = Annotated[Paragraph, Field(max_length=500)]


class DeskRegistration(BaseModel):
    """A registration as an official of its region sees it."""

    id: UUID
    code: str
    status: str
    name: str
    email: str | None
    phone: str | None
    participant_type: str
    region_code: str
    region: str
    library_name: str
    position: str
    submitted_at: AwareDatetime
    reason: str = Field(description="Of the last decision, as the person was told")
    booth: str | None = Field(description="requested, accepted or declined; none was asked for")
    letter: bool = Field(description="An assignment letter (surat tugas) was sent")


class DeskList(BaseModel):
    """One page in the order they came; `next` is the `after` of the next page, if there is one."""

    items: list[DeskRegistration]
    counts: dict[str, int] = Field(description="By status, whatever the filters")
    next: UUID | None


class Decision(BaseModel):
    """One decision on some registrations. All but approve and wait need a reason."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["approve", "send_back", "reject", "wait", "withdraw"]
    ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    reason: Reason = ""


class Decided(BaseModel):
    """What became of it: the ids that changed, and those whose status did not allow it."""

    done: list[UUID]
    skipped: list[UUID]


class ImportProgress(BaseModel):
    """How far an import is. `status` is for a progress bar, `step` tells reading from taking."""

    status: Literal["queued", "running", "done", "failed", "cancelled"]
    step: Literal["reading", "ready", "taking", "done", "failed", "cancelled"]
    done: int
    total: int
    seconds_left: float | None = None
    download: str | None = None
