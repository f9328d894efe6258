"""Alembic's entry."""

from services.notifications.resources import bus
from shared.migrate import run_migrations

run_migrations(bus.metadata)
