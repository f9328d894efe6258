"""Three tiny services for the bus's figures: `source` publishes ticks, the others hear them.

Each handled event inserts one row in `handled`, which has no key on purpose: a double would show.
Run as a process: `python -m bench.ticks left worker`.
"""

import os
import sys
from typing import Any, ClassVar

from sqlalchemy import Column, DateTime, Integer, Table, text
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import Session

from shared.bus import Bus, Envelope
from shared.command import main
from shared.database import Database, new_metadata
from shared.events import Event, Subscribers
from shared.settings import ServiceSettings

HEARERS = ("left", "right")
SERVICES = ("source", *HEARERS)


class Ticked(Event):
    """Something happened, for the n-th time."""

    type: ClassVar[str] = "id.sejawat.bench.ticked.v1"

    number: int
    text: str = "Pelatihan pembukuan sederhana untuk pelaku UMKM di perpustakaan desa"

    @property
    def subject(self) -> str:
        """The number."""
        return str(self.number)


SUBSCRIBERS: Subscribers = {Ticked: ("left", "right")}

_KEEP = text("""
    INSERT INTO handled (number, event_id)
    SELECT * FROM unnest(CAST(:numbers AS int[]), CAST(:ids AS uuid[]))""")


def make_bus(service: str) -> Bus:
    """One of the three, on the database that the environment names."""
    metadata = new_metadata()
    Table(
        "handled",
        metadata,
        Column("number", Integer),
        Column("event_id", UUID),
        Column("handled_at", DateTime(timezone=True), server_default=text("clock_timestamp()")),
    )
    database = Database(lambda: database_url(service))
    bus = Bus(service, database, metadata, lambda: os.environ["REDIS_URL"], subscribers=SUBSCRIBERS)

    if service != "source":

        @bus.on(Ticked)
        def keep(session: Session, envelopes: list[Envelope[Any]]) -> None:
            numbers = [envelope.data.number for envelope in envelopes]
            session.execute(_KEEP, {"numbers": numbers, "ids": [e.id for e in envelopes]})

    return bus


def database_url(service: str) -> str:
    """Where a service's database is."""
    return os.environ[f"DATABASE_URL_{service.upper()}"]


if __name__ == "__main__":
    name = sys.argv.pop(1)
    main(make_bus(name), ServiceSettings, lambda: database_url(name))
