"""The export job's work, from its query to the whole file, against the bare libraries.

`xlsx_ratio`: SIZE reports (200,000) with all nineteen columns of the export against bare COPY plus
bare rustpy-xlsxwriter on the same rows; `csv_ratio` against bare COPY; `pdf_ratio`: a list of 9,000
rows against a bare reportlab canvas with the same cells; `periodic_s`: the national periodic PDF.
Peaks are of a process of its own, above what it had before it began, in MiB.
"""

import csv
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from rustpy_xlsxwriter import FastExcel
from sqlalchemy import text

from bench import country
from bench.laboratory import print_figures
from bench.reporting_alone import reporting_alone
from services.reporting.documents.common import Footer
from services.reporting.documents.listing import Column, Listing, write_pdf
from shared.security import Caller

SIZE = int(os.environ.get("SIZE", "200000"))
LINES = 9_000
ROUNDS = int(os.environ.get("ROUNDS", "5"))
NATIONAL = Caller("national", "Petugas Nasional (contoh)", "national")
PERIOD = "2025"

_ONE_YEAR = text("""
    UPDATE activity SET stream = 'pelibatan', day = made.day, month = date_trunc('month', made.day)
    FROM (
        SELECT id, make_date(2025, extract(month FROM day)::int,
            1 + extract(day FROM day)::int % 28) AS day
        FROM activity
    ) AS made
    WHERE activity.id = made.id""")

Timed = tuple[float, float]  # seconds, and MiB above what the process had before


def run() -> None:
    """Measure, and print one JSON object."""
    with reporting_alone() as folder:
        _fill()
        figures = _measure(folder)
    print_figures("export", size=SIZE, lines=LINES, **figures)


def _fill() -> None:
    """So many reports in one year, and the sums of them."""
    from services.reporting import rollups
    from services.reporting.resources import database

    with database.sessions.begin() as session:
        found = country.libraries(session, all_villages=False)
    with database.sessions.begin() as session:
        country.reports(session, 1, SIZE, found)
        # The generator's years and streams made one: the export is of one stream and year.
        session.execute(_ONE_YEAR)
    while True:
        with database.sessions.begin() as session:
            if rollups.apply(session).deltas < rollups.CHUNK:
                break
    with database.autocommit() as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _measure(folder: Path) -> dict[str, float]:
    work = folder / "work"
    work.mkdir()
    rounds: dict[str, list[Timed]] = {name: [] for name in TASKS}
    for n in range(ROUNDS):  # in turn and back, so that the machine's moods fall on all alike
        for name in list(TASKS)[:: -1 if n % 2 else 1]:
            rounds[name].append(_in_a_process(name, work))
    seconds = {name: [s for s, _ in times] for name, times in rounds.items()}
    peaks = {name: max(peak for _, peak in times) for name, times in rounds.items()}
    of = {
        "xlsx_ratio": _ratios(seconds, "xlsx", "copy", "bare_xlsx"),
        "csv_ratio": _ratios(seconds, "csv", "copy"),
        "pdf_ratio": _ratios(seconds, "pdf", "bare_pdf"),
    }
    return {
        **{name: round(statistics.median(ratios), 2) for name, ratios in of.items()},
        **{f"{name}_low": round(min(ratios), 2) for name, ratios in of.items()},
        **{f"{name}_high": round(max(ratios), 2) for name, ratios in of.items()},
        "xlsx_peak_mib": round(peaks["xlsx"]),
        "csv_peak_mib": round(peaks["csv"]),
        **{f"{name}_s": round(statistics.median(times), 2) for name, times in seconds.items()},
    }


def _ratios(seconds: dict[str, list[float]], ours: str, *bare: str) -> list[float]:
    """Of each round; what is bare is one after the other."""
    return [
        mine / sum(others)
        for mine, *others in zip(seconds[ours], *(seconds[name] for name in bare), strict=True)
    ]


def _in_a_process(name: str, folder: Path) -> Timed:
    """In a new one, so that each has its own peak and nothing is warm."""
    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_task, args=(name, folder, writer))
    process.start()
    seconds, peak = reader.recv()
    process.join()
    for path in folder.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    print(name, round(seconds, 2), round(peak))
    return seconds, peak


def _task(name: str, folder: Path, writer: Any) -> None:
    os.environ.setdefault("LOG_JSON", "false")
    prepared = PREPARED[name](folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    TASKS[name](folder, prepared)
    seconds = time.perf_counter() - started
    writer.send((seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))
    _dispose()


def _dispose() -> None:
    from services.reporting.resources import database

    database.engine.dispose()


# --- ours ------------------------------------------------------------------------------------


def _ready(_folder: Path) -> None:
    """A worker has its code loaded and its connection open when a job comes."""
    from services.reporting import making
    from services.reporting.resources import database
    from shared.documents.type_setting import register_fonts

    assert making
    register_fonts()
    with database.autocommit() as connection:
        connection.execute(text("SELECT 1"))


def _job(kind: str, form: str, folder: Path, **params: str) -> None:
    """What `making` does, without the row of a job: one snapshot, total, file, seal."""
    from services.reporting import making, reports
    from services.reporting.pieces import Pieces
    from services.reporting.report_contents import Work
    from services.reporting.report_schemas import ORDERS

    wanted = ORDERS.validate_python(
        {"kind": kind, "format": form, "params": {"region": "", "period": PERIOD, **params}}
    )
    path = folder / f"out.{form}"
    with making._snapshot() as connection:  # noqa: SLF001 - the job's own
        content = reports.open_content(connection, wanted, NATIONAL)
        pieces = Pieces(folder / "pieces", 1)
        rows = content.write(Work(path, form, content.total, lambda _done: None, pieces))
    making._seal(path)  # noqa: SLF001 - as above
    pieces.clear()
    assert kind == "periodic" or rows == SIZE, rows


def _pdf(folder: Path, rows: list[tuple[Any, ...]]) -> None:
    listing = Listing(
        kind="Daftar",
        title="Contoh",
        facts=(("Periode", "2025"),),
        columns=tuple(Column(f"Kolom {n}", 1, n > 2) for n in range(6)),
        zone="WIB",
        nothing="",
    )
    footer = Footer(len(rows), "contoh", datetime.now(UTC))
    write_pdf(folder / "list.pdf", listing, rows, footer, lambda _done: None, "id")


# --- bare ------------------------------------------------------------------------------------


def _copy(folder: Path, _prepared: Any) -> None:
    """The same columns by one COPY into a file; as psycopg hands it over."""
    from services.reporting import extracts
    from services.reporting.resources import database
    from services.reporting.streams import STREAMS

    fields = extracts._fields(STREAMS["pelibatan"], "id")
    sql = f"COPY ({extracts._sql(fields)}) TO STDOUT (FORMAT csv)"  # noqa: SLF001 - as above
    values: dict[str, Any] = {"stream": "pelibatan", "region": ""}
    values |= {"first": "2025-01-01", "last": "2025-12-01"}
    with database.engine.connect() as connection:
        codes = connection.execute(text("SELECT DISTINCT regency_code FROM activity"))
        found = list(codes.scalars())
        names = json.dumps(extracts._names(found))  # noqa: SLF001 - as above
        values |= {"codes": found, "names": names}
        cursor = connection.connection.cursor()
        with (folder / "bare.csv").open("wb") as file, cursor.copy(sql, values) as copy:
            for block in copy:
                file.write(block)


def _rows_of_copy(folder: Path) -> list[dict[str, Any]]:
    with (folder / "bare.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    heads = [f"Kolom {n}" for n in range(len(rows[0]))]
    first = len(heads) - 8  # from here on they are numbers
    return [dict(zip(heads, [*row[:first], *map(int, row[first:])], strict=True)) for row in rows]


def _bare_xlsx(folder: Path, rows: list[dict[str, Any]]) -> None:
    book = FastExcel(str(folder / "bare.xlsx"), output_format="xlsx")
    book.sheet("Data", iter(rows))
    book.save()


def _lines(_folder: Path) -> list[tuple[Any, ...]]:
    _ready(_folder)
    return [
        (
            f"Perpustakaan Desa Contoh {n}",
            f"Kecamatan Contoh {n % 97}, Kab. Contoh",
            "tepat waktu",
            n % 40,
            n % 1200,
            n % 75,
        )
        for n in range(LINES)
    ]


def _bare_pdf(folder: Path, rows: list[tuple[Any, ...]]) -> None:
    width, height = landscape(A4)
    canvas = Canvas(str(folder / "bare.pdf"), pagesize=(width, height), pageCompression=1)
    y = 0.0
    for row in rows:
        if y < 50:
            if y:
                canvas.showPage()
            canvas.setFont("Vera", 7.8)
            y = height - 100
        for n, cell in enumerate(row):
            words, x = str(cell), 40 + n * 125
            if n > 2:
                canvas.drawString(x + 120 - stringWidth(words, "Vera", 7.8), y, words)
            else:
                canvas.drawString(x, y, words)
        canvas.line(40, y - 3, width - 40, y - 3)
        y -= 17
    canvas.save()


TASKS: dict[str, Callable[[Path, Any], None]] = {
    "copy": _copy,
    "csv": lambda folder, _: _job("extract", "csv", folder, stream="pelibatan"),
    "bare_xlsx": _bare_xlsx,
    "xlsx": lambda folder, _: _job("extract", "xlsx", folder, stream="pelibatan"),
    "bare_pdf": _bare_pdf,
    "pdf": _pdf,
    "periodic": lambda folder, _: _job("periodic", "pdf", folder),
}
PREPARED: dict[str, Callable[[Path], Any]] = {
    "copy": _ready,
    "csv": _ready,
    "xlsx": _ready,
    "periodic": _ready,
    "bare_xlsx": _rows_of_copy,
    "bare_pdf": _lines,
    "pdf": _lines,
}
KEPT = {"bare.csv"}

if __name__ == "__main__":
    run()
