"""Whose a name in a file is: suggested, confirmed once, remembered; and regions that moved."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID, uuid4

import pytest
from reporting import sim_files
from reporting.libraries import BINTAN, KEPRI, NATIONAL, RIAU, SENDER, handed, library
from reporting.sim_files import activities, as_json, counts, execute, read, rows, take
from sim_rows import VILLAGE, sim_row
from sites import eventually

from services.reporting import activities as reports
from services.reporting import boundaries, jobs, libraries, library_matching, rollups, sim_imports
from services.reporting.boundaries import BadMove
from services.reporting.libraries import LibraryNotFound
from services.reporting.library_matching import NoSuchPlace
from services.reporting.models import Library, SimImport
from services.reporting.resources import database
from services.reporting.sim_imports import NotReady
from shared import regions
from shared.events import LibraryChanged
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("empty")

ELSEWHERE = regions.children(regions.children("21.02")[0].code)[0].code
STRANGE = "Perpustakaan Melati Jaya"
TODAY = date(2026, 11, 20)
_HELD = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


def key(job: SimImport) -> str:
    """The one name that is not known yet."""
    with database.sessions.begin() as session:
        [place], _ = library_matching.page(session, job)
        return place.key


def decide(job: SimImport, library_id: UUID | None, caller: Caller = KEPRI) -> None:
    one = key(job)
    with database.sessions.begin() as session:
        sim_imports.decide(session, caller, session.get_one(SimImport, job.id), one, library_id)


def strange(caller: Caller = KEPRI, count: int = 2) -> SimImport:
    return read(as_json(rows(count, perpus_nama=STRANGE)), caller)


def test_a_name_is_confirmed_once_and_remembered() -> None:
    ours = library(VILLAGE, "Perpustakaan Mawar")
    job = strange()
    assert (counts(job).open, counts(job).waiting) == (2, 0)
    decide(job, ours)
    assert counts(take(job)).taken == 2
    again = read(as_json(rows(3, perpus_nama=STRANGE.upper())))
    assert counts(again).waiting == 3
    assert counts(take(again)).taken == 1


def test_what_is_not_ours_stays_out_until_somebody_thinks_again() -> None:
    ours = library(VILLAGE, "Perpustakaan Mawar")
    job = strange()
    decide(job, None)
    job = take(job)
    assert (counts(job).not_ours, activities()) == (2, 0)
    [[one]] = execute("SELECT key FROM sim_place")
    with database.sessions.begin() as session:
        sim_imports.decide(session, KEPRI, session.get_one(SimImport, job.id), one, ours)
    assert counts(take(job)).taken == 2


def test_the_likeliest_libraries_around_are_suggested_and_others_are_found() -> None:
    village = library(VILLAGE, "Perpustakaan Melati")
    library("21.01.06.2002", "Perpustakaan Melati Raya")
    library(sim_files.NEIGHBOUR, "Perpustakaan Melati Jaya")
    far = library(ELSEWHERE, "Perpustakaan Seberang")
    job = strange()
    with database.sessions.begin() as session:
        [place], _ = library_matching.page(session, job)
        found = library_matching.candidates(session, KEPRI, place)
        assert [one.name for one in found] == ["Perpustakaan Melati", "Perpustakaan Melati Raya"]
        assert found[0].id == village
        searched = library_matching.search(session, KEPRI, "seberang perpus")
        assert [one.id for one in searched] == [far]
        assert library_matching.search(session, BINTAN, "seberang") == []


def test_nobody_decides_for_a_neighbour() -> None:
    theirs = library(sim_files.NEIGHBOUR)
    job = strange()
    with pytest.raises(LibraryNotFound):
        decide(job, theirs)
    decide(job, library(VILLAGE, "Perpustakaan Mawar"), BINTAN)
    with database.sessions.begin() as session:
        assert library_matching.remembered_page(session, RIAU) == ([], None)
        [[match, _]], _ = library_matching.remembered_page(session, KEPRI)
        with pytest.raises(NoSuchPlace):
            library_matching.forget(session, RIAU, match.key, match.scope)


def test_what_is_forgotten_is_asked_again() -> None:
    decide(strange(), library(VILLAGE, "Perpustakaan Mawar"))
    with database.sessions.begin() as session:
        [[match, ours]], _ = library_matching.remembered_page(session, NATIONAL, "melati")
        assert ours
        library_matching.forget(session, KEPRI, match.key, match.scope)
    assert counts(strange()).open == 2


def test_a_name_is_decided_while_nothing_runs_and_only_if_the_file_has_it() -> None:
    job = strange()
    with database.sessions.begin() as session:
        held = session.get_one(SimImport, job.id)
        with pytest.raises(NoSuchPlace):
            sim_imports.decide(session, KEPRI, held, "tidak|ada", None)
        sim_imports.cancel(session, held)
    with pytest.raises(NotReady):
        decide(job, uuid4())


# --- regions that moved --------------------------------------------------------------------


def move(from_code: str, to_code: str, since: date = date(2026, 3, 10)) -> None:
    with database.sessions.begin() as session:
        boundaries.order(session, NATIONAL.name, from_code, to_code, since)
    jobs.move_regions()


def tell(library_id: UUID, version: int, region_code: str) -> None:
    """What registration says of a library."""
    told = LibraryChanged(
        library_id=library_id,
        version=version,
        name="Perpustakaan Contoh",
        kind="village",
        region_code=region_code,
        joined_year=None,
        partner_status="none",
        merged_into=None,
    )
    with database.sessions.begin() as session:
        libraries.keep(session, [told], TODAY)


def place_of(library_id: UUID) -> str:
    with database.sessions.begin() as session:
        return session.get_one(Library, library_id).region_code


def test_a_moved_village_takes_its_later_reports_along_and_keeps_the_sums() -> None:
    library(VILLAGE)
    take(read(as_json(rows(1200))))
    move(VILLAGE, ELSEWHERE)
    assert 0 < activities(f"place_code = '{ELSEWHERE}'") < 1200
    assert activities(f"place_code = '{ELSEWHERE}' AND day < '2026-03-10'") == 0
    with database.sessions.begin() as session:
        assert rollups.recount(session, date(2026, 3, 1)) == 0
        [moved], _ = boundaries.page(session)
        assert moved.finished_at
        assert moved.moved == activities(f"place_code = '{ELSEWHERE}'")


def test_a_report_that_is_being_written_moves_with_its_library() -> None:
    """The move waits for it; only then does it look for reports."""
    ours = library(VILLAGE)
    with ThreadPoolExecutor() as pool:
        with database.sessions.begin() as session:
            reports.submit(session, ours, handed(day="2026-10-05"), SENDER, TODAY)
            session.flush()
            moving = pool.submit(move, VILLAGE, ELSEWHERE)
            eventually(lambda: execute(_HELD)[0][0], "the move waits")
        moving.result()
    assert activities(f"place_code = '{ELSEWHERE}'") == 1


def test_a_later_word_of_the_old_code_does_not_move_the_library_back() -> None:
    ours = library(VILLAGE)
    move(VILLAGE, ELSEWHERE)
    assert place_of(ours) == ELSEWHERE
    tell(ours, 2, VILLAGE)
    assert place_of(ours) == ELSEWHERE
    tell(ours, 3, ELSEWHERE)
    assert place_of(ours) == ELSEWHERE
    move(ELSEWHERE, VILLAGE)  # it was a mistake
    tell(ours, 4, VILLAGE)
    assert place_of(ours) == VILLAGE


def test_a_move_that_is_not_due_yet_changes_nothing() -> None:
    ours = library(VILLAGE)
    move(VILLAGE, ELSEWHERE, date(2099, 1, 1))
    tell(ours, 2, VILLAGE)
    assert place_of(ours) == VILLAGE


@pytest.mark.parametrize(
    ("from_code", "to_code", "why"),
    [
        (VILLAGE, "99.99.99.9999", "unknown-region"),
        (VILLAGE, "21.02", "not-alike"),
        ("nonsense", ELSEWHERE, "not-alike"),
        ("21.01", "21.02", "too-large"),
    ],
)
def test_an_impossible_move_is_refused(from_code: str, to_code: str, why: str) -> None:
    with pytest.raises(BadMove, match=why):
        move(from_code, to_code)


def test_two_files_at_once_bring_a_row_once() -> None:
    library(VILLAGE)
    first, second = read(as_json([sim_row()])), read(as_json([sim_row()]))
    assert (counts(take(first)).taken, counts(take(second)).already) == (1, 1)
