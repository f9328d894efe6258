"""Shapes over HTTP of what a library reports."""

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Answer = str | int | bool | list[str] | None
StreamName = Literal[
    "pelibatan", "advokasi", "publikasi", "pengunjung", "peningkatan", "replikasi", "cerita"
]
Question = Literal["new-year", "zero", "duplicate", "again", "long-ago", "many"]


class ReportContent(BaseModel):
    """What a report says: `day`, `title`, and the fields of its stream by name."""

    model_config = ConfigDict(extra="forbid")

    report: dict[str, Answer] = Field(max_length=50)
    confirmed: list[Question] = Field(
        default_factory=list, max_length=10, description="Questions that were answered with yes"
    )


class NewReport(ReportContent):
    """A report to be handed in; the same `client_ref` with the same content is one report."""

    stream: StreamName
    client_ref: UUID


class ReportChange(ReportContent):
    """A correction of the report as it was at `revision`."""

    revision: int = Field(ge=1)


class ReportItem(BaseModel):
    """A report as it is now. `stage`: -1 sent back, 0 handed in, 1 to 3 verified."""

    id: UUID
    stream: str
    report: dict[str, Any]
    stage: int
    revision: int
    client_ref: UUID | None
    submitted_at: AwareDatetime
    changed_at: AwareDatetime
    deleted: bool


class ReportItems(BaseModel):
    """One page, newest first; `next` is the `after` of the next page, if any."""

    items: list[ReportItem]
    next: UUID | None
