"""Bring a service's database up to date; each service keeps its own migrations."""

from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, text

_LOCK = 7_301_975  # any number, the same for all: two starting processes migrate one after another


def configuration(service: str, url: str) -> Config:
    """Alembic's configuration of one service, without an .ini file."""
    config = Config()
    folder = Path(__file__).parents[1] / "services" / service / "migrations"
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = url
    return config


def migrate(service: str, url: str) -> None:
    """Upgrade to the newest version; does nothing when it is there."""
    command.upgrade(configuration(service, url), "head")


def run_migrations(metadata: MetaData) -> None:
    """What each service's `migrations/env.py` calls."""
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
        context.configure(
            connection=connection, target_metadata=metadata, compare_server_default=True
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()
