import time
from collections.abc import Callable
from pathlib import Path

from shared.local.ports import free_port, is_free
from shared.local.processes import Child

_TRIES = 5


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
