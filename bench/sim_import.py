"""A file of SIM TPBIS with SIZE rows (100,000) of 1,000 libraries: read, taken over, and undone.

`read_s`, `take_s` and `undo_s` are of one worker; `again_s` is the same file a second time, which
changes nothing. `peak_mib` is what the process had at most, above what it had before it began.
"""

import json
import os
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from uuid_utils.compat import uuid7

from bench import country
from bench.laboratory import print_figures
from bench.reporting_alone import reporting_alone
from shared import regions
from shared.security import Caller

SIZE = int(os.environ.get("SIZE", "100000"))
LIBRARIES = 1000
FIRST_YEAR = 2023
NATIONAL = Caller("national", "Petugas Nasional (contoh)", "national")
NAMES = ("provinsi", "kabupaten", "kecamatan", "desa_name")
RUNNING = {"reading", "taking", "undoing"}


def run() -> None:
    """Measure, and print one JSON object."""
    with reporting_alone():
        figures = _measure()
    print_figures("sim_import", size=SIZE, libraries=LIBRARIES, **figures)


def _measure() -> dict[str, Any]:
    from services.reporting import sim_imports
    from services.reporting.resources import database

    with database.sessions.begin() as session:
        country.libraries(session, all_villages=False)
        found = session.execute(
            text("SELECT name, region_code FROM library WHERE kind = 'village' LIMIT :n"),
            {"n": LIBRARIES},
        ).all()
    data = ("[" + ",".join(map(json.dumps, _rows([tuple(one) for one in found]))) + "]").encode()
    before = _peak()
    import_id, read_s = _ordered(data)
    take_s = _step(import_id, "take")
    with database.sessions.begin() as session:
        taken = sim_imports.counts(session, _job(session, import_id)).taken
    again, again_read_s = _ordered(data)
    again_s = again_read_s + _step(again, "take")
    with database.sessions.begin() as session:
        already = sim_imports.counts(session, _job(session, again)).already
    undo_s = _step(import_id, "undo")
    return {
        "mib": round(len(data) / 2**20, 1),
        "read_s": round(read_s, 1),
        "take_s": round(take_s, 1),
        "again_s": round(again_s, 1),
        "undo_s": round(undo_s, 1),
        "taken": taken,
        "already": already,
        "peak_mib": round(_peak() - before, 1),
    }


def _rows(libraries: list[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    paths = {code: [one.name for one in regions.get(code).path] for _, code in libraries}
    for number in range(SIZE):
        name, code = libraries[number % len(libraries)]
        day, year = number // len(libraries), FIRST_YEAR + number % 3
        yield {
            **dict(zip(NAMES, paths[code], strict=True)),
            "perpus_nama": name,
            "tanggal": f"{1 + day % 28:02}/{1 + day % 12:02}/{year}",
            "nama_kegiatan": f"Kelas &quot;{number}&quot; bersama warga",
            "bidang_kegiatan": "Ekonomi",
            "jenis": "Pelatihan",
            "sasaran": "Umum",
            "jumlah_peserta": str(number % 60),
            "tanggal_input": f"{year}-12-30",
            "is_verified": "true" if number % 2 else "false",
        }


def _ordered(data: bytes) -> tuple[UUID, float]:
    """Hand the file in; seconds until its preview."""
    from services.reporting import sim_files, sim_imports
    from services.reporting.resources import database

    began = time.perf_counter()
    made = uuid7()
    stored = sim_files.keep(data)
    with database.sessions.begin() as session:
        sim_imports.order(session, NATIONAL, made, stored=stored, file_name="contoh", stream="")
    _work(made)
    return made, time.perf_counter() - began


def _step(import_id: UUID, step: str) -> float:
    from services.reporting import sim_imports
    from services.reporting.resources import database

    began = time.perf_counter()
    with database.sessions.begin() as session:
        job = _job(session, import_id)
        if step == "take":
            sim_imports.take(session, job)
        else:
            sim_imports.undo(session, NATIONAL, job, datetime.now(UTC))
    _work(import_id)
    return time.perf_counter() - began


def _work(import_id: UUID) -> None:
    """What a worker does, slice by slice."""
    from services.reporting import sim_importing
    from services.reporting.resources import database

    while True:
        with database.sessions.begin() as session:
            job = _job(session, import_id)
            if job.state not in RUNNING:
                break
            held = sim_importing.claim(session)
        assert held
        sim_importing.work(held)
    assert not job.error, job.error


def _job(session: Any, import_id: UUID) -> Any:
    from services.reporting import sim_imports

    return sim_imports.find(session, NATIONAL, import_id)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    run()
