"""One process that has imported a service once, and forks what is to run of it.

A service's relay and workers need the same modules, 2.5 s of CPU and 110 MB each; forked, they pay
for them once. For one machine; in containers each process is one of its own.
"""

import ctypes
import gc
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog
from setproctitle import setproctitle

log = structlog.get_logger()

FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 5.0
HEALTHY_AFTER_S = 30.0  # alive this long, a work has earned a quick restart again
ENDINGS = (signal.SIGTERM, signal.SIGINT)
PR_SET_PDEATHSIG = 1


class Forks:
    """Keeps works running, each in a process of its own, until SIGTERM or SIGINT.

    A work that ends, in whatever way, is begun again after 0.2 s, doubling to 5 s while it keeps
    ending young; what its process group left behind is killed first, as Celery's pool outlives its
    killed parent. When this process is killed, Linux sends the others SIGTERM.
    """

    def __init__(self, service: str, works: Mapping[str, Callable[[], None]]) -> None:
        self._service = service
        self._works = works
        self._living: dict[int, str] = {}
        self._untold: set[int] = set()  # living ones that have not been told to end
        self._born: dict[str, float] = {}
        self._due = dict.fromkeys(works, 0.0)  # when a work that does not run is begun
        self._backoff = dict.fromkeys(works, FIRST_BACKOFF_S)
        self._stopping = False

    def run(self) -> None:
        """Return when all have ended after a signal. Raises RuntimeError if there are threads."""
        if threading.active_count() > 1:
            raise RuntimeError(f"a fork copies one thread only: {threading.enumerate()}")
        gc.freeze()  # the collector would touch, and so copy, every page that is shared
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # it only has to wake us
        for number in ENDINGS:
            signal.signal(number, self._stop)
        while self._living or not self._stopping:
            self._begin_due()
            select.select([woken], [], [], self._until_next())
            with suppress(BlockingIOError):
                os.read(woken, 4096)
            if self._stopping:
                self._end_all()
            self._bury_dead()

    def _stop(self, *_: object) -> None:
        self._stopping = True  # the signal wakes `run` as well

    def _end_all(self) -> None:
        self._due.clear()
        while self._untold:
            os.kill(self._untold.pop(), signal.SIGTERM)  # dead or not: its number is still its own

    def _until_next(self) -> float | None:
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _begin_due(self) -> None:
        now = time.monotonic()
        for name in [name for name, due in self._due.items() if due <= now]:
            del self._due[name]
            self._begin(name)

    def _begin(self, name: str) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        # Held back until the child has handlers of its own, or it would hear of the end as we do.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
        pid = os.fork()
        if pid == 0:
            self._become(name, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        self._living[pid] = name
        self._untold.add(pid)
        self._born[name] = time.monotonic()

    def _become(self, name: str, parent: int) -> None:
        """Be the work, and never come back."""
        status = 1
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            for number in (*ENDINGS, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
            if sys.platform == "linux":
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGTERM))
            if os.getppid() == parent:
                setproctitle(f"services.{self._service} {name}")
                self._works[name]()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except Exception:
            log.exception("process_failed", process=name)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)  # the parent's own endings are not ours

    def _bury_dead(self) -> None:
        for pid in list(self._living):
            # Not reaped yet, the dead one still holds its number: no stranger's group is killed.
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
                self._untold.discard(pid)
                _, status = os.waitpid(pid, 0)
                self._mourn(self._living.pop(pid), os.waitstatus_to_exitcode(status))

    def _mourn(self, name: str, status: int) -> None:
        if self._stopping:
            return
        if time.monotonic() - self._born[name] >= HEALTHY_AFTER_S:
            self._backoff[name] = FIRST_BACKOFF_S
        self._due[name] = time.monotonic() + self._backoff[name]
        log.warning("process_died", process=name, status=status, restart_in_s=self._backoff[name])
        self._backoff[name] = min(2 * self._backoff[name], LONGEST_BACKOFF_S)
