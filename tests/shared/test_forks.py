"""Works forked from one process: kept alive, ended together, and never left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from sites import eventually

# Two works that sleep, one of which has a child of its own, as Celery's worker has its pool.
PROGRAM = """
import os, subprocess, sys, threading, time
from shared.forks import Forks

def alone():
    time.sleep(600)

def with_child():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)

def broken():
    raise ValueError("it cannot begin")

if "thread" in sys.argv:
    threading.Thread(target=alone, daemon=True).start()
works = {"alone": alone, "with child": with_child}
Forks("test", works | ({"broken": broken} if "broken" in sys.argv else {})).run()
"""


class Run:
    """The program above, and what it forked."""

    def __init__(self, output: Path, *arguments: str) -> None:
        self.output = output
        environment = os.environ | {"SPT_NOENV": "1", "PYTHONPATH": "."}
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *arguments],
                env=environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self.seen: set[psutil.Process] = set()

    def work(self, name: str) -> psutil.Process | None:
        """The process of a work, if it runs."""
        for process in psutil.Process(self.process.pid).children():
            if process.cmdline()[:1] == [f"services.test {name}"]:
                self.seen |= {process, *process.children(recursive=True)}
                return process
        return None

    def begun(self, name: str) -> psutil.Process:
        """The process of a work, once it runs."""
        return eventually(lambda: self.work(name), f"{name} runs")

    def gone(self) -> bool:
        """Whether nothing is left of all that was ever seen."""
        return not any(
            process.is_running() and process.status() != psutil.STATUS_ZOMBIE
            for process in self.seen
        )


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def started(*arguments: str) -> Run:
        runs.append(Run(tmp_path / f"output-{len(runs)}", *arguments))
        return runs[-1]

    yield started
    for run in runs:
        run.process.kill()
        run.process.wait()
        for process in run.seen:
            if process.is_running():
                process.kill()


def with_its_child(run: Run) -> psutil.Process:
    work = run.begun("with child")
    eventually(work.children, "its child")
    run.work("with child")
    return work


def test_a_killed_work_begins_again_and_leaves_nothing_of_its_group(
    start: Callable[..., Run],
) -> None:
    run = start()
    neighbour, victim = run.begun("alone"), with_its_child(run)
    [child] = victim.children()
    victim.kill()
    eventually(lambda: not child.is_running(), "the orphan is killed")
    again = eventually(lambda: run.work("with child"), "the next life")
    assert again.pid != victim.pid
    assert neighbour.is_running()


def test_one_that_cannot_begin_disturbs_nobody(start: Callable[..., Run]) -> None:
    run = start("broken")
    alone = run.begun("alone")
    eventually(lambda: run.output.read_text().count("process_died") > 2, "it was tried again")
    assert "it cannot begin" in run.output.read_text()
    assert run.begun("alone") == alone


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all(start: Callable[..., Run], number: signal.Signals) -> None:
    run = start()
    run.begun("alone")
    with_its_child(run)
    run.process.send_signal(number)
    assert run.process.wait(10) == 0
    assert run.gone()


def test_a_signal_ends_what_keeps_dying(start: Callable[..., Run]) -> None:
    run = start("broken")
    run.begun("alone")
    eventually(lambda: "process_died" in run.output.read_text(), "it died")
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(10) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_killed_it_takes_its_works_with_it(start: Callable[..., Run]) -> None:
    run = start()
    run.seen = {run.begun("alone")}
    run.process.kill()
    run.process.wait()
    eventually(run.gone, "nothing is left")


def test_with_a_thread_it_does_not_fork(start: Callable[..., Run]) -> None:
    run = start("thread")
    assert run.process.wait(20) == 1
    assert "a fork copies one thread only" in run.output.read_text()
