"""An undo takes back no more than whoever orders it may delete, and says what it leaves and why."""

import threading
from datetime import date

import pytest
from reporting import sim_files
from reporting.builders import Office
from reporting.libraries import BINTAN, KEPRI, NATIONAL, TODAY, handed, library
from reporting.sim_files import activities, as_json, execute, read, rows, take
from sim_rows import VILLAGE
from sites import eventually

from services.reporting import activities as reports
from services.reporting import boundaries, jobs, sim_imports
from services.reporting.activities import Sender
from services.reporting.models import Activity, SimImport
from services.reporting.resources import database
from shared import regions
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("empty")

API = "/reporting/api/v1/imports"
ELSEWHERE = regions.children(regions.children("21.02")[0].code)[0].code
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


def taken(count: int = 3) -> SimImport:
    """What an official of the kab/kota imported, verified by them as the file says."""
    library(VILLAGE)
    return take(read(as_json(rows(count)), BINTAN))


def verified(by: Caller, *titles: str) -> None:
    with database.sessions.begin() as session:
        found = session.query(Activity.id).filter(Activity.title.in_(titles)).all()
        assert len(reports.verify(session, by, [one.id for one in found])) == len(titles)


def order(job: SimImport, caller: Caller = BINTAN) -> None:
    with database.sessions.begin() as session:
        held = session.get_one(SimImport, job.id)
        assert held.taken_at
        sim_imports.undo(session, caller, held, held.taken_at)


def undo(job: SimImport, caller: Caller = BINTAN) -> SimImport:
    order(job, caller)
    return sim_files.run(job.id)


def move_away() -> None:
    with database.sessions.begin() as session:
        boundaries.order(session, "Contoh", VILLAGE, ELSEWHERE, date(2026, 1, 1))
    jobs.move_regions()


def test_what_a_level_above_verified_stays() -> None:
    job = taken()
    for caller in (KEPRI, NATIONAL):
        verified(caller, 'Kelas "0"', 'Kelas "1"')
    job = undo(job)
    assert (job.state, job.kept) == ("undone", {"verified-above": 2})
    assert (activities("deleted_at IS NULL AND stage = 3"), activities()) == (2, 2)


def test_the_level_above_takes_back_what_it_verified_itself_in_its_own_name() -> None:
    job = taken(2)
    verified(KEPRI, 'Kelas "0"')
    job = undo(job, KEPRI)
    assert (job.kept, activities()) == ({}, 0)
    [[actor, role]] = execute(
        "SELECT DISTINCT actor, role FROM activity_change WHERE action = 'deleted'"
    )
    assert (actor, role) == (KEPRI.name, "province")


def test_what_lies_in_another_region_by_now_stays() -> None:
    job = taken(2)
    verified(KEPRI, 'Kelas "0"')
    move_away()
    office = Office(BINTAN)
    refused = office.post(f"{API}/{job.id}/undo")
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing-to-undo")
    assert activities() == 2
    assert undo(job, KEPRI).kept == {}
    assert activities() == 0


def test_what_moves_away_while_the_undo_waits_stays() -> None:
    job = taken(2)
    order(job)
    move_away()
    assert sim_files.run(job.id).kept == {"elsewhere": 2}
    assert activities() == 2


def test_what_is_corrected_while_the_undo_waits_for_it_stays() -> None:
    job = taken(2)
    order(job)
    worker = threading.Thread(target=jobs.run_imports)
    with database.sessions.begin() as session:
        [one] = session.query(Activity).filter(Activity.title == 'Kelas "0"')
        change = handed(day="2026-03-01", title="Kelas lain", confirmed=("long-ago",))
        reports.edit(session, one, change, Sender("Contoh", "regency"), TODAY, revision=1)
        worker.start()
        eventually(lambda: execute(WAITING) == [(1,)], "the undo waits")
    worker.join()
    job = sim_files.found(job.id)
    assert (job.state, job.kept) == ("undone", {"corrected": 1})
    assert activities("deleted_at IS NULL AND title = 'Kelas lain'") == activities() == 1


def test_the_pages_say_before_and_after_what_is_left_and_why() -> None:
    job = taken()
    verified(KEPRI, 'Kelas "0"', 'Kelas "1"')
    office, page = Office(BINTAN), f"/reporting/imports/{job.id}"
    asked = office.get(f"{page}/undo").text
    assert "1 laporan yang dibawa" in asked
    assert "2 laporan sudah diverifikasi tingkat yang lebih tinggi" in asked
    assert office.post(f"{API}/{job.id}/undo").status_code == 202
    jobs.run_imports()
    assert "2 laporan sudah diverifikasi tingkat yang lebih tinggi" in office.get(page).text
    assert office.get(f"{API}/{job.id}").json()["kept"] == {"verified-above": 2}
