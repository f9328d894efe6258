"""Notifications alone, on a PostgreSQL, a Redis and a mail server of its own."""

import json
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import emptying
import httpx
import pytest
import uvicorn
from notifications.desk import signed_in
from notifications.mailroom import Mailroom
from sites import eventually

from shared.local.ports import free_port
from shared.local.postgres import Postgres
from shared.local.redis import Redis
from shared.local.smtp_sink import SmtpSink
from shared.migrate import migrate
from shared.security import new_key


@pytest.fixture(scope="session")
def mailroom() -> Iterator[Mailroom]:
    """A migrated database, a Redis, and the settings that lead to them and to a mail server."""
    from services.notifications.providers import registry
    from services.notifications.resources import database
    from services.notifications.settings import settings

    with tempfile.TemporaryDirectory(prefix="sejawat-test-") as folder:
        postgres, redis = Postgres(Path(folder) / "postgres"), Redis(Path(folder) / "redis")
        postgres.start()
        redis.start()
        key, port = new_key(), free_port()
        environment = {
            "DATABASE_URL_NOTIFICATIONS": postgres.ensure_database(
                "notifications", "notifications"
            ),
            "SECRET_KEY_NOTIFICATIONS": "n" * 40,
            "TOKEN_PUBLIC_KEY": json.dumps(key.as_dict(private=False)),
            "REDIS_URL": redis.url,
            "SMTP_URL": f"smtp://127.0.0.1:{port}",
            "BASE_URL": "http://sejawat.contoh.id",
            "MAIL_REPLY_TO": "Panitia Contoh <tanya@contoh.id>",
            "BOUNCE_SECRET": "b" * 40,
        }
        before = dict(os.environ)
        os.environ |= environment
        settings.cache_clear()
        migrate("notifications", settings().database_url)
        os.environ.clear()
        os.environ |= before  # they have been read; other tests have their own
        private_key = json.dumps(key.as_dict(private=True))
        yield Mailroom(Path(folder), postgres, redis, environment, private_key, port)
        registry.close()
        database.engine.dispose()
        redis.stop()
        postgres.stop()


@pytest.fixture
def empty(mailroom: Mailroom) -> Iterator[None]:
    """No message from an earlier test, and no connection of ours to its mail server after this."""
    from services.notifications.providers import registry
    from services.notifications.resources import bus, database

    assert mailroom.folder.exists()
    with database.sessions.begin() as session:
        emptying.empty(
            session,
            *(
                "message_action",
                "receipt",
                "attempt",
                "message",
                "erased_subject",
                "suppression",
                "preference",
            ),
            *("provider_state", "inbox", "failed_event", "clock", "canary"),
        )
    bus.queues.client.flushall()
    yield
    registry.close()


@pytest.fixture
def nobody(empty: None) -> None:  # noqa: ARG001 - it comes first
    """No meeting and nobody from an earlier test, and every rule as it came."""
    from services.notifications.resources import database

    with database.sessions.begin() as session:
        emptying.empty(
            session,
            *("attendance", "participant", "meeting", "official"),
            *("schedule_run", "rule_setting", "silent_library"),
        )


@pytest.fixture
def sink(mailroom: Mailroom, tmp_path: Path) -> Iterator[SmtpSink]:
    """The mail server that the settings name, with an empty folder."""
    sink = SmtpSink(tmp_path / "mail", port=mailroom.smtp_port)
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture(scope="session")
def our_url(mailroom: Mailroom) -> Iterator[str]:
    """Where this process's application answers, as a gateway asks it."""
    from services.notifications.app import standalone

    port = free_port()
    assert mailroom.folder.exists()
    config = uvicorn.Config(
        standalone, host="127.0.0.1", port=port, log_config=None, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started, "the application answers")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def national(mailroom: Mailroom, our_url: str) -> Iterator[httpx.Client]:
    """An official of the national office."""
    with signed_in(mailroom, our_url, "national") as client:
        yield client
