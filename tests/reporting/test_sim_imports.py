"""A file of the older system: read, taken once, undone, cancelled, and never left half done."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from reporting import sim_files
from reporting.libraries import BINTAN, KEPRI, RIAU, TODAY, handed, library
from reporting.sim_files import (
    FORMS,
    activities,
    as_json,
    counts,
    execute,
    kill_workers,
    read,
    rows,
    take,
)
from sim_rows import VILLAGE, sim_row
from sites import ROOT, eventually

from services.reporting import activities as reports
from services.reporting import jobs, rollups, sim_importing, sim_imports
from services.reporting.activities import Sender
from services.reporting.models import Activity, SimImport
from services.reporting.resources import database
from services.reporting.sim_imports import ImportNotFound, NotReady
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("empty")


def test_the_same_file_twice_changes_nothing() -> None:
    library(VILLAGE)
    data = as_json([*rows(1500), sim_row(tanggal="01/01/2099")])
    for outcome, known in (("taken", 0), ("already", 1500)):
        job = read(data)
        assert (job.state, job.error, counts(job).bad) == ("ready", "", 1)
        assert counts(job).known == known, "the preview says it before"
        job = take(job)
        assert job.state == "done"
        assert getattr(counts(job), outcome) == 1500
        assert activities("stage = 1 AND timely = 1") == 1500
        [(told,)] = execute(
            "SELECT envelope -> 'data' FROM outbox WHERE type LIKE '%import.finished%'"
            f" AND envelope ->> 'subject' = '{job.id}'"
        )
        assert (told["state"], told[outcome], told["faulty"]) == ("done", 1500, 1)
    with database.sessions.begin() as session:
        assert rollups.recount(session, TODAY.replace(month=3, day=1)) == 0


@pytest.mark.parametrize("form", FORMS)
def test_json_csv_xlsx_and_gzip_are_alike(form: str) -> None:
    library(VILLAGE)
    take(read(as_json(rows(3))))
    job = take(read(FORMS[form](rows(3))))
    assert (counts(job).already, activities()) == (3, 3)


def test_a_row_that_was_verified_since_is_verified_here_and_comes_in_once() -> None:
    library(VILLAGE)
    take(read(as_json(rows(2, is_verified="false"))))
    assert activities("stage = 0") == 2
    job = read(as_json(rows(2)))
    assert [list(one.notes) for one in sim_files.told(job)] == [["verified-now"]] * 2
    assert counts(job).known == 0
    job = take(job)
    assert (counts(job).already, activities("stage = 1"), activities()) == (2, 2, 2)
    actions = execute("SELECT action FROM activity_change ORDER BY id")
    assert [one.action for one in actions] == ["submitted"] * 2 + ["verified"] * 2


def test_a_report_that_lies_elsewhere_is_not_verified_by_a_neighbours_file() -> None:
    library(VILLAGE)
    take(read(as_json(rows(1, is_verified="false")), BINTAN))
    execute("UPDATE activity SET regency_code = '21.02', place_code = '21.02.01.2001'")
    job = read(as_json(rows(1)), BINTAN)
    assert [list(one.notes) for one in sim_files.told(job)] == [[]]
    assert (counts(job).known, counts(take(job)).already, activities("stage = 0")) == (1, 1, 1)


def test_what_is_there_from_a_form_is_pointed_out() -> None:
    ours = library(VILLAGE)
    with database.sessions.begin() as session:
        one = handed(day="2026-03-01", title='Kelas "0"', confirmed=("duplicate", "long-ago"))
        reports.submit(session, ours, one, Sender("Contoh", "library"), TODAY)
    job = read(as_json(rows(2)))
    for _ in ("preview", "taken"):
        assert [list(one.notes) for one in sim_files.told(job)] == [["there"], []]
        job = take(job)


def undo(job: SimImport) -> SimImport:
    with database.sessions.begin() as session:
        held = session.get_one(SimImport, job.id)
        assert held.taken_at
        sim_imports.undo(session, KEPRI, held, held.taken_at)
    return sim_files.run(job.id)


def test_undo_takes_back_all_but_what_somebody_corrected_and_it_may_come_again() -> None:
    library(VILLAGE)
    job = take(read(as_json(rows(3))))
    with database.sessions.begin() as session:
        [first] = session.query(Activity).filter(Activity.title == 'Kelas "0"')
        change = handed(day="2026-03-01", title='Kelas "0"', confirmed=("long-ago",))
        reports.edit(session, first, change, Sender("Contoh", "regency"), TODAY, revision=1)
    assert undo(job).state == "undone"
    assert (activities(), activities("deleted_at IS NOT NULL")) == (1, 2)
    again = counts(take(read(as_json(rows(3)))))
    assert (again.taken, again.already) == (2, 1)
    with pytest.raises(NotReady):
        take(job)


def test_a_week_later_nothing_is_undone() -> None:
    library(VILLAGE)
    job = take(read(as_json(rows(1))))
    execute("UPDATE sim_import SET taken_at = taken_at - interval '7 days'")
    [[now]] = execute("SELECT now()")
    with database.sessions.begin() as session:
        held = session.get_one(SimImport, job.id)
        with pytest.raises(NotReady):
            sim_imports.undo(session, KEPRI, held, now)


def cancel(job: SimImport) -> SimImport:
    with database.sessions.begin() as session:
        sim_imports.cancel(session, session.get_one(SimImport, job.id))
    return sim_files.run(job.id)


def test_a_cancelled_preview_brings_nothing() -> None:
    library(VILLAGE)
    job = cancel(read(as_json(rows(2))))
    assert (job.state, activities()) == ("cancelled", 0)
    with pytest.raises(NotReady):
        take(job)


def test_what_was_taken_before_a_cancel_stays_and_the_rest_may_follow() -> None:
    library(VILLAGE)
    job = read(as_json(rows(1200)))
    with database.sessions.begin() as session:
        sim_imports.take(session, session.get_one(SimImport, job.id))
    with database.sessions.begin() as session:
        held = sim_importing.claim(session)
    assert held
    next(sim_importing._take(held))  # one batch, as a worker that is slow
    assert cancel(job).state == "done"
    assert activities() == 1000
    sim_importing.work(held)  # the slow worker hears that it is over
    assert activities() == 1000
    assert counts(take(job)).taken == 1200


def test_a_neighbours_import_is_not_to_be_found_and_its_rows_stay_outside() -> None:
    library(sim_files.NEIGHBOUR)
    job = read(as_json([sim_row(village=sim_files.NEIGHBOUR), sim_row()]))
    assert [one.errors for one in sim_files.told(job)] == [{"": "outside"}, {}]
    for caller in (RIAU, BINTAN):
        with pytest.raises(ImportNotFound):
            sim_files.found(job.id, caller)
    take(job)
    assert activities() == 0


def test_a_library_that_moved_away_meanwhile_is_asked_for_again() -> None:
    library(VILLAGE)
    job = read(as_json(rows(2)))
    assert counts(job).waiting == 2
    execute("UPDATE library SET region_code = '14.01.01.2001', province_code = '14'")
    job = take(job)
    assert (job.state, counts(job).open, counts(job).already, activities()) == ("done", 2, 0, 0)


def test_an_import_that_kills_its_workers_is_given_up_and_may_be_resumed() -> None:
    library(VILLAGE)
    made = read(as_json(rows(2))).id
    with database.sessions.begin() as session:
        sim_imports.take(session, session.get_one(SimImport, made))
    kill_workers()
    job = sim_files.run(made)
    assert (job.state, job.error) == ("failed", "gave-up:taking")
    with database.sessions.begin() as session:
        sim_imports.resume(session, session.get_one(SimImport, made))
    assert sim_files.run(made).state == "done"


WORK = "from services.reporting import jobs; jobs.run_imports()"


def worker(folder: Path) -> "subprocess.Popen[bytes]":
    """A process of its own that does what a worker does."""
    with (folder / "import-worker.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-c", WORK], cwd=ROOT, stdout=output, stderr=output
        )


def day(number: int) -> str:
    """Days of seven years."""
    return f"{1 + number % 28:02}/{1 + number // 28 % 12:02}/{2019 + number // 336 % 7}"


def done(import_id: UUID) -> int:
    return sim_files.found(import_id).done


@pytest.mark.parametrize("step", ["reading", "taking"])
def test_a_killed_workers_import_is_finished_by_the_next(engines: Path, step: str) -> None:
    library(VILLAGE)
    take(read(as_json(rows(2))))
    execute("ANALYZE sim_row")  # the planner knows small files alone
    execute("DELETE FROM sim_import; DELETE FROM activity")
    made = sim_files.order(
        as_json([sim_row(number, tanggal=day(number)) for number in range(12_000)])
    )
    if step == "taking":
        sim_files.run(made)
        with database.sessions.begin() as session:
            sim_imports.take(session, session.get_one(SimImport, made))
    process = worker(engines)
    eventually(lambda: done(made) > 0 and sim_files.found(made).state == step, "a batch")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    killed = sim_files.found(made)
    assert killed.total == 12_000, "it said from the first how much there is to do"
    assert (killed.state, killed.done < 12_000) == (step, True)
    assert killed.lease_until
    execute("UPDATE sim_import SET lease_until = now()")  # twenty seconds later
    job = sim_files.run(made)
    if step == "reading":
        assert (job.state, counts(job).rows) == ("ready", 12_000)
        job = take(job)
    assert (job.state, counts(job).taken, activities()) == ("done", 12_000, 12_000)


def test_an_edit_keeps_what_no_form_asks_for() -> None:
    library(VILLAGE)
    take(read(as_json([sim_row(attachment="https://contoh.id/foto.jpg")])))
    with database.sessions.begin() as session:
        [one] = session.query(Activity)
        change = handed(day="2026-03-01", title="Kelas lain", confirmed=("long-ago",))
        reports.edit(session, one, change, Sender("Contoh", "regency"), TODAY, revision=1)
        assert one.fields["attachment"] == "https://contoh.id/foto.jpg"
        assert one.title == "Kelas lain"


def test_the_rows_are_forgotten_after_their_time_and_the_reports_stay() -> None:
    library(VILLAGE)
    job = take(read(as_json(rows(2))))
    execute("UPDATE sim_import SET created_at = now() - interval '91 days'")
    jobs.purge_imports()
    with pytest.raises(ImportNotFound):
        sim_files.found(job.id, Caller("national"))
    assert KEPRI.may_see(VILLAGE)
    assert activities() == 2
