"""Reporting alone, on engines of its own, for the benches of its sums and files."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.local.postgres import Postgres
from shared.local.redis import Redis
from shared.migrate import migrate
from shared.security import new_key


@contextmanager
def reporting_alone() -> Iterator[Path]:
    """Engines that run, a migrated database, and settings that lead there; the folder of all."""
    folder = Path(tempfile.mkdtemp(prefix="sejawat-bench-"))
    postgres, redis = Postgres(folder / "postgres"), Redis(folder / "redis")
    postgres.start()
    redis.start()
    url = postgres.ensure_database("reporting", "reporting")
    os.environ |= {
        "DATABASE_URL_REPORTING": url,
        "REDIS_URL": redis.url,
        "SECRET_KEY_REPORTING": "only-for-benches-" * 3,
        "TOKEN_PUBLIC_KEY": json.dumps(new_key().as_dict(private=False)),
        "FILES": str(folder / "files"),
    }
    migrate("reporting", url)
    try:
        yield folder
    finally:
        from services.reporting.resources import database

        database.engine.dispose()
        redis.stop()
        postgres.stop()
        shutil.rmtree(folder)
