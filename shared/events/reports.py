from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.events.event import Event


class ReportEvent(Event):
    """What the two ends of an ordered report have in common; itself never sent.

    `link` is the report's page, which asks for a sign-in: it opens nothing by itself.
    """

    report_id: UUID
    kind: str
    format: str
    requested_by: str  # the account's id
    region_code: str  # what it is of; empty: the country
    period: str  # 2026-03, 2026-Q1 or 2026; empty: of a meeting
    meeting: str  # its slug; empty: of a period
    scheduled: bool  # nobody ordered it just now
    link: str

    @property
    def subject(self) -> str:
        """The report's id."""
        return str(self.report_id)


class ReportFinished(ReportEvent):
    """An ordered report is there."""

    type: ClassVar[str] = "id.sejawat.report.finished.v1"

    row_count: int
    until: AwareDatetime  # then it is deleted


class ReportFailed(ReportEvent):
    """An ordered report could not be made, and is not tried again."""

    type: ClassVar[str] = "id.sejawat.report.failed.v1"

    reason: str  # gave-up or out-of-scope
