"""Open data: verified totals, and stories that their people allow us to publish.

Nobody is named: no library, no reporter, no verifier. Totals are down to a month of a kab/kota. The
answers are streamed from one snapshot, so that a million rows need no more memory than one.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from io import StringIO
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from services.reporting import stocks
from services.reporting.documents.common import csv_text
from services.reporting.streams import MEASURES, STOCKS
from shared import regions
from shared.web.formats import moment

CHUNK = 500  # rows
BOM = "\ufeff"
LICENCE = "CC BY 4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
SOURCE = "Sejawat"

_SUMS = ("reports", *(name for name in MEASURES if name != "timely"))
# Name -> heading in CSV.
TOTALS = {
    "month": "Bulan",
    "province_code": "Kode provinsi",
    "province": "Provinsi",
    "region_code": "Kode kabupaten/kota",
    "region": "Kabupaten/kota",
    "stream": "Jenis laporan",
    "reports": "Laporan",
    "people": "Keikutsertaan",
    "male": "Laki-laki",
    "female": "Perempuan",
    "children": "Anak-anak",
    "teens": "Remaja",
    "adults": "Dewasa",
    "elderly": "Lansia",
    "disabled": "Penyandang disabilitas",
    "amount": "Rupiah",
    "books": "Buku",
    "ebooks": "Buku digital",
    "computers": "Komputer",
    "bandwidth": "Rata-rata bandwidth (Mbps)",
    "villages": "Desa",
}
STORIES = {
    "id": "Id",
    "month": "Bulan",
    "province_code": "Kode provinsi",
    "province": "Provinsi",
    "region_code": "Kode kabupaten/kota",
    "region": "Kabupaten/kota",
    "topic": "Bidang",
    "title": "Judul",
    "before": "Keadaan sebelumnya",
    "after": "Yang berubah",
    "income": "Tambahan penghasilan per bulan (Rp)",
}
DATASETS = {"totals": TOTALS, "stories": STORIES}

_ADDED = [name for name in _SUMS if name not in STOCKS]
# Of stocks not the sums: a half-year's last report of each library. Grouped with the others in one
# pass, as in docs/decisions/0015-rows-that-no-statistics-know.md.
_TOTALS = text(f"""
    WITH reported AS ({stocks.last(each="month")}),
    stood AS (SELECT month, regency_code, {stocks.TOLD} FROM reported GROUP BY 1, 2),
    told AS (
        SELECT month, regency_code, stream, {", ".join(_ADDED)},
            {", ".join(f"0 AS {name}" for name in STOCKS)}
        FROM regency_rollup WHERE verified
        UNION ALL
        SELECT month, regency_code, 'peningkatan', {", ".join("0" for _name in _ADDED)},
            {", ".join(STOCKS)}
        FROM stood
    )
    SELECT to_char(told.month, 'YYYY-MM') AS month, regency_code, stream,
        {", ".join(f"sum({name})::bigint AS {name}" for name in _SUMS)}
    FROM told GROUP BY told.month, regency_code, stream HAVING sum(reports) > 0
    ORDER BY told.month, regency_code, stream""")
_EVERY = {"stage": 1, "first": date.min, "last": date.max}
PUBLISHED = """
    stream = 'cerita' AND stage = 3 AND deleted_at IS NULL
    AND fields @> '{"izin_terbit": true}'"""
"""SQL of stories that everybody may read: verified nationally, and with consent."""
_STORIES = text(f"""
    SELECT CAST(id AS text) AS id, to_char(month, 'YYYY-MM') AS month, regency_code,
        category, title, fields->>'sebelum' AS before, fields->>'sesudah' AS after, amount
    FROM activity WHERE {PUBLISHED} ORDER BY activity.id""")
# A sum over rows, so that the order does not matter: as it is written, added up, moved or
# recounted, a change of any row changes it.
_MARKS = {
    "totals": text("""
        SELECT count(*) || '.' || (SELECT count(merged_into) FROM library),
            sum(CAST(hash_record_extended(regency_rollup, 0) AS numeric))
        FROM regency_rollup WHERE verified"""),
    "stories": text(f"""
        SELECT count(*), sum(CAST(hashtextextended(id || ':' || revision, 0) AS numeric))
        FROM activity WHERE {PUBLISHED}"""),
}


def etag(session: Session, dataset: str, form: str) -> str:
    """A weak one, for the same rows: a file also says when it was made."""
    count, mark = session.execute(_MARKS[dataset]).one()
    said = hashlib.sha256(f"2|{dataset}|{form}|{count}|{mark}".encode()).hexdigest()
    return f'W/"{said[:32]}"'


def rows(session: Session, dataset: str) -> Iterator[tuple[Any, ...]]:
    """A data set row by row, in the order of `DATASETS`, as it is being read."""
    if dataset == "totals":
        for row in _streamed(session, _TOTALS, _EVERY):
            place = (*_place(row.regency_code), row.stream)
            yield (row.month, *place, *(getattr(row, name) for name in _SUMS))
        return
    for row in _streamed(session, _STORIES, {}):
        said = (row.category, row.title, row.before, row.after, row.amount or None)
        yield (row.id, row.month, *_place(row.regency_code), *said)


def csv_file(
    columns: Iterable[str], lines: Iterable[Sequence[Any]], about: Sequence[str], made: datetime
) -> Iterator[str]:
    """UTF-8 with BOM, commas, CR LF, a last line with what it is of; pieces of `CHUNK` rows.

    No cell computes (`csv_text`). `about` is of which region, or under which licence.
    """
    buffer = StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    writer.writerow(map(csv_text, columns))
    count = 0
    for line in lines:
        writer.writerow([csv_text(cell) if isinstance(cell, str) else cell for cell in line])
        count += 1
        if count % CHUNK == 0:
            yield _emptied(buffer)
    ended = ["# lengkap", f"{count} baris", f"per {moment(made)}", *map(csv_text, about)]
    writer.writerow(ended)
    yield _emptied(buffer)


def json_file(
    names: Sequence[str], lines: Iterable[Sequence[Any]], head: dict[str, Any]
) -> Iterator[str]:
    """An object with `head`, then `rows` and, last, how many there were."""
    yield f'{json.dumps(head, ensure_ascii=False)[:-1]}, "rows": ['
    piece: list[str] = []
    count = 0
    for line in lines:
        row = json.dumps(dict(zip(names, line, strict=True)), ensure_ascii=False)
        piece.append(f",\n{row}" if count else f"\n{row}")
        count += 1
        if count % CHUNK == 0:
            yield "".join(piece)
            piece = []
    yield f'{"".join(piece)}\n], "row_count": {count}, "complete": true}}\n'


def _streamed(session: Session, statement: TextClause, values: dict[str, Any]) -> Iterator[Any]:
    yield from session.execute(statement, values, execution_options={"yield_per": CHUNK})


def _place(regency_code: str) -> tuple[str, str, str, str]:
    """Both levels; a province's own library is summed in the province."""
    province = regency_code[:2]
    return (province, _name(province), regency_code, _name(regency_code))


def _name(code: str) -> str:
    region = regions.find(code)
    return region.name if region else ""


def _emptied(buffer: StringIO) -> str:
    piece = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return piece
