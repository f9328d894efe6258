from typing import ClassVar, Literal
from uuid import UUID

from shared.events.event import Event


class ImportFinished(Event):
    """A spreadsheet that somebody handed in is done, or has failed. What was taken of it stays.

    `link` is the import's page, which asks for a sign-in: it opens nothing by itself.
    """

    type: ClassVar[str] = "id.sejawat.import.finished.v1"

    import_id: UUID
    kind: str  # registrations, libraries, people or activities
    requested_by: str  # the account's id
    region_code: str  # the scope in which rows were accepted; empty: the country
    file_name: str
    state: Literal["done", "failed"]
    taken: int  # rows that are new here
    waiting: int  # on a waiting list
    completed: int  # known before, and they say more now
    already: int  # known before
    refused: int
    faulty: int  # with a mistake, and so never tried
    link: str

    @property
    def subject(self) -> str:
        """The import's id."""
        return str(self.import_id)
