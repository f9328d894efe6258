"""What sums from deltas cost and give, on SIZE reports (a million by default).

`ratio` is a national table of province by month over the reports themselves, against the same from
the sums; `write_ratio` the rate of inserts by pgbench, against a copy of the table with the same
indexes and constraints and without the triggers, and `write_ratio_unchecked` against one without
foreign key and checks either: the median of short turns, with the lowest and highest of them, as a
machine has its moods; `lag_p95_ms` the age of the oldest delta while reports come in one after
another and a real relay and worker add them up; `difference` what a recount of every month finds
(0).
"""

import os
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import make_url, text

from bench import country
from bench.laboratory import percentile, print_figures, wait_until
from bench.reporting_alone import reporting_alone
from shared.local.postgres import find_programs
from shared.local.processes import ManagedProcess, Supervisor

SIZE = int(os.environ.get("SIZE", "1000000"))
REPEATS = 5
ROUNDS = 16
ROUND_S = 2
CLIENTS = 4
SENDERS = 50  # libraries that hand in at the same time
LIVE_S = 15  # of reports coming in, for the lag
A_SECOND = 50

_RAW = text("""
    SELECT left(regency_code, 2) AS region, month, count(*) AS reports, sum(people) AS people
    FROM activity WHERE stage >= 0 AND deleted_at IS NULL AND stream = 'pelibatan'
    GROUP BY 1, 2 ORDER BY 1, 2""")

# The same table without the triggers that write deltas; and one without foreign key and checks.
BARE = {
    "bare": """
        CREATE TABLE bare (LIKE activity INCLUDING DEFAULTS INCLUDING INDEXES INCLUDING CONSTRAINTS,
            FOREIGN KEY (library_id) REFERENCES library (id))""",
    "unchecked": "CREATE TABLE unchecked (LIKE activity INCLUDING DEFAULTS INCLUDING INDEXES)",
}
_INSERT = """
    \\set n random(1, 1000000000)
    INSERT INTO {table} (id, library_id, stream, day, month, title, category, fields,
        province_code, regency_code, place_code, content_hash, source, submitted_by, people, male,
        female, client_ref)
    VALUES (uuidv7(), '{library}', 'pelibatan', '2026-09-15', '2026-09-01', 'Kegiatan ' || :n,
        'Ekonomi', '{{}}', '21', '21.01', '21.01.06.2001', md5(:n::text), 'form', 'contoh', 24, 8,
        16, uuidv7());
"""


def run() -> None:
    """Measure, and print one JSON object."""
    with reporting_alone() as folder:
        figures = _measure(folder)
    print_figures("rollup", size=SIZE, **figures)


def _measure(folder: Path) -> dict[str, float]:
    from services.reporting import aggregates
    from services.reporting.aggregates import Asked
    from services.reporting.resources import database

    write_ratios = _write_ratios(folder)
    applied_per_s = _fill()
    months = _months()
    wanted = (min(months), max(months), "pelibatan", False, ("people",))  # as `_RAW` has it
    asked, below = Asked("", *wanted), Asked("21", *wanted)

    def ms(question: Callable[..., object]) -> float:
        times = []
        for _ in range(REPEATS):
            with database.sessions.begin() as session:
                begun = time.perf_counter()
                question(session)
                times.append((time.perf_counter() - begun) * 1000)
        return statistics.median(times)

    raw_ms = ms(lambda session: session.execute(_RAW).all())
    rollup_ms = ms(lambda session: aggregates.breakdown(session, asked, "region", "month"))
    drilldown_ms = ms(lambda session: aggregates.breakdown(session, below, "region", "month"))
    with database.sessions.begin() as session:
        raw = {(r.region, r.month): (r.reports, r.people) for r in session.execute(_RAW)}
        rolled = aggregates.breakdown(session, asked, "region", "month")
        same = raw == {(r.region, r.month): (r.reports, r.people) for r in rolled if r.reports}
    if not same:
        sys.exit("the sums differ from the reports")
    lag = _lag(folder)
    return {
        "raw_ms": round(raw_ms, 1),
        "rollup_ms": round(rollup_ms, 1),
        "ratio": round(raw_ms / rollup_ms, 1),
        "drilldown_ms": round(drilldown_ms, 1),
        **{name: round(ratio, 2) for name, ratio in write_ratios.items()},
        "applied_per_s": round(applied_per_s),
        "lag_p95_ms": round(lag * 1000),
        "difference": _difference(),
    }


def _fill() -> float:
    """The country and its reports, all added up; deltas a second of the applier alone."""
    from services.reporting import rollups
    from services.reporting.resources import database

    with database.sessions.begin() as session:
        session.execute(text("TRUNCATE activity, delta, library CASCADE"))
        of = country.libraries(session, all_villages=SIZE > 5_000_000)
    applied, seconds = 0, 0.0

    def add_up() -> None:
        nonlocal applied, seconds
        while True:
            begun = time.perf_counter()
            with database.sessions.begin() as session:
                deltas = rollups.apply(session).deltas
            if not deltas:
                return
            seconds += time.perf_counter() - begun
            applied += deltas

    for begins in range(1, SIZE + 1, country.CHUNK):
        with database.sessions.begin() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            country.reports(session, begins, min(begins + country.CHUNK - 1, SIZE), of)
        add_up()
    with database.sessions.begin() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        country.changes(session)
    add_up()
    with database.autocommit() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("VACUUM ANALYZE"))
    return applied / seconds


def _write_ratios(folder: Path) -> dict[str, float]:
    """Rates of pgbench by table, in short turns whose order is swapped: the median of their ratios.

    All tables hold the same reports when it begins, and each round is of many libraries.
    """
    from services.reporting.resources import database

    with database.sessions.begin() as session:
        of = country.libraries(session, all_villages=False)
        country.reports(session, 1, country.CHUNK, of)
        session.execute(text("TRUNCATE delta"))
        some = text("SELECT id FROM library ORDER BY md5(id::text) LIMIT :some")
        libraries = session.execute(some, {"some": SENDERS}).scalars().all()
        for table, made in BARE.items():
            session.execute(text(made))
            session.execute(text(f"INSERT INTO {table} SELECT * FROM activity"))
    with database.autocommit() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    rates: dict[str, list[float]] = {table: [] for table in ("activity", *BARE)}
    for n in range(ROUNDS):
        for table in list(rates)[:: -1 if n % 2 else 1]:
            scripts = [_INSERT.format(table=table, library=library) for library in libraries]
            rates[table].append(_pgbench(folder, scripts))
    with database.sessions.begin() as session:
        for table in BARE:
            session.execute(text(f"DROP TABLE {table}"))
    ratios, unchecked = (
        sorted(ours / bare for ours, bare in zip(rates["activity"], rates[table], strict=True))
        for table in BARE
    )
    return {
        "write_ratio": statistics.median(ratios),
        "write_ratio_low": ratios[0],
        "write_ratio_high": ratios[-1],
        "write_ratio_unchecked": statistics.median(unchecked),
    }


def _pgbench(folder: Path, scripts: list[str]) -> float:
    """Transactions a second, each of one of the scripts."""
    from services.reporting.settings import settings

    url = make_url(settings().database_url).set(drivername="postgresql")
    command = [str(find_programs() / "pgbench"), "-n", "-c", str(CLIENTS), "-j", "1"]
    command += ["-T", str(ROUND_S), "-M", "prepared"]
    for n, script in enumerate(scripts):
        path = folder / f"insert-{n}.sql"
        path.write_text(script)
        command += ["-f", str(path)]
    command.append(url.render_as_string(hide_password=False))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or not found:
        raise RuntimeError(done.stderr[-2000:])
    return float(found[1])


def _lag(folder: Path) -> float:
    """The 95th percentile of the oldest delta's age, in seconds, sampled while reports come in."""
    from services.reporting import jobs
    from services.reporting.resources import bus, database

    supervisor = Supervisor()
    for name in ("relay", "worker"):
        command = [sys.executable, "-m", "services.reporting", name]
        log = folder / f"{name}.log"
        supervisor.start(ManagedProcess(name, command, log, os.environ, cwd=Path.cwd()))
    sung = text("SELECT count(*) FROM canary WHERE sung_at > now() - interval '1 minute'")
    age = text("SELECT coalesce(extract(epoch FROM now() - min(written_at)), 0) FROM delta")
    until, ages = time.monotonic() + LIVE_S, []

    def write() -> None:
        number = SIZE
        while time.monotonic() < until:
            number += 1
            with database.sessions.begin() as session:
                country.reports(session, number, number, country.LIBRARIES)
                bus.wake(session, jobs.apply_deltas)
            time.sleep(1 / A_SECOND)

    with database.autocommit() as connection:
        wait_until(lambda: connection.execute(sung).scalar_one() >= 1, "the worker", 60)
        until = time.monotonic() + LIVE_S
        writer = threading.Thread(target=write)
        writer.start()
        while writer.is_alive():
            ages.append(float(connection.execute(age).scalar_one()))
            time.sleep(0.02)
    supervisor.stop()
    return percentile(ages, 95)


def _months() -> list[date]:
    from services.reporting.resources import database

    with database.sessions.begin() as session:
        query = text("SELECT DISTINCT month FROM regency_rollup ORDER BY month")
        return list(session.execute(query).scalars())


def _difference() -> int:
    from services.reporting import rollups
    from services.reporting.resources import database

    with database.sessions.begin() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        return sum(rollups.recount(session, month) for month in _months())


if __name__ == "__main__":
    run()
