"""The bus's memory. Every service has these tables in its own database.

Publisher's side: `outbox` holds what happened, `delivery` one copy per subscriber until its
receipt has come. Subscriber's side: `inbox` remembers what was handled, `failed_event` keeps what
could not be. `clock` and `canary` serve the jobs.
"""

from sqlalchemy import Column, DateTime, Index, Integer, MetaData, SmallInteger, Table, Text, text
from sqlalchemy.dialects.postgresql import JSON, UUID

NOW = text("now()")


def add_bus_tables(metadata: MetaData) -> None:
    """Add the bus's tables to a service's metadata, so that its migrations carry them."""
    _outbox(metadata)
    _delivery(metadata)
    _inbox(metadata)
    _failed_event(metadata)
    Table(
        "clock",
        metadata,
        Column("job", Text, primary_key=True),
        Column("due_at", DateTime(timezone=True), nullable=False),
    )
    Table(
        "canary",
        metadata,
        Column("queue", Text, primary_key=True),
        Column("sung_at", DateTime(timezone=True), nullable=False),
    )


def _outbox(metadata: MetaData) -> None:
    Table(
        "outbox",
        metadata,
        Column("id", UUID, primary_key=True),
        Column("type", Text, nullable=False),
        Column("envelope", JSON, nullable=False),  # as text: it is only carried
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
        Column("sent_at", DateTime(timezone=True)),
        Index("ix_outbox_unsent", "id", postgresql_where=text("sent_at IS NULL")),
    )


def _delivery(metadata: MetaData) -> None:
    Table(
        "delivery",
        metadata,
        Column("event_id", UUID, primary_key=True),
        Column("subscriber", Text, primary_key=True),
        # Counts the replays of this copy, so that a subscriber can tell one from a repetition.
        Column("replay", SmallInteger, nullable=False, server_default=text("0")),
        Column("attempts", Integer, nullable=False, server_default=text("1")),
        # When to send it again; none once the receipt has come.
        Column("due_at", DateTime(timezone=True)),
        Column("received_at", DateTime(timezone=True)),
        Index(
            "ix_delivery_due", "subscriber", "due_at", postgresql_where=text("due_at IS NOT NULL")
        ),
    )


def _inbox(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        Column("event_id", UUID, primary_key=True),
        Column("replay", SmallInteger, primary_key=True),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=NOW),
        Index("ix_inbox_received_at", "received_at", postgresql_using="brin"),
    )


def _failed_event(metadata: MetaData) -> None:
    Table(
        "failed_event",
        metadata,
        Column("event_id", UUID, primary_key=True),
        Column("replay", SmallInteger, primary_key=True),
        Column("publisher", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("envelope", Text, nullable=False),  # as it came, also when it is no JSON
        Column("error", Text, nullable=False),
        Column("attempts", Integer, nullable=False, server_default=text("1")),
        Column("first_failed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
        Column("last_failed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
        # Set after the last try: from then on only a person replays it.
        Column("parked_at", DateTime(timezone=True)),
    )
