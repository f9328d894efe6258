"""A preview says what is here already, also of a library that is known only later."""

from typing import Any
from uuid import UUID

import pytest
from reporting import sim_files
from reporting.libraries import KEPRI, TODAY, handed, library
from reporting.sim_files import as_json, counts, read, rows, take
from sim_rows import VILLAGE, sim_row
from sqlalchemy import event, select

from services.reporting import activities, jobs, library_matching, sim_imports, sim_known
from services.reporting.activities import Sender
from services.reporting.models import SimImport, SimPlace
from services.reporting.resources import database

pytestmark = pytest.mark.usefixtures("empty")

DATA = as_json(rows(2, perpus_nama="Pojok Baca"))


def match(job: SimImport, library_id: UUID) -> None:
    """Say whose the file's only name is, for this file alone."""
    with database.sessions.begin() as session:
        key = session.scalars(select(SimPlace.key).where(SimPlace.import_id == job.id)).one()
        sim_imports.decide(session, KEPRI, session.get_one(SimImport, job.id), key, library_id)
        library_matching.forget(session, KEPRI, key, "")
    assert counts(job).comparing == 2, "a web request compares nothing"
    jobs.compare_imports()
    assert counts(job).comparing == 0


def seen(job: SimImport) -> tuple[int, list[str]]:
    """How many rows are here already, and the first row's notes."""
    return counts(job).known, list(sim_files.told(job)[0].notes)


def test_rows_are_compared_again_with_each_library_that_is_chosen() -> None:
    first, second = library(VILLAGE, "Perpustakaan Mawar"), library(VILLAGE, "TBM Anggrek")
    before = read(DATA)
    match(before, first)
    take(before)
    one = handed(day="2026-03-01", title='Kelas "0"', confirmed=("long-ago",))
    with database.sessions.begin() as session:
        activities.submit(session, second, one, Sender("Contoh", "library"), TODAY)
    job = read(DATA)
    assert (counts(job).open, *seen(job)) == (2, 0, [])
    match(job, second)
    assert seen(job) == (0, ["there"])
    match(job, first)
    assert seen(job) == (2, [])


def test_what_is_taken_back_meanwhile_comes_in_again() -> None:
    library(VILLAGE)
    first = take(read(as_json(rows(2))))
    job = read(as_json(rows(2)))
    assert seen(job) == (2, [])
    with database.sessions.begin() as session:
        held = session.get_one(SimImport, first.id)
        assert held.taken_at
        sim_imports.undo(session, KEPRI, held, held.taken_at)
    sim_files.run(first.id)
    assert counts(take(job)).taken == 2


def test_a_day_with_very_many_reports_is_compared_by_the_newest_and_by_the_very_title() -> None:
    many = 10 * sim_known.NEWEST
    library(VILLAGE)
    told: list[dict[str, Any]] = [
        {"nama_kegiatan": f"Kegiatan {number:b}".replace("0", "O")} for number in range(many)
    ]
    first = as_json([sim_row(**one) for one in told])
    take(read(first))
    again: list[dict[str, Any]] = [
        {"nama_kegiatan": f"Lain sekali {number:o}"} for number in range(many)
    ]
    again[0] = told[0] | {"sasaran": "Pelajar"}
    rows_read: list[int] = []

    def count(*about: Any) -> None:
        if "told" in about[2] or "asked" in about[2]:
            rows_read.append(about[1].rowcount)

    event.listen(database.engine, "after_cursor_execute", count)
    try:
        job = read(as_json([sim_row(**one) for one in again]))
    finally:
        event.remove(database.engine, "after_cursor_execute", count)
    assert sum(rows_read) < 3 * many, "as many as there are, and not each with each"
    assert [list(one.notes) for one in sim_files.told(job)] == [["there"]] + [[]] * (many - 1)
    assert counts(take(job)).taken == many
