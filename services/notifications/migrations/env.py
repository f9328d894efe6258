"""Alembic's entry."""

from services.notifications import resources  # noqa: F401 - the bus adds its tables
from services.notifications.models import Base
from shared.migrate import run_migrations

run_migrations(Base.metadata)
