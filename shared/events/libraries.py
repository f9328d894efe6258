from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from shared.events.event import Event, Language


class _LibraryEvent(Event):
    library_id: UUID

    @property
    def subject(self) -> str:
        """The library's id."""
        return str(self.library_id)


class LibraryChanged(_LibraryEvent):
    """A library came into the directory, changed, or was merged into another one.

    No contact of it: whoever wants to reach a library asks registration, by an event.
    """

    type: ClassVar[str] = "id.sejawat.library.changed.v1"

    version: int  # grows with each change; a hearer keeps the highest it has seen
    name: str
    kind: Literal["province", "regency", "village", "tbm", "other"]
    region_code: str
    partner_status: Literal["none", "partner", "self_funded", "champion"]
    joined_year: int | None
    merged_into: UUID | None


class LibrarySilent(_LibraryEvent):
    """A library has not reported a month that is over.

    Steps 1 and 2 are for the library, while a report still comes in time; step 3 is for its
    kab/kota. Each is said once. No contact of it: whoever reaches libraries knows that.
    """

    type: ClassVar[str] = "id.sejawat.library.silent.v1"

    name: str
    region_code: str
    month: date  # its first day
    step: Literal[1, 2, 3]
    deadline: date  # the last day on which a report comes in time
    link: str  # absolute and signed: whoever holds it reports for the library


class LibraryReminderDue(_LibraryEvent):
    """A library that has not reported can be reached: this is how, and what to remind it of."""

    type: ClassVar[str] = "id.sejawat.library.reminder_due.v1"

    library_name: str
    name: str  # of the contact; may be empty
    email: str | None  # one of the two is there, or both
    phone: str | None
    language: Language
    region_code: str
    month: date
    step: Literal[1, 2]
    deadline: date
    link: str
