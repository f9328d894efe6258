"""Reporting on real PostgreSQL and Redis."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import emptying
import pytest

from shared.local.postgres import Postgres
from shared.local.redis import Redis
from shared.migrate import migrate
from shared.security import new_key


@pytest.fixture(scope="session")
def engines() -> Iterator[Path]:
    """Databases and keys in the environment, as a service finds them; the folder they lie in."""
    key = new_key()
    with TemporaryDirectory() as directory:
        folder = Path(directory).resolve()
        postgres, redis = Postgres(folder / "postgres"), Redis(folder / "redis")
        postgres.start()
        redis.start()
        before = dict(os.environ)
        os.environ |= {
            "DATABASE_URL_REPORTING": postgres.ensure_database("reporting", "reporting"),
            "REDIS_URL": redis.url,
            "SECRET_KEY_REPORTING": "only-for-tests-" * 3,
            "TOKEN_PUBLIC_KEY": json.dumps(key.as_dict(private=False)),
            "BASE_URL": "http://test",
            "FILES": str(folder / "files"),
        }
        # Only now, as the settings are read from the environment on first use.
        from reporting.builders import Office

        from services.reporting import handlers, jobs
        from services.reporting.resources import database
        from services.reporting.settings import settings

        assert handlers
        assert jobs
        settings.cache_clear()
        migrate("reporting", settings().database_url)
        Office.private_key = json.dumps(key.as_dict(private=True))
        yield folder
        database.engine.dispose()
        redis.stop()
        postgres.stop()
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def empty(engines: Path) -> Path:
    """Nothing has been told yet, and nothing ordered; the folder of the reports."""
    from services.reporting.resources import database
    from services.reporting.settings import settings

    assert engines
    with database.sessions.begin() as session:
        emptying.empty(
            session,
            # Reports first: their deletion writes deltas.
            *("evidence", "activity_change", "activity", "delta"),
            *(
                "library_rollup",
                "regency_rollup",
                "province_rollup",
                "category_rollup",
                "recount",
                "period_lock",
            ),
            *("sim_row", "sim_place", "sim_import", "library_match", "region_move"),
            *("participant", "attendance", "certificate", "meeting", "erased", "reader"),
            *("schedule_slot", "report_job", "report_schedule", "target", "silent_notice"),
            *("library", "delivery", "outbox", "inbox", "failed_event"),
        )
    shutil.rmtree(settings().reports, ignore_errors=True)
    return settings().reports


@pytest.fixture
def example(empty: Path) -> Path:
    """The example meeting with its fifteen people; the folder of the reports."""
    from reporting.builders import example_people, tell

    tell(*example_people())
    return empty
