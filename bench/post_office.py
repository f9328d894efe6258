"""Notifications alone for a measurement: engines, a mail server in its own process, workers."""

import json
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import text

from bench.laboratory import wait_until
from services.notifications import jobs
from services.notifications.providers.base import Channel
from services.notifications.resources import bus, database
from services.notifications.rules import WorkClass
from shared.local.ports import free_port
from shared.local.postgres import Postgres
from shared.local.processes import ManagedProcess, Supervisor
from shared.local.redis import Redis
from shared.migrate import migrate
from shared.security import new_key

# What the rendered templates weigh. In a zone where it is noon, as the window is not what is
# measured; due at infinity, until `release`.
_WRITE = text("""
    INSERT INTO message (id, event_id, rule, channel, recipient, class, region_code, zone, language,
        template, subject, text, html, traceparent, state, next_attempt_at, expires_at)
    SELECT uuidv7(), uuidv7(), 'bench', CAST(:channel AS text),
        :prefix || CASE CAST(:channel AS text)
            WHEN 'email' THEN n || '@contoh.id' ELSE lpad(n::text, 8, '0') END,
        :class, '21.01', :zone, 'id', 'bench', 'Pengumuman pertemuan nomor ' || n,
        repeat('Perpustakaan hadir untuk masyarakat; datang dan ajak tetangga.' || chr(10), 12),
        '<p>' || repeat('Perpustakaan <b>hadir</b> untuk masyarakat.<br>' || chr(10), 40) || '</p>',
        '00-' || md5(n::text) || '-00f067aa0ba902b7-01', 'queued', 'infinity',
        now() + interval '1 day'
    FROM generate_series(1, :count) AS n""")
_RELEASE = text("UPDATE message SET next_attempt_at = now() WHERE next_attempt_at = 'infinity'")
_STATES = text("SELECT state, count(*) FROM message GROUP BY state")
_SUNG = text(
    "SELECT count(*) > 0 AND min(sung_at) > 'epoch' FROM canary WHERE queue = ANY (:names)"
)


class PostOffice:
    """`with PostOffice() as office:`. What a database or a Redis loses is no part of this."""

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="sejawat-bench-"))
        self.postgres = Postgres(self.folder / "postgres")
        self.redis = Redis(self.folder / "redis")
        self.postgres.start()
        self.redis.start()
        self.supervisor = Supervisor()
        self._mail_server = Supervisor()
        self.journal = self.folder / "mails.jsonl"
        self.smtp_port = free_port()
        self.database_url = self.postgres.ensure_database("notifications", "notifications")
        os.environ |= {
            "DATABASE_URL_NOTIFICATIONS": self.database_url,
            "SECRET_KEY_NOTIFICATIONS": "n" * 40,
            "TOKEN_PUBLIC_KEY": json.dumps(new_key().as_dict(private=False)),
            "REDIS_URL": self.redis.url,
            "SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "BASE_URL": "http://sejawat.contoh.id",
        }
        migrate("notifications", self.database_url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.supervisor.stop()
        self.stop_mail_server()
        database.engine.dispose()
        self.redis.stop()
        self.postgres.stop()
        if kind is None:
            shutil.rmtree(self.folder)
        else:
            print(f"logs are in {self.folder}", file=sys.stderr)

    def start(self, name: str, *command: str) -> None:
        """Start one supervised process."""
        log_file = self.folder / f"{name}.log"
        command_line = [sys.executable, "-m", *command]
        self.supervisor.start(ManagedProcess(name, command_line, log_file, cwd=Path.cwd()))

    def start_mail_server(self, *options: str) -> None:
        """The one that the settings name."""
        where = ["--port", str(self.smtp_port), "--journal", str(self.journal)]
        command = [sys.executable, "-m", "bench.smtp_server", *where, *options]
        log_file = self.folder / "mail-server.log"
        self._mail_server = Supervisor()
        self._mail_server.start(ManagedProcess("mail-server", command, log_file, cwd=Path.cwd()))

    def stop_mail_server(self) -> None:
        """Whoever calls it finds nobody."""
        self._mail_server.stop()

    def start_worker(self, queues: str, processes: int) -> None:
        """A worker of these queues."""
        command = ["services.notifications", "worker", "--queues", queues]
        self.start(f"worker-{queues}", *command, "--processes", str(processes))

    def start_relay(self, *queues: str) -> None:
        """The relay; returns when the workers of these queues have sung."""
        self.start("relay", "services.notifications", "relay")
        wait_until(lambda: self._have_sung(queues), "the first song", 60)

    def kill(self, name: str) -> None:
        """`kill -9` a process and its children; it is started again."""
        wait_until(lambda: self.supervisor.pid(name) is not None, f"{name} alive", 30)
        os.killpg(self.supervisor.pid(name) or 0, signal.SIGKILL)

    def write(
        self, count: int, work_class: WorkClass, prefix: str, channel: Channel = "email"
    ) -> None:
        """Messages that wait for `release`; their addresses or numbers begin so."""
        east = (12 - datetime.now(UTC).hour + 12) % 24 - 12
        zone = None if work_class in {"code", "transactional"} else f"Etc/GMT{-east:+}"
        values = {"count": count, "class": work_class, "prefix": prefix, "zone": zone}
        values["channel"] = channel
        with database.sessions.begin() as session:
            session.execute(_WRITE, values)
        with database.autocommit() as connection:
            connection.execute(text("VACUUM ANALYZE message"))

    def release(self, work_class: WorkClass) -> None:
        """All that waits is due, and the workers are woken as by a handler."""
        with database.sessions.begin() as session:
            session.execute(_RELEASE)
            bus.wake(session, jobs.SENDS[work_class])

    def states(self) -> Counter[str]:
        """How many messages are in which state."""
        with database.sessions.begin() as session:
            return Counter({row.state: row.count for row in session.execute(_STATES)})

    def clear(self) -> None:
        """No messages, and no mails."""
        with database.sessions.begin() as session:
            session.execute(text("TRUNCATE message, attempt, provider_state CASCADE"))
        os.truncate(self.journal, 0)

    def mails(self, prefix: str = "") -> list[dict[str, Any]]:
        """What the mail server took for recipients that begin so, in order."""
        if not self.journal.exists():
            return []
        lines = self.journal.read_bytes().splitlines()
        return [mail for mail in map(json.loads, lines) if mail["to"].startswith(prefix)]

    def wait_for_mails(self, count: int, prefix: str, seconds: float = 300) -> None:
        """Until the mail server has taken so many for recipients that begin so."""
        recipient = f'"to": "{prefix}'.encode()
        enough: Callable[[], bool] = lambda: self.journal.read_bytes().count(recipient) >= count  # noqa: E731
        wait_until(enough, f"{count} mails", seconds, every=0.1)

    def _have_sung(self, queues: tuple[str, ...]) -> bool:
        with database.sessions.begin() as session:
            return bool(session.execute(_SUNG, {"names": list(queues)}).scalar_one())
