"""What the papers tell: facts of a plainly fictitious meeting."""

from datetime import UTC, datetime, timedelta

MEETING = "Peer Learning Meeting Provinsi Kepulauan Riau"

TICKET = "https://sejawat.example/tiket/K7QM2XHD9RTB"


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of the meeting as the database gives it."""
    return datetime(2022, 8, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)
