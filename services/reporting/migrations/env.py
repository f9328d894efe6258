"""Alembic's entry."""

from services.reporting.models import Base
from services.reporting.resources import bus
from shared.migrate import run_migrations

assert bus  # noqa: S101 - importing it added the bus's tables
run_migrations(Base.metadata)
