"""Everything on one machine: engines, three services, a mail sink, demo data. Ctrl-C stops all.

`make run` calls this. Whatever DATABASE_URL_<SERVICE>, REDIS_URL and SMTP_URL name is used as it
is; what they do not name is started here, under the data directory.
"""

import argparse
import fcntl
import json
import os
import secrets
import shlex
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from shared.local.engines import AlreadyRunningError, EngineError, Engines
from shared.local.ports import free_port, is_free
from shared.local.postgres import Postgres
from shared.local.processes import ManagedProcess, Supervisor
from shared.local.redis import Redis

if TYPE_CHECKING:
    from starlette.types import ASGIApp

SERVICES = ("registration", "reporting", "notifications")
WORKERS = {  # by service: the queues of each worker, of which none has to wait for another's
    # Certificates, imports and reports take their time.
    "registration": ("events,jobs", "imports,certificates"),
    # An event must not wait behind mail, a code not behind many, nothing behind a slow receiver.
    "notifications": (
        "events",
        "code",
        "transactional",
        "reminder,bulk,digest,jobs",
        "webhooks",
    ),
    "reporting": ("events,jobs", "reports,imports"),
}
ROOT = Path(__file__).parent
READY_S = 90
TEND_S = 0.5  # how soon a dead engine is missed
DAY_S = 24 * 3600


def web() -> "ASGIApp":
    """The three applications behind one front door; uvicorn calls this."""
    from shared.front import front_door
    from shared.logs import configure_logs

    configure_logs("web")
    return front_door({name: import_module(f"services.{name}.app").app for name in SERVICES})


class Stopped(Exception):
    """Somebody pressed Ctrl-C before all was started."""


class Site:
    """One running copy, all of it under `data`, until `stopping` is set."""

    def __init__(self, data: Path, port: int, workers: int, stopping: threading.Event) -> None:
        self.data = data.resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        self.base_url = f"http://127.0.0.1:{port}"
        self._port = port
        self._workers = workers
        self._stopping = stopping
        self._lock: TextIO | None = None
        self._engines = Engines()
        self._supervisor = Supervisor()

    def start(self, *, demo: bool) -> dict[str, Any]:
        """Start all, and return what a person or a program needs to use it.

        Raises EngineError with a sentence for a person, and Stopped.
        """
        self._claim()
        os.environ |= _keys(self.data / "secrets.json")
        os.environ |= {"BASE_URL": self.base_url, "FILES": str(self.data / "files")}
        self._start_engines()
        told = self._prepare_databases(demo=demo)
        self._start_processes()
        self._wait_until_ready()
        _write_private(self.data / "env", _exports())
        _write_private(self.data / "demo.json", json.dumps(told, indent=2))
        return told

    def run(self) -> None:
        """Return when it is time to stop; until then an engine that dies is started again."""
        while not self._stopping.wait(TEND_S):
            self._engines.tend()

    def stop(self) -> None:
        """Stop all; what is in hand may finish for 15 s, and goes on at the next start if not."""
        if self._lock:  # else another copy runs here, and what lies here is its own
            self._forget_readiness()
        self._supervisor.stop(grace=15)
        self._engines.stop()
        if self._lock:
            self._lock.close()

    def _claim(self) -> None:
        """Take the data directory and the port, before anything of another copy is touched."""
        lock = (self.data / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise AlreadyRunningError(
                f"it is already running in {self.data}; choose another place with --data "
                "(make run DATA=...)."
            ) from None
        self._lock = lock
        self._forget_readiness()  # whoever waits for it must not read the last run's
        if not is_free(self._port):
            raise EngineError(
                f"Port {self._port} is taken; choose another with --port (make run PORT=...)."
            )

    def _forget_readiness(self) -> None:
        for name in ("demo.json", "env"):
            (self.data / name).unlink(missing_ok=True)

    def _begin(self, step: str) -> None:
        """Say what comes next, unless somebody wants to stop."""
        if self._stopping.is_set():
            raise Stopped
        print(f"{step} ...", flush=True)

    def _start_engines(self) -> None:
        urls = [f"DATABASE_URL_{name.upper()}" for name in SERVICES]
        if not all(url in os.environ for url in urls):
            self._begin("Starting PostgreSQL")
            postgres = Postgres(self.data / "postgres")
            self._engines.start(postgres)
            for name, url in zip(SERVICES, urls, strict=True):
                os.environ.setdefault(url, postgres.ensure_database(name, name))
        if "REDIS_URL" not in os.environ:
            self._begin("Starting Redis")
            redis = Redis(self.data / "redis")
            self._engines.start(redis)
            os.environ["REDIS_URL"] = redis.url
        if "SMTP_URL" not in os.environ:
            port = free_port()
            mail = str(self.data / "mail")
            sink = ["-m", "shared.local.smtp_sink", "--port", str(port), "--directory", mail]
            self._run("smtp-sink", *sink)
            os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{port}"

    def _prepare_databases(self, *, demo: bool) -> dict[str, Any]:
        # Only now, as the settings are read from the environment on first use.
        from services.registration import demo as demo_data
        from services.registration.resources import database
        from services.registration.settings import settings
        from services.reporting import demo as reporting_demo
        from services.reporting.resources import database as reporting_database
        from shared.security import Caller, issue_token

        for name in SERVICES:
            self._begin(f"Preparing the database of {name}")
            _prepare_database(name)
        if demo:
            self._begin("Filling in the demo data")
            with database.sessions.begin() as session:
                demo_data.seed(session)
                libraries = demo_data.directory(session)
            # What events will tell again: reports come in with the first page already.
            with reporting_database.sessions.begin() as session:
                reporting_demo.seed(session, libraries, datetime.now(UTC).date())
        database.engine.dispose()
        reporting_database.engine.dispose()
        admin = Caller("national", "Admin", "admin")
        return {
            "base_url": self.base_url,
            "admin_token": issue_token(settings().token_private_key, admin, seconds=30 * DAY_S),
            "mail": str(self.data / "mail"),
            "accounts": [
                {"email": email, "password": demo_data.PASSWORD, "role": role, "region": region}
                for email, _, role, region in demo_data.ACCOUNTS
                if demo
            ],
        }

    def _start_processes(self) -> None:
        self._begin("Starting the services")
        count = str(self._workers)
        for name, workers in WORKERS.items():
            queues = [part for each in workers for part in ("--worker", each)]
            self._run(name, "-m", f"services.{name}", "all", "--processes", count, *queues)
        self._run(
            "web",
            *["-m", "uvicorn", "run:web", "--factory", "--host", "127.0.0.1"],
            *["--port", str(self._port), "--workers", count, "--no-access-log"],
            *["--timeout-graceful-shutdown", "10", "--log-level", "warning"],
        )

    def _run(self, name: str, *arguments: str) -> None:
        (self.data / "log").mkdir(exist_ok=True)
        log_file = self.data / "log" / f"{name}.log"
        command = [sys.executable, *arguments]
        self._supervisor.start(ManagedProcess(name, command, log_file, os.environ, cwd=ROOT))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        for name in SERVICES:
            while not self._answers_ok(name):
                if time.monotonic() > deadline:
                    raise EngineError(
                        f"{name} does not answer on port {self._port}; {self.data}/log says why."
                    )
                if self._stopping.wait(0.1):
                    raise Stopped

    def _answers_ok(self, name: str) -> bool:
        try:
            with urllib.request.urlopen(
                f"{self.base_url}/{name}/health/ready", timeout=5
            ) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except (urllib.error.URLError, OSError, ValueError):
            return False


def _prepare_database(service: str) -> None:
    """Bring it up to date; raises EngineError when there is no way to it."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import ArgumentError, OperationalError

    from shared.migrate import migrate

    name = f"DATABASE_URL_{service.upper()}"
    try:
        migrate(service, os.environ[name])
        engine = create_engine(os.environ[name])
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM canary"))  # the songs of the last run
        engine.dispose()
    except OperationalError as error:
        raise EngineError(f"there is no way to the database of {name}: {error.orig}") from error
    except ArgumentError:  # its text may hold the password
        raise EngineError(f"{name} is no address of a database.") from None


def _exports() -> str:
    """What the services are told by their environment, for a shell: `. .data/env`."""
    names = set()
    for service in SERVICES:
        fields = import_module(f"services.{service}.settings").Settings.model_fields
        names |= {str(field.validation_alias or name).upper() for name, field in fields.items()}
    known = sorted(names & os.environ.keys())
    return "".join(f"export {name}={shlex.quote(os.environ[name])}\n" for name in known)


def _write_private(path: Path, text: str) -> None:
    """Write a file whole, for its owner alone."""
    half = path.with_name(f"{path.name}.part")  # a stop in between must not leave half a file
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    half.write_text(text)
    half.rename(path)


def _keys(path: Path) -> dict[str, str]:
    """This copy's secrets, made once and kept: links and sign-ins outlive a restart."""
    from shared.security import new_key

    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if "NIK_KEYS" not in kept:  # a copy of before there were any keeps its other secrets
        key = new_key()
        made = {f"SECRET_KEY_{name.upper()}": secrets.token_urlsafe(48) for name in SERVICES}
        made["TOKEN_PRIVATE_KEY"] = json.dumps(key.as_dict(private=True))
        made["TOKEN_PUBLIC_KEY"] = json.dumps(key.as_dict(private=False))
        made["NIK_KEYS"] = secrets.token_urlsafe(48)
        kept = made | kept
        _write_private(path, json.dumps(kept))
    return {name: value for name, value in kept.items() if name not in os.environ}


def _print_table(told: dict[str, Any], data: Path) -> None:
    rows = [
        ("Site", told["base_url"] + "/"),
        ("Messages (staff)", told["base_url"] + "/notifications/"),
        ("Reports (staff)", told["base_url"] + "/reporting/"),
        *((f"Sign in as {a['role']}", f"{a['email']} / {a['password']}") for a in told["accounts"]),
        ("Mails land in", told["mail"]),
        ("Logs", str(data / "log")),
        ("For programs", str(data / "demo.json")),
        ("For commands", f". {data / 'env'}"),
        *([] if told["accounts"] else [("First account", _first_account(data))]),
        ("Stop", "Ctrl-C"),
    ]
    width = max(len(label) for label, _ in rows)
    print("\n".join(f"  {label:<{width}}  {value}" for label, value in rows))
    print("Sejawat is ready", flush=True)


def _first_account(data: Path) -> str:
    return f". {data / 'env'}; {sys.executable} -m services.registration admin-account"


def main() -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data", type=Path, default=ROOT / ".data")
    parser.add_argument("--empty", action="store_true", help="no demo data")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes of the web and of each Celery worker"
    )
    arguments = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    site = Site(arguments.data, arguments.port, arguments.workers, stopping)
    try:
        told = site.start(demo=not arguments.empty)
        _print_table(told, site.data)
        site.run()
        print("Stopping ...", flush=True)
    except Stopped:
        print("Stopping before all was started ...", flush=True)
    except EngineError as error:
        sys.exit(f"Sejawat cannot start: {error}")
    finally:
        site.stop()


if __name__ == "__main__":
    main()
