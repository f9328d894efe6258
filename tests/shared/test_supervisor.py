"""The supervisor keeps processes going, and leaves none behind."""

import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from sites import LINUX, eventually, gone

from shared.local.processes import ManagedProcess, Supervisor, _is_member


def family(tmp_path: Path, name: str = "family") -> ManagedProcess:
    """A parent whose child outlives it; the child's number is the last line of the log."""
    command = ["sh", "-c", "sleep 600 & echo $!; wait"]
    return ManagedProcess(name, command, tmp_path / f"{name}.log")


def born(process: ManagedProcess, count: int) -> int:
    """Wait for the count-th child; return its process id."""

    def lines() -> list[str]:
        return process.log_file.read_text().splitlines() if process.log_file.exists() else []

    eventually(lambda: len(lines()) == count)
    return int(lines()[-1])


def test_a_killed_child_is_started_again_and_its_orphans_are_not_left(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    process = family(tmp_path)
    supervisor.start(process)
    orphan, parent = born(process, 1), supervisor.pid("family")
    supervisor.kill("family", signal.SIGKILL)
    second = born(process, 2)
    assert gone(orphan)
    assert not gone(second)
    eventually(lambda: supervisor.pid("family") not in (None, parent))
    assert supervisor.alive() == {"family"}


def test_a_child_that_keeps_dying_is_given_more_and_more_time(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    log_file = tmp_path / "log"
    command = [sys.executable, "-c", "import time; print(time.monotonic(), flush=True); 1/0"]
    supervisor.start(ManagedProcess("failing", command, log_file))

    def births() -> list[float]:
        return [float(line) for line in log_file.read_text().splitlines() if line[0].isdigit()]

    eventually(lambda: len(births()) == 4)
    times = births()
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap > least for gap, least in zip(gaps, (0.2, 0.4, 0.8), strict=True))
    supervisor.stop()


def test_stop_leaves_no_process(supervisor: Supervisor, tmp_path: Path) -> None:
    first, last = family(tmp_path, "first"), family(tmp_path, "last")
    ignore_the_signal = "trap '' TERM; echo $$; while :; do sleep 600; done"
    deaf = ManagedProcess("deaf", ["sh", "-c", ignore_the_signal], tmp_path / "deaf.log")
    for process in (first, deaf, last):
        supervisor.start(process)
    orphans = [born(process, 1) for process in (first, deaf, last)]
    with pytest.raises(ValueError, match="already supervised"):
        supervisor.start(first)
    leaders = [supervisor.pid(name) for name in ("first", "deaf", "last")]
    assert None not in leaders
    supervisor.stop(grace=0.5)
    assert all(gone(pid) for pid in [*orphans, *leaders] if pid)
    assert supervisor.alive() == set()
    processes = list(psutil.process_iter())
    assert not any(_is_member(p, leader) for leader in leaders if leader for p in processes)


def test_a_process_gets_its_environment_and_folder_and_default_signals(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    command = ["sh", "-c", "echo $CITY; pwd; grep -E 'Sig(Ign|Blk)' /proc/self/status; sleep 600"]
    log_file = tmp_path / "log"
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    try:
        supervisor.start(
            ManagedProcess("p", command, log_file, env={"CITY": "Ternate"}, cwd=tmp_path)
        )
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM,))
    eventually(lambda: len(log_file.read_text().splitlines()) >= (4 if LINUX else 2))
    city, folder, *signals = log_file.read_text().splitlines()
    assert (city, folder) == ("Ternate", str(tmp_path))
    # The C library keeps 32 and 33 to itself: whoever started us may have ignored those for good.
    settable = sum(1 << (number - 1) for number in signal.valid_signals())
    held_back = {line: hex(int(line.split()[1], 16) & settable) for line in signals}
    assert set(held_back.values()) <= {"0x0"}, held_back


@pytest.mark.skipif(not LINUX, reason="only Linux tells a child that its parent died")
def test_a_killed_supervisor_leaves_no_child(tmp_path: Path) -> None:
    script = """
import sys, threading
from pathlib import Path
from shared.local.processes import ManagedProcess, Supervisor, _is_member
supervisor = Supervisor()
for name in ("one", "two"):
    supervisor.start(ManagedProcess(name, ["sleep", "600"], Path(sys.argv[1]) / name))
print(supervisor.pid("one"), supervisor.pid("two"), flush=True)
threading.Event().wait()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    eventually(lambda: all(map(gone, pids)))
