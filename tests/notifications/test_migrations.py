"""The newest migration, down and up again, with rows in every table."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from alembic import command
from notifications.mailroom import Mailroom
from sqlalchemy import Column, Connection, NullPool, Table, create_engine, insert, text

from services.notifications.models import Base
from shared.migrate import configuration, migrate

# What a column may hold, where not every text will do.
FIT: dict[str, Any] = {
    "message.state": "cancelled",
    "message.channel": "whatsapp",
    "message.class": "bulk",
    "announcement.state": "paused",
    "webhook_delivery.state": "queued",
    "template_version.state": "draft",
    "suppression.reason": "manual",
    "preference.class": "bulk",
    "message_action.action": "retried",
    "attempt.outcome": "throttled",
}
MADE: dict[type, Any] = {
    UUID: uuid4(),
    str: "contoh",
    datetime: datetime.now(UTC),
    date: date(2026, 8, 1),
    bool: True,
    int: 1,
    Decimal: Decimal(1),
    object: {},  # JSON
}


def test_the_newest_one_can_be_taken_back_and_made_again(mailroom: Mailroom) -> None:
    url = mailroom.postgres.ensure_database("taken_back", "notifications")
    migrate("notifications", url)
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        fill(connection)
        connection.execute(
            text(
                "INSERT INTO message (id, event_id, about, rule, channel, recipient, class, "
                "region_code, language, template, traceparent, expires_at, state, next_attempt_at) "
                "SELECT uuidv7(), event_id, about, rule, 'email', recipient, class, region_code, "
                "language, template, traceparent, expires_at, 'queued', 'infinity' FROM message"
            )
        )
    command.downgrade(configuration("notifications", url), "0002")
    with engine.begin() as connection:
        [left] = connection.execute(
            text("SELECT channel, state, next_attempt_at <= now() AS is_due FROM message")
        )
    assert (left.channel, left.state, left.is_due) == ("email", "queued", True)
    migrate("notifications", url)
    command.check(configuration("notifications", url))


def fill(connection: Connection) -> None:
    """One row in each table of ours."""
    ours = {mapper.local_table for mapper in Base.registry.mappers}
    made: dict[Column[Any], Any] = {}
    for table in Base.metadata.sorted_tables:
        if table in ours:
            connection.execute(insert(table).values(row(table, made)))
            assert connection.execute(text(f'SELECT FROM "{table.name}"')).first() is not None


def row(table: Table, made: dict[Column[Any], Any]) -> dict[str, Any]:
    """Something for each column that needs it, or that leads to another table."""
    values = {}
    for column in table.columns:
        if column.identity or (column.nullable and not column.foreign_keys):
            continue
        if column.server_default is not None and f"{table.name}.{column.name}" not in FIT:
            continue
        value = FIT.get(f"{table.name}.{column.name}", MADE[column.type.python_type])
        for key in column.foreign_keys:
            value = made[key.column]
        values[column.name] = made[column] = value
    return values
