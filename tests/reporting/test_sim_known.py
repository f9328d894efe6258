"""A preview says what is here already, also of a library that is known only later."""

from uuid import UUID

import pytest
from reporting import sim_files
from reporting.libraries import KEPRI, TODAY, handed, library
from reporting.sim_files import as_json, counts, read, rows, take
from sim_rows import VILLAGE
from sqlalchemy import select

from services.reporting import activities, library_matching, sim_imports
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
        sim_imports.undo(session, held, held.taken_at)
    sim_files.run(first.id)
    assert counts(take(job)).taken == 2
