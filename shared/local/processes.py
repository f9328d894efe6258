import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import structlog

log = structlog.get_logger()

FIRST_BACKOFF = 0.2  # seconds
LONGEST_BACKOFF = 5.0
HEALTHY_AFTER = 30.0  # alive this long, a child has earned a quick restart again

_LEASH = Path(__file__).with_name("leash.py")
_GROUP_GONE_WITHIN = 2.0  # seconds; longer only for a process the kernel cannot kill now


@dataclass(frozen=True)
class User:
    """The system user a child becomes; only root can ask for another than itself."""

    uid: int
    gid: int


class Child:
    """One process in a session of its own.

    When this process dies in whatever way, Linux sends the child `death_signal`. When the child
    dies, what is left of its process group is killed. `env` is added to our own environment;
    stdout and stderr are appended to `log_file`; `keep_fds` stay open in it. Raises OSError when no
    process can be made; a command that cannot be run shows as exit status 1 and a line in the log.
    """

    def __init__(  # noqa: PLR0913 (what a process has)
        self,
        command: Sequence[str],
        *,
        log_file: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: User | None = None,
        death_signal: signal.Signals = signal.SIGTERM,
        keep_fds: Collection[int] = (),
    ) -> None:
        self.returncode: int | None = None
        self._lock = threading.Lock()
        self._gone = threading.Event()
        who = f"{user.uid}:{user.gid}" if user else ""
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), str(int(death_signal))]

        def spawn() -> subprocess.Popen[bytes]:
            with log_file.open("ab") as output:
                return subprocess.Popen(
                    [*leash, who, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **(env or {})},
                    cwd=cwd,
                    start_new_session=True,
                    pass_fds=keep_fds,
                )

        born: Future[int] = Future()

        def live() -> None:
            try:
                process = spawn()
            except OSError as error:
                born.set_exception(error)
                return
            born.set_result(process.pid)
            self._bury(process)

        # The death signal is tied to the thread that forks, not to the process: this one lives as
        # long as its child.
        threading.Thread(target=live, name=f"child {command[0]}", daemon=True).start()
        self.pid = born.result()

    @property
    def alive(self) -> bool:
        """False when its whole group is gone."""
        return not self._gone.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the child and its group are gone; False when the time is over first."""
        return self._gone.wait(seconds)

    def send(self, signum: int) -> None:
        """Signal the child alone; a dead one does not mind."""
        with self._lock:
            if self.returncode is None:
                os.kill(self.pid, signum)

    def kill(self) -> None:
        """SIGKILL the child and its whole group."""
        with self._lock:
            if self.returncode is None:
                _kill_group(self.pid)

    def _bury(self, process: subprocess.Popen[bytes]) -> None:
        if hasattr(os, "waitid"):
            # Not reaped yet, the child still holds its number: no stranger can be signalled by it.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        else:  # macOS before Python 3.13
            process.wait()
        with self._lock:
            _kill_group(process.pid)
            self.returncode = process.wait()
        deadline = time.monotonic() + _GROUP_GONE_WITHIN
        while _group_lives(process.pid) and time.monotonic() < deadline:
            time.sleep(0.005)
        self._gone.set()


def _kill_group(leader: int) -> None:
    # PermissionError: macOS, when only the dead leader is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _group_lives(leader: int) -> bool:
    try:
        os.killpg(leader, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    # Dead orphans stay in their group until init reaps them, and in a container that may be never.
    return any(_is_member(process, leader) for process in psutil.process_iter())


def _is_member(process: psutil.Process, leader: int) -> bool:
    try:
        return os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False


@dataclass(frozen=True)
class ManagedProcess:
    """`env` is added to our own environment; output of every life is appended to `log_file`."""

    name: str
    command: Sequence[str]
    log_file: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None

    def spawn(self) -> Child:
        """Raise OSError when no process can be made."""
        return Child(self.command, log_file=self.log_file, env=self.env, cwd=self.cwd)


class Supervisor:
    """Keeps named processes alive until `stop`.

    A child that dies, with whatever status, is started again after 0.2 s, doubling to 5 s while it
    keeps dying young. What its process group left behind is killed first: Celery's pool outlives
    its killed parent and would go on consuming.
    """

    def __init__(self) -> None:
        self._keepers: dict[str, _Keeper] = {}

    def start(self, process: ManagedProcess) -> None:
        """Raise ValueError when the name is taken, OSError when no process can be made."""
        if process.name in self._keepers:
            raise ValueError(f"A process named {process.name} is already supervised.")
        self._keepers[process.name] = _Keeper(process)

    def stop(self, grace: float = 10.0) -> None:
        """SIGTERM to all, last started first; after `grace` seconds SIGKILL to their groups."""
        keepers = list(reversed(self._keepers.values()))
        for keeper in keepers:
            keeper.ask_to_stop()
        deadline = time.monotonic() + grace
        for keeper in keepers:
            keeper.end(deadline)
        self._keepers.clear()

    def pid(self, name: str) -> int | None:
        """None while the process waits to be started again; KeyError for a name never started."""
        child = self._keepers[name].child
        return child.pid if child.alive else None

    def kill(self, name: str, signum: int = signal.SIGKILL) -> None:
        """Signal the process alone, not its group: what a fault run does to it."""
        self._keepers[name].child.send(signum)

    def alive(self) -> set[str]:
        """Names of the processes that run now; one waiting to be started again is not there."""
        return {name for name, keeper in self._keepers.items() if keeper.child.alive}


class _Keeper:
    def __init__(self, process: ManagedProcess) -> None:
        self.process = process
        self.child = process.spawn()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=process.name, daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        with self._lock:  # so that no new child is born behind our back
            self._stopping.set()
            self.child.send(signal.SIGTERM)

    def end(self, deadline: float) -> None:
        if not self.child.wait(max(0.0, deadline - time.monotonic())):
            self.child.kill()
        self._thread.join()

    def _keep(self) -> None:
        backoff = FIRST_BACKOFF
        while True:
            born = time.monotonic()
            self.child.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - born >= HEALTHY_AFTER:
                backoff = FIRST_BACKOFF
            log.warning(
                "process_died",
                process=self.process.name,
                status=self.child.returncode,
                restart_in_seconds=backoff,
                log_file=str(self.process.log_file),
            )
            if self._stopping.wait(backoff):
                return
            backoff = min(2 * backoff, LONGEST_BACKOFF)
            self._respawn()

    def _respawn(self) -> None:
        with self._lock:
            if self._stopping.is_set():
                return
            try:
                self.child = self.process.spawn()
            except OSError as error:  # no memory or no log folder now: try again later
                log.warning("process_not_started", process=self.process.name, error=str(error))
