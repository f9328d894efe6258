"""Certificates are issued in the background: all of them, once, through any crash."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hosts import HOST
from pypdf import PdfReader
from registration.certified import (
    desk,
    guests,
    http,
    issue_all,
    issued,
    open_meeting,
    run,
    run_shifts,
    start,
    told,
)
from sites import ROOT, eventually
from sqlalchemy import event, text

from services.registration import certificates, issuing
from services.registration.resources import database, printed
from shared.bus.queues import TooSlow

pytestmark = pytest.mark.usefixtures("registration_database")


def test_a_run_issues_all_and_leaves_one_file_to_print() -> None:
    meeting = open_meeting()
    guests(meeting, 60)
    run_id = start(meeting)
    assert start(meeting) == run_id  # pressed twice
    run_shifts()
    ended = run(meeting, run_id)
    assert (ended.state, ended.done, ended.total) == ("done", 60, 60)
    assert len(PdfReader(printed.path(ended.stored)).pages) == len(issued(meeting)) == 60
    again = start(meeting)
    run_shifts()
    assert (again != run_id, run(meeting, again).state, len(issued(meeting))) == (True, "done", 60)


def test_two_workers_at_once_give_nobody_two() -> None:
    meeting = open_meeting()
    guests(meeting, 120)
    start(meeting)
    with database.sessions.begin() as session:
        taken = issuing.claim(session)
    assert taken
    threads = [threading.Thread(target=issuing.make, args=(taken, later()))]
    threads += [threading.Thread(target=issue_all, args=(meeting,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = issued(meeting)
    assert [row.serial for row in rows] == list(range(1, 121))
    assert len({row.registration_id for row in rows}) == 120


def test_a_cancelled_run_stops_and_keeps_what_is_issued() -> None:
    meeting = open_meeting()
    guests(meeting, 60)
    run_id = start(meeting)
    with database.sessions.begin() as session:
        taken = issuing.claim(session)
    assert taken
    issuing._issue_batch(taken)
    with database.sessions.begin() as session:
        issuing.cancel(session, meeting, run_id)
    assert not issuing.make(taken, later())
    assert (run(meeting, run_id).state, len(issued(meeting))) == ("cancelled", 50)


def test_a_worker_that_slept_through_its_lease_is_not_heard() -> None:
    meeting = open_meeting()
    guests(meeting, 60)
    run_id = start(meeting)
    with database.sessions.begin() as session:
        slept = issuing.claim(session)
    assert slept
    lease_is_over(run_id)
    run_shifts()
    before = run(meeting, run_id)
    assert not issuing.make(slept, later())
    after = run(meeting, run_id)
    assert (after.state, after.stored, after.done) == ("done", before.stored, 60)
    assert len(issued(meeting)) == 60


def later() -> datetime:
    """The end of a shift in which everything fits."""
    return datetime.now(UTC) + timedelta(hours=1)


def test_a_long_run_is_done_in_shifts_and_printed_in_several_files() -> None:
    meeting = open_meeting()
    guests(meeting, issuing.FILE + 20)
    run_id = start(meeting)
    shifts, left = 0, True
    while left:
        with database.sessions.begin() as session:
            taken = issuing.claim(session)
        assert taken
        left = issuing.make(taken, datetime.now(UTC))  # each shift is over after one step
        shifts += 1
        assert (run(meeting, run_id).state == "running") == left
    assert shifts > issuing.FILE / issuing.BATCH
    ended = run(meeting, run_id)
    assert (ended.state, ended.done, len(issued(meeting))) == ("done", 520, 520)
    files = issuing.prints(ended)
    assert [(file.first, file.last) for file in files] == [(1, 500), (501, 1000)]
    assert [len(PdfReader(printed.path(file.stored)).pages) for file in files] == [500, 20]
    page = http("GET", desk(meeting), HOST).text
    assert "Nomor urut 1 sampai 500" in page
    assert "Nomor urut 501 sampai 1.000" in page
    assert http("GET", desk(meeting, f"/runs/{run_id}.pdf?number=2"), HOST).status_code == 200
    assert http("GET", desk(meeting, f"/runs/{run_id}.pdf?number=3"), HOST).status_code == 404
    with database.sessions.begin() as session:
        issuing.sweep_prints(session)
    assert printed.path(files[0].stored).exists()


def test_files_whose_certificates_are_all_revoked_are_none() -> None:
    meeting = open_meeting()
    guests(meeting, 1)
    [row] = issue_all(meeting)
    with database.sessions.begin() as session:
        certificates.revoke(session, HOST, meeting, row.id, "Tidak hadir.")
    run_id = start(meeting)
    run_shifts()
    assert (run(meeting, run_id).state, run(meeting, run_id).stored) == ("done", None)


def test_a_run_that_is_too_slow_does_not_fail_but_goes_on() -> None:
    meeting = open_meeting()
    guests(meeting, 3)
    run_id = start(meeting)
    with database.sessions.begin() as session:
        taken = issuing.claim(session)
    assert taken
    with pytest.raises(TooSlow), too_slow():
        issuing.make(taken, later())
    assert run(meeting, run_id).state == "running"
    lease_is_over(run_id)
    run_shifts()
    assert (run(meeting, run_id).state, len(issued(meeting))) == ("done", 3)


@contextmanager
def too_slow() -> Iterator[None]:
    """Celery's soft limit comes as soon as a transaction begins."""

    def stop(*_: Any) -> None:
        raise TooSlow

    event.listen(database.engine, "begin", stop)
    try:
        yield
    finally:
        event.remove(database.engine, "begin", stop)


def lease_is_over(run_id: UUID) -> None:
    """No test waits for a lease to run out: its end comes to us."""
    with database.sessions.begin() as session:
        statement = text("UPDATE certificate_run SET lease_until = now() WHERE id = :id")
        session.execute(statement, {"id": run_id})


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own that takes the run that is due."""
    program = "from services.registration import jobs; jobs.issue_certificates()"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=os.environ)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_after_kill_9_nobody_has_two_and_nobody_none() -> None:
    meeting = open_meeting()
    guests(meeting, 160)
    run_id = start(meeting)
    with worker() as process:
        eventually(lambda: issued(meeting), "the first batch")
        with database.sessions.begin() as session:
            certificates.lock(session, meeting)  # it is stopped before its next batch
            process.send_signal(signal.SIGKILL)
            process.wait()
    half = len(issued(meeting))
    assert 0 < half < 160
    assert half % issuing.BATCH == 0
    lease_is_over(run_id)
    run_shifts()
    rows = issued(meeting)
    assert [row.serial for row in rows] == list(range(1, 161))
    assert len({row.registration_id for row in rows}) == 160
    ended = run(meeting, run_id)
    assert (ended.state, ended.done) == ("done", 160)
    assert told(meeting, "issued") == 160
    assert len(PdfReader(printed.path(ended.stored)).pages) == 160
