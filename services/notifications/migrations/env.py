"""Alembic's entry."""

from services.notifications.resources import Base
from shared.migrate import run_migrations

run_migrations(Base.metadata)
