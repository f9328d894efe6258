"""Ten reports of each kind while workers get `kill -9` five times and Redis is flushed once.

Every job has to end `done` with a whole file: as many rows as promised, the checksum that the row
says, none made twice, and each that a kill cut off goes on within a minute. Prints `jobs`, `lost`
(not done, or not whole), `doubled` (a row, an event or a file too many) and `recovery_s_max`, from
a kill until the report that it cut off is claimed again.
"""

import hashlib
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench import country
from bench.laboratory import print_figures, wait_until
from bench.reporting_alone import reporting_alone
from shared.local.processes import ManagedProcess, Supervisor
from shared.security import Caller

SIZE = int(os.environ.get("SIZE", "100000"))  # reports in the country
EACH = int(os.environ.get("EACH", "10"))
KILLS = 5
MEETING = "plm-contoh"
PEOPLE = 2000
NATIONAL = Caller("national", "Petugas Nasional (contoh)", "national")

_STATES = text("SELECT count(*) FILTER (WHERE status = 'done') FROM report_job")
_OPEN = text("SELECT count(*) FROM report_job WHERE status IN ('queued', 'running')")
_RUNNING = text("SELECT id, attempt FROM report_job WHERE status = 'running'")
_PEOPLE = text("""
    INSERT INTO participant (registration_id, meeting_slug, status, name, sort_name,
        participant_type, library_name, position, region_code, province_code)
    SELECT uuidv7(), :slug, 'approved', 'Peserta ' || n, 'peserta ' || n, 'village_library',
        'Perpustakaan Contoh', 'Pengelola', '21.01', '21' FROM generate_series(1, :people) AS n""")
_MEETING = text("""
    INSERT INTO meeting (slug, version, title, province_code, venue, zone, starts_at, ends_at, days)
    VALUES (:slug, 1, 'Pertemuan Contoh', '21', 'Gedung Contoh', 'Asia/Jakarta',
        '2026-08-09 01:00Z', '2026-08-10 09:00Z', '{2026-08-09,2026-08-10}')""")


def run() -> None:
    """Order, kill, flush, wait, and look at every file."""
    supervisor = Supervisor()
    with reporting_alone() as folder:
        try:
            figures = _measure(folder, supervisor)
        finally:
            supervisor.stop()
    print_figures("chaos-reports", kills=KILLS, flushes=1, **figures)


def _measure(folder: Path, supervisor: Supervisor) -> dict[str, Any]:
    _fill()
    jobs = _order()
    _start(folder, supervisor, "worker", "worker", "--processes", "2")
    _start(folder, supervisor, "relay", "relay")
    watch = _Watch()
    watch.start()
    for part in range(1, KILLS + 1):
        wait_until(lambda part=part: _number(_STATES) >= part * jobs // (KILLS + 2), "more", 600)  # type: ignore[misc]
        wait_until(lambda: bool(_cut()), "a report in hand", 120, every=0.01)
        cut = _cut()
        os.killpg(supervisor.pid("worker") or 0, signal.SIGKILL)
        watch.killed(cut)
        if part == KILLS // 2:
            _flush()
        wait_until(lambda: supervisor.pid("worker") is not None, "the next worker", 30)
    wait_until(lambda: not _number(_OPEN), "the last report", 900, every=0.5)
    recoveries = watch.end()
    supervisor.stop()
    return {"jobs": jobs, **_look(), "recovery_s_max": round(max(recoveries), 1)}


class _Watch(threading.Thread):
    """Notes how long after each kill no report stands where that kill left it.

    Beside the kills, as the other reports go on meanwhile.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._waiting: list[tuple[float, dict[Any, int]]] = []
        self._recoveries: list[float] = []
        self._ended = threading.Event()

    def killed(self, cut: dict[Any, int]) -> None:
        """These reports have just been cut off."""
        print(f"kill: {len(cut)} cut off", file=sys.stderr)
        self._waiting.append((time.perf_counter(), cut))

    def run(self) -> None:
        """Look, until `end`."""
        while not self._ended.wait(0.1):
            now = _cut()
            for one in list(self._waiting):
                killed, cut = one
                if all(now.get(job) != attempt for job, attempt in cut.items()):
                    self._waiting.remove(one)
                    self._recoveries.append(time.perf_counter() - killed)

    def end(self) -> list[float]:
        """Seconds from each kill; raises TimeoutError when one never went on."""
        wait_until(lambda: not self._waiting, "the cut off ones went on", 120)
        self._ended.set()
        self.join()
        return self._recoveries


def _start(folder: Path, supervisor: Supervisor, name: str, *command: str) -> None:
    line = [sys.executable, "-m", "services.reporting", *command]
    supervisor.start(ManagedProcess(name, line, folder / f"{name}.log", cwd=Path.cwd()))


def _fill() -> None:
    from services.reporting import rollups
    from services.reporting.resources import database

    with database.sessions.begin() as session:
        found = country.libraries(session, all_villages=False)
        country.reports(session, 1, SIZE, found)
        session.execute(_MEETING, {"slug": MEETING})
        session.execute(_PEOPLE, {"slug": MEETING, "people": PEOPLE})
    applied = rollups.CHUNK
    while applied >= rollups.CHUNK:
        with database.sessions.begin() as session:
            applied = rollups.apply(session).deltas
    with database.autocommit() as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _order() -> int:
    """Of each kind so many, every one another question: nobody gets an answer from before."""
    from services.reporting import jobs, reports
    from services.reporting.report_kinds import KINDS
    from services.reporting.report_schemas import ORDERS
    from services.reporting.resources import bus, database

    ordered = 0
    for number in range(EACH):
        caller = replace(NATIONAL, subject=f"chaos-{number}")  # one account has few open at a time
        for name, kind in KINDS.items():
            region = f"{11 + number % 6:02}" if name != "library_recap" else f"11.{number + 1:02}"
            params: dict[str, str] = {"meeting": MEETING}
            if kind.of_period:
                params = {"region": region, "period": f"2025-{number % 12 + 1:02}"}
            if name == "extract":
                params |= {"stream": "pelibatan", "region": "", "period": str(2024 + number % 3)}
            if not kind.of_period:
                params["language"] = ("id", "en")[number % 2]
            form = kind.formats[number % len(kind.formats)]
            wanted = ORDERS.validate_python({"kind": name, "format": form, "params": params})
            with database.sessions.begin() as session:
                reports.order(session, caller, wanted, f"chaos-{name}-{number}")
                bus.wake(session, jobs.make_reports)
            ordered += 1
    return ordered


def _look() -> dict[str, int]:
    """Whether each is done and whole, and nothing is there twice."""
    from services.reporting import reports
    from services.reporting.resources import database
    from services.reporting.settings import settings

    folder = settings().reports
    lost = 0
    with database.sessions.begin() as session:
        rows = session.execute(text("SELECT * FROM report_job")).all()
        said = text("SELECT count(*) FROM outbox WHERE type LIKE '%.report.%'")
        events = int(session.execute(said).scalar_one())
        for row in rows:
            content = reports.open_content(
                session.connection(), reports.order_of(row), reports.scope_of(row)
            )
            path = folder / (row.file or "-")
            whole = row.status == "done" and path.exists() and row.row_count == content.total
            whole = whole and hashlib.sha256(path.read_bytes()).hexdigest() == row.sha256
            if not whole:
                print("lost:", row.kind, row.format, row.status, row.error, file=sys.stderr)
                lost += 1
    files = {row.file for row in rows if row.file}
    left = [path.name for path in folder.iterdir() if path.name not in files]
    return {"lost": lost, "doubled": abs(events - len(rows)) + len(left)}


def _cut() -> dict[Any, int]:
    from services.reporting.resources import database

    with database.sessions.begin() as session:
        return {row.id: row.attempt for row in session.execute(_RUNNING)}


def _flush() -> None:
    import redis  # the broker forgets all it held

    redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()


def _number(statement: Any) -> int:
    from services.reporting.resources import database

    with database.sessions.begin() as session:
        return int(session.execute(statement).scalar_one())


if __name__ == "__main__":
    run()
