import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog

from shared.local.ports import free_port, is_free
from shared.local.processes import Child

log = structlog.get_logger()

_TRIES = 5
_PAUSE_S = 5.0  # after a start that failed


class EngineError(RuntimeError):
    """An embedded engine cannot do what was asked; the message is for a person."""


class AlreadyRunningError(EngineError):
    """Another process runs an engine on this directory."""


class EngineMissingError(EngineError):
    """No program for this engine on this machine; the message says how to get one."""


def start_on_a_port(
    kept_port: int | None,
    spawn: Callable[[int], Child],
    ready: Callable[[Child, int], bool],
    *,
    log_file: Path,
    seconds: float,
) -> tuple[Child, int]:
    """Start an engine and return when it is ready, with the port it listens on.

    Without `kept_port` a free one is chosen, and another when somebody takes it meanwhile. Raises
    EngineError with the end of the log when the engine dies or is not ready after `seconds`.
    """
    for _ in range(1 if kept_port else _TRIES):
        port = kept_port or free_port()
        child = spawn(port)
        if _becomes_ready(child, port, ready, seconds):
            return child, port
        if is_free(port):  # so the port was not the reason
            raise EngineError(f"{log_file} says why it did not start: {last_lines(log_file)}")
    raise EngineError(f"Port {port} is taken by another program.")


def _becomes_ready(
    child: Child, port: int, ready: Callable[[Child, int], bool], seconds: float
) -> bool:
    deadline = time.monotonic() + seconds
    while not child.wait(0.02):
        if ready(child, port):
            return True
        if time.monotonic() > deadline:
            child.kill()
            child.wait()
            return False
    return False


def last_lines(log_file: Path, count: int = 5) -> str:
    """Return the end of a log, for an error message."""
    return "\n".join(log_file.read_text(errors="replace").splitlines()[-count:])


class Engine(Protocol):
    """What PostgreSQL and Redis of our own have in common."""

    directory: Path

    @property
    def pid(self) -> int | None:
        """None when it does not run."""

    def start(self) -> None:
        """Return when it answers."""

    def stop(self) -> None:
        """Nothing to do when it does not run."""

    def restart(self) -> None:
        """On the same port."""


class Engines:
    """Engines that run until `stop`, as long as somebody calls `tend` now and then.

    In the caller's thread, so that none is started behind the back of `stop`.
    """

    def __init__(self) -> None:
        self._engines: list[Engine] = []
        self._not_before = 0.0

    def start(self, engine: Engine) -> None:
        """Start and keep one; raises EngineError."""
        self._engines.append(engine)
        engine.start()

    def tend(self) -> None:
        """Start again whichever has died, with what its directory holds."""
        for engine in self._engines:
            if engine.pid is None and time.monotonic() >= self._not_before:
                name = engine.directory.name
                log.warning("engine_died", engine=name, log_file=str(engine.directory / "log"))
                try:
                    engine.restart()
                except (EngineError, OSError) as error:
                    log.warning("engine_not_started", engine=name, error=str(error))
                    self._not_before = time.monotonic() + _PAUSE_S
                else:
                    log.info("engine_started_again", engine=name)

    def stop(self) -> None:
        """Stop all, last started first."""
        for engine in reversed(self._engines):
            engine.stop()
