"""Alembic's entry."""

from services.registration.resources import bus
from shared.migrate import run_migrations

run_migrations(bus.metadata)
