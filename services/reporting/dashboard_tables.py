"""What a dashboard shows as tables for other programs: CSV by part, JSON with all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.reporting import tile_maps
from services.reporting.dashboards import Board
from services.reporting.streams import MEANS, STOCKS

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by the names that JSON has, each with its heading in CSV, and rows."""

    columns: dict[str, str]
    rows: list[tuple[Cell, ...]]


def _figures(board: Board) -> Table:
    columns = {
        "figure": "Angka",
        "stream": "Jenis laporan",
        "measure": "Ukuran",
        "value": "Jumlah",
        "before": "Periode sebelumnya",
        "how": "Cara menghitung",
    }
    return Table(
        columns,
        [
            (f.name, f.stream or None, f.measure, f.value, f.before, how(f.measure))
            for f in board.figures
        ],
    )


def how(measure: str) -> str:
    """What its figure is over months: a sum, or of each library what it last reported."""
    if measure in MEANS:
        return "mean of last reports"
    return "sum of last reports" if measure in STOCKS else "sum"


def _trend(board: Board) -> Table:
    month = "Bulan pertama semester" if board.view.is_half_yearly else "Bulan"
    columns = {"month": month, "value": "Jumlah", "verified": "Terverifikasi"}
    return Table(columns, [(f"{m.month:%Y-%m}", m.value, m.verified) for m in board.trend])


def _categories(board: Board) -> Table:
    return Table({"category": "Kategori", "value": "Jumlah"}, [*board.categories])


def _regions(board: Board) -> Table:
    columns = {
        "region_code": "Kode wilayah",
        "region": "Wilayah",
        "value": "Jumlah",
        "reports": "Laporan",
        "verified": "Laporan terverifikasi",
    }
    inside = {
        "expected": "Bulan perpustakaan yang ditunggu",
        "came": "Masuk",
        "in_time": "Tepat waktu",
        "libraries": "Perpustakaan",
        "kpi": "Nilai rata-rata",
    }
    rows: list[tuple[Cell, ...]] = []
    for part in board.parts:
        place = (part.code, tile_maps.short_name(part.code))
        row: tuple[Cell, ...] = (*place, part.value, part.reports, part.verified)
        if not board.view.public:
            cover = part.coverage
            row += (cover.expected, cover.came, cover.in_time, *_kpi(part.kpi))
        rows.append(row)
    return Table(columns if board.view.public else columns | inside, rows)


def _kpi(row: Any) -> tuple[Cell, Cell]:
    return (None, None) if row is None else (row.libraries, rounded(row.mean))


def _libraries(board: Board) -> Table:
    columns = {
        "library_id": "Id perpustakaan",
        "library": "Perpustakaan",
        "region_code": "Kode wilayah",
        "value": "Jumlah",
        "reports": "Laporan",
        "kpi": "Nilai",
        "colour": "Warna",
    }
    return Table(
        columns,
        [
            (
                *(str(p.id), p.name, p.region_code, p.value, p.reports),
                rounded(p.score.total) if p.score else None,
                p.score.colour if p.score else None,
            )
            for p in board.places
        ],
    )


def _targets(board: Board) -> Table:
    columns = {
        "indicator": "Indikator",
        "year": "Tahun",
        "target": "Target",
        "reached": "Capaian",
        "share": "Capaian (%)",
    }
    return Table(
        columns,
        [
            (p.indicator.name, p.target.year, p.target.value, p.reached, rounded(p.share))
            for p in board.progress
            if p.target
        ],
    )


PARTS: dict[str, Callable[[Board], Table]] = {
    "regions": _regions,
    "trend": _trend,
    "categories": _categories,
    "figures": _figures,
    "libraries": _libraries,
    "targets": _targets,
}


def rounded(value: Decimal | None) -> float | None:
    """Two places after the comma, as JSON has numbers."""
    return None if value is None else float(round(value, 2))
