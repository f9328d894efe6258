from typing import ClassVar

from shared.events.registrations import RegistrationEvent


class BoothDecided(RegistrationEvent):
    """The host accepted or declined somebody's lapak mini, or gave it another table."""

    type: ClassVar[str] = "id.sejawat.booth.decided.v1"

    booth_title: str
    accepted: bool
    number: str  # of the table; empty while there is none
