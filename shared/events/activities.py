from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.events.event import Event, Facts, Language


class ReturnedReport(Facts):
    """A library's report that somebody has to correct, as it was sent back."""

    activity_id: UUID
    revision: int  # which it became by that
    library_id: UUID
    library_name: str
    region_code: str
    stream: str  # pelibatan, advokasi, ...
    every: Literal["day", "month", "half_year"]  # what one report of it is about
    title: str  # may be empty
    day: date  # of a month or half year the first one
    comment: str  # what is to be corrected
    others: int  # of the same library, sent back with it and with the same words
    link: str  # absolute and signed: whoever holds it reports for the library


class _ReturnedEvent(Event):
    report: ReturnedReport

    @property
    def subject(self) -> str:
        """The report's id."""
        return str(self.report.activity_id)


class ActivityReturned(_ReturnedEvent):
    """An official has sent reports of a library back: one fact a library and decision."""

    type: ClassVar[str] = "id.sejawat.activity.returned.v1"


class LibraryReportReturned(_ReturnedEvent):
    """The library whose report was sent back can be reached: this is how."""

    type: ClassVar[str] = "id.sejawat.library.report_returned.v1"

    name: str  # of the contact; may be empty
    email: str | None  # one of the two is there, or both
    phone: str | None
    language: Language
