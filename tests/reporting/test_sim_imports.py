"""A file of the older system: read, taken once, undone; a moved region keeps its sums."""

import json
from datetime import date

import pytest
from reporting.libraries import KEPRI, NATIONAL, library
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.reporting import boundaries, jobs, rollups, sim_files, sim_imports, sim_streams
from services.reporting.models import SimImport
from services.reporting.resources import database
from shared import regions

VILLAGE = "21.01.04.2001"
ELSEWHERE = regions.children(regions.children("21.02")[0].code)[0].code


def rows(count: int) -> list[dict[str, str]]:
    path = [one.name for one in regions.get(VILLAGE).path]
    names = ("provinsi", "kabupaten", "kecamatan", "desa_name")
    return [
        dict(zip(names, path, strict=True))
        | {"perpus_nama": "Perpustakaan Contoh", "tanggal": f"{1 + n % 28:02}/03/2026"}
        | {"nama_kegiatan": f"Kelas &quot;{n}&quot;", "bidang_kegiatan": "ekonomi"}
        | {"jenis": "Pelatihan", "sasaran": "Umum", "jumlah_peserta": "10"}
        | {"tanggal_input": "2026-03-30", "is_verified": "true"}
        for n in range(count)
    ]


def imported(data: bytes) -> SimImport:
    """Hand a file in, and bring it to its preview."""
    made = uuid7()
    with database.sessions.begin() as session:
        stored = sim_files.keep(data)
        sim_imports.order(session, KEPRI, made, stored=stored, file_name="contoh.json", stream="")
    jobs.run_imports()
    with database.sessions.begin() as session:
        return sim_imports.find(session, KEPRI, made)


def count(condition: str = "true") -> int:
    with database.sessions.begin() as session:
        return int(
            session.execute(text(f"SELECT count(*) FROM activity WHERE {condition}")).scalar_one()
        )


@pytest.mark.usefixtures("empty")
def test_the_same_file_twice_changes_nothing_and_a_move_keeps_the_sums() -> None:
    library(VILLAGE)
    wrong = rows(2)
    wrong[0]["tanggal"] = "01/01/2099"
    data = json.dumps(rows(1500) + wrong).encode()
    for outcome in ("taken", "already"):
        job = imported(data)
        assert (job.state, job.error) == ("ready", "")
        with database.sessions.begin() as session:
            job = sim_imports.find(session, KEPRI, job.id)
            assert sim_imports.counts(session, job).bad == 1
            sim_imports.take(session, job)
        jobs.run_imports()
        with database.sessions.begin() as session:
            job = sim_imports.find(session, KEPRI, job.id)
            assert getattr(sim_imports.counts(session, job), outcome) == 1501
        assert count("stage = 1 AND timely = 1") == 1501
    with database.sessions.begin() as session:
        boundaries.order(session, NATIONAL.name, VILLAGE, ELSEWHERE, date(2026, 3, 10))
    jobs.move_regions()
    assert 0 < count(f"place_code = '{ELSEWHERE}'") < 1501
    with database.sessions.begin() as session:
        assert rollups.recount(session, date(2026, 3, 1)) == 0


@pytest.mark.parametrize(
    ("written", "read"),
    [("2026-02-03", "2026-02-03"), ("03/02/2026", "2026-02-03"), ("Februari 2026", "2026-02")],
)
def test_dates_in_all_their_forms(written: str, read: str) -> None:
    assert sim_streams.day(written) == read


@pytest.mark.parametrize("written", ["Instagram", "instagram", "IG", "@Instagram", "INSTAGRAM "])
def test_one_medium_in_many_spellings(written: str) -> None:
    assert sim_streams.media(written)["media"] == "Instagram"
