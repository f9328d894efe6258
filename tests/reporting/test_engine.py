"""Workers die, sleep and quarrel; each report is made once and whole, or not at all."""

import hashlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from reporting.builders import (
    BINTAN,
    EXAMPLE,
    KEPRI,
    NATIONAL,
    Office,
    crowd,
    imported,
    person,
    tell,
)
from sites import ROOT, eventually
from sqlalchemy import text

from services.reporting import jobs, making
from services.reporting.documents.common import Cancelled
from services.reporting.making import Claim
from services.reporting.resources import database
from shared.local.processes import ManagedProcess, Supervisor

PEOPLE = 2400


def row(location: str) -> Any:
    with database.autocommit() as connection:
        report_id = location.rpartition("/")[2]
        query = text("SELECT * FROM report_job WHERE id = :id")
        return connection.execute(query, {"id": report_id}).one()


def change(statement: str) -> None:
    with database.autocommit() as connection:
        connection.execute(text(statement))


def twenty_seconds_later() -> None:
    """No test waits for a lease to run out: its end comes to us."""
    change("UPDATE report_job SET lease_until = now() WHERE status IN ('running', 'queued')")


def take() -> Claim:
    with database.sessions.begin() as session:
        taken = making.claim(session)
    assert taken is not None
    return taken


def order(form: str = "csv", **more: Any) -> str:
    location: str = Office(KEPRI).order(form, **more).headers["location"]
    return location


@contextmanager
def being_made(location: str) -> Iterator[None]:
    """A worker is in the middle of the report; at the end it has come to an end with it."""
    worker = threading.Thread(target=jobs.make_reports)
    worker.start()
    try:
        eventually(lambda: row(location).done, "the first rows", 90)
        yield
    finally:
        worker.join()


@pytest.fixture
def large(empty: Path) -> Path:
    """More people than any meeting had; the folder of the reports."""
    people = crowd(PEOPLE)
    for start in range(0, len(people), 500):
        tell(*people[start : start + 500])
    return empty


# --- one attempt at a time -----------------------------------------------------------------


def result_of(taken: Claim) -> dict[str, Any]:
    name = f"{taken.name}.csv"
    return {"dedupe_key": "-", "made_at": None, "file": name, "row_count": 1, "bytes": 1} | {
        "sha256": taken.name
    }


def stale_and_fresh(folder: Path) -> tuple[str, Claim, Claim, Path]:
    """A worker that slept through its lease with a file in hand, and who took over."""
    location = order()
    stale = take()
    folder.mkdir(parents=True)
    part = folder / f"{stale.name}.part"
    part.write_text("stale")
    twenty_seconds_later()
    fresh = take()
    assert (stale.row.attempt, fresh.row.attempt) == (1, 2)
    return location, stale, fresh, part


def test_a_worker_that_slept_through_its_lease_is_not_heard(example: Path) -> None:
    location, stale, fresh, part = stale_and_fresh(example)
    before = row(location)
    with pytest.raises(Cancelled):
        making.renew(stale, done=999)
    assert not making.finish(stale, result_of(stale), part)
    assert not making._write(making._FAIL, {**stale.key, "error": "gave-up"})
    assert not making._write(making._RELEASE, {**stale.key, "retry": 5, "tries": 5})
    assert row(location) == before
    assert [path.name for path in example.iterdir()] == [part.name]

    making.make(fresh)
    assert not making.finish(stale, result_of(stale), part)
    done = row(location)
    assert (done.status, done.attempt, done.row_count) == ("done", 2, 15)
    assert [path.name for path in example.iterdir()] == [done.file]


@pytest.mark.parametrize("statement", ["_FINISH", "_FAIL", "_RELEASE", "_RENEW"])
def test_control_without_the_attempt_it_would_be_heard(example: Path, statement: str) -> None:
    location, stale, _fresh, _part = stale_and_fresh(example)
    before = row(location)
    fenced = getattr(making, statement).text
    unfenced = text(fenced.replace(" AND attempt = :attempt", ""))
    assert unfenced.text != fenced
    values = {"error": "gave-up", "retry": 5, "tries": 5, "lease": 20, "done": 999, "total": 9}
    with database.autocommit() as connection:
        connection.execute(unfenced, {"id": stale.row.id} | values | result_of(stale))
    after = row(location)
    assert after != before
    assert after.attempt == 2  # so it is the other's work that was overwritten


def test_who_orders_much_lets_others_have_their_turn(example: Path) -> None:
    assert example
    for _ in range(5):
        order()
    for other in (NATIONAL, NATIONAL, BINTAN):
        Office(other).order("csv")
    turns = [take().row.requested_by for _ in range(8)]
    assert turns == ["kepri", "national", "bintan", "kepri", "national", *["kepri"] * 3]


def test_each_report_is_claimed_by_one_of_many_workers(example: Path) -> None:
    assert example
    for _ in range(6):
        order()

    def worker(_number: int) -> Any:
        with database.sessions.begin() as session:
            return making.claim(session)

    with ThreadPoolExecutor(8) as pool:
        claims = [taken for taken in pool.map(worker, range(24)) if taken]
    assert len(claims) == len({taken.row.id for taken in claims}) == 6


def test_a_busy_writer_keeps_its_lease(example: Path) -> None:
    assert example
    location = order()
    worker = threading.Thread(target=jobs.make_reports)
    with database.sessions.begin() as session:
        session.execute(text("LOCK TABLE participant IN ACCESS EXCLUSIVE MODE"))
        worker.start()
        eventually(lambda: row(location).status == "running", "the claim")
        first = row(location).lease_until
        eventually(lambda: row(location).lease_until > first, "a heartbeat", 15)
    worker.join()
    assert row(location).status == "done"


# --- in the middle -------------------------------------------------------------------------


def test_a_cancel_is_seen_in_the_middle(large: Path) -> None:
    location = order("pdf")
    with being_made(location):
        told = Office(KEPRI).post(f"{location}/cancel").json()
        assert told["status"] == "cancelled"
    after = row(location)
    assert after.status == "cancelled"
    assert 0 < after.done < after.total == PEOPLE
    assert list(large.iterdir()) == []
    assert Office(KEPRI).post(f"{location}/cancel").json()["status"] == "cancelled"


def test_who_registers_meanwhile_is_in_the_next_list(large: Path) -> None:
    assert large
    location = order("pdf")
    with being_made(location):
        tell(imported(person("Susulan", "21.05")))
        told = Office(KEPRI).get(location).json()
        assert told["status"] == "running"
        assert told["seconds_left"] > 0
    done = Office(KEPRI).get(location).json()
    assert (done["status"], done["row_count"], done["total"]) == ("done", PEOPLE, PEOPLE)
    assert (
        Office(KEPRI).get(f"/reporting/api/v1/meetings/{EXAMPLE}/summary").json()["total"]
        == PEOPLE + 1
    )
    # The file holds the older data, so it is no answer to today's question.
    assert Office(KEPRI).order("pdf").json()["status"] == "queued"


# --- errors --------------------------------------------------------------------------------


def test_after_five_tries_a_report_has_failed_and_says_so(example: Path) -> None:
    location = order()
    example.parent.mkdir(parents=True, exist_ok=True)
    example.write_text("a file where the folder should be")
    for attempt in range(1, 6):
        jobs.make_reports()
        assert row(location).attempt == attempt
        assert row(location).status == ("queued" if attempt < 5 else "failed")
        jobs.make_reports()  # not before its time
        assert row(location).attempt == attempt
        twenty_seconds_later()
    told = Office(KEPRI).get(location).json()
    assert "lima kali dicoba" in told["error"]
    assert "in five tries" in told["error"]
    assert told["finished_at"]
    example.unlink()


def test_a_report_that_kills_its_workers_is_given_up(example: Path) -> None:
    assert example
    location = order()
    for _ in range(making.DEATHS):
        take()  # and nothing is ever heard of that worker again
        twenty_seconds_later()
    with database.sessions.begin() as session:
        assert making.claim(session) is None
    assert (row(location).status, row(location).error) == ("failed", "gave-up")


def test_an_error_passes_and_the_next_try_makes_the_report(example: Path) -> None:
    location = order()
    example.parent.mkdir(parents=True, exist_ok=True)
    example.write_text("a file where the folder should be")
    jobs.make_reports()
    example.unlink()
    twenty_seconds_later()
    jobs.make_reports()
    assert (row(location).status, row(location).attempt) == ("done", 2)


# --- real processes ------------------------------------------------------------------------


@pytest.fixture
def workers(engines: Path, large: Path) -> Iterator[Supervisor]:
    """Reporting's own relay and worker, kept alive as in production."""
    assert large
    supervisor = Supervisor()
    for name in ("relay", "worker"):
        command = [sys.executable, "-m", "services.reporting", name]
        log_file = engines / f"{name}.log"
        supervisor.start(ManagedProcess(name, command, log_file, os.environ, cwd=ROOT))
    yield supervisor
    supervisor.stop(grace=5)


def kill_with_all_its_children(workers: Supervisor, name: str) -> None:
    """`kill -9`, as when a machine loses power; back when the next life has begun."""
    pid = workers.pid(name)
    assert pid
    os.killpg(pid, signal.SIGKILL)
    eventually(lambda: workers.pid(name) not in {None, pid}, "the next life", 90)


def test_a_killed_workers_report_is_finished_by_the_next(workers: Supervisor, large: Path) -> None:
    location = order("pdf")
    eventually(lambda: row(location).done, "the first rows", 90)
    kill_with_all_its_children(workers, "worker")
    killed = row(location)
    assert (killed.status, killed.attempt) == ("running", 1)
    assert 0 < killed.done < killed.total
    twenty_seconds_later()
    change("UPDATE clock SET due_at = now() WHERE job = 'make_reports'")

    eventually(lambda: row(location).status == "done", "the report", 90)
    done = row(location)
    assert (done.attempt, done.row_count, done.total) == (2, PEOPLE, PEOPLE)
    assert [path.name for path in large.iterdir()] == [f"{done.id}-2.pdf"]
    content = Office(KEPRI).get(Office(KEPRI).get(location).json()["download"]).content
    assert hashlib.sha256(content).hexdigest() == done.sha256
    last = PdfReader(io.BytesIO(content)).pages[-1].extract_text()
    assert "lengkap" in last
    assert "2.400" in last
