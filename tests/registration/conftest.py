"""Registration alone, in this process, on a PostgreSQL of its own."""

import json
import os
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from registering import Browser
from registration.officials import official
from sqlalchemy import text
from visitors import Visitor

from shared.local.postgres import Postgres
from shared.migrate import migrate
from shared.security import new_key

ADDRESSES = cycle(range(1, 255))


@pytest.fixture(scope="session")
def registration_database() -> Iterator[None]:
    """A migrated database and the settings that lead to it; no Redis, as registering needs none."""
    with tempfile.TemporaryDirectory(prefix="sejawat-test-") as folder:
        postgres = Postgres(Path(folder) / "postgres")
        postgres.start()
        key = new_key()
        os.environ |= {
            "DATABASE_URL_REGISTRATION": postgres.ensure_database("registration", "registration"),
            "SECRET_KEY_REGISTRATION": "k" * 40,
            "TOKEN_PRIVATE_KEY": json.dumps(key.as_dict(private=True)),
            "TOKEN_PUBLIC_KEY": json.dumps(key.as_dict(private=False)),
            "NIK_KEYS": "n" * 40,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "FILES": str(Path(folder) / "files"),
        }
        from services.registration.resources import database

        migrate("registration", os.environ["DATABASE_URL_REGISTRATION"])
        yield
        database.engine.dispose()
        postgres.stop()


@pytest.fixture
def nothing_due(registration_database: None) -> None:  # noqa: ARG001 - it needs one
    """No import of an earlier test is under way."""
    from services.registration.resources import database

    with database.sessions.begin() as session:
        session.execute(
            text("UPDATE import_job SET state = 'cancelled' WHERE state IN ('reading', 'taking')")
        )


@pytest.fixture
def browser(registration_database: None) -> Browser:  # noqa: ARG001 - it needs one
    """Somebody on the public pages, at an address of their own."""
    return Browser(f"203.0.113.{next(ADDRESSES)}")


@pytest.fixture
def province(registration_database: None) -> Visitor:  # noqa: ARG001 - it needs one
    """A signed-in official of Kepulauan Riau."""
    return official("province", "21")
