"""Every report of a stream with all its fields: millions of rows, a province at a time.

For CSV the database writes the rows itself (COPY), in pieces that a later attempt finds again. An
XLSX cannot be put together from parts, so it and GeoJSON are written while the same query
gives its rows.
"""

import csv
import hashlib
import io
import json
import re
import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from services.reporting import words
from services.reporting.aggregates import WITHIN
from services.reporting.documents.common import Footer, RowCountMismatch, csv_text
from services.reporting.documents.listing import Column, Listing, Row, last_row, write_xlsx
from services.reporting.report_contents import (
    COUNTRY,
    Work,
    check_region,
    footer,
    place_name,
    zone_of,
)
from services.reporting.report_periods import span
from services.reporting.report_schemas import ExtractParams
from services.reporting.streams import MEASURES, STREAMS, Stream
from shared import regions
from shared.documents.common import Progress
from shared.security import Caller

PIECE_ROWS = 50_000  # at least, but never more than one province that has more
READ = 1 << 20
BLOCK = 500  # rows that are looked at together
FETCH = 1000  # rows in memory
TELL = 10_000  # rows between two looks at the row of the report

_SCOPE = f"""
    stream = :stream AND month BETWEEN :first AND :last AND deleted_at IS NULL AND stage >= 0
    AND {WITHIN.format(place="place_code")}"""
_STATE = text(f"""
    SELECT activity.regency_code, count(*) AS rows,
        count(*) || '.' || sum(activity.revision) || '.' || extract(epoch FROM max(changed_at))
        || '.' || sum(library.version) AS state
    FROM activity JOIN library ON library.id = library_id
    WHERE {_SCOPE.replace("stage", "activity.stage")}
    GROUP BY activity.regency_code ORDER BY activity.regency_code""")

_STAGES = {
    "id": ("masuk", "diverifikasi kab/kota", "diverifikasi provinsi", "diverifikasi nasional"),
    "en": ("handed in", "verified by kab/kota", "verified by province", "verified nationally"),
}
_WORDS: dict[str, dict[str, Any]] = {
    "id": {
        "kind": "Data",
        "file": "data",
        "period": "Periode",
        "region": "Wilayah",
        "heads": (
            *("ID", "Tanggal", "Perpustakaan", "Kode wilayah", "Provinsi", "Kab/kota"),
            *("Kecamatan", "Desa/kelurahan", "Tahap", "Tanggal input", "Berkas bukti"),
        ),
        "visits": "Jumlah pengunjung",
        "title": "Judul",
        "people": "Jumlah peserta",
        "male": "Laki-laki",
        "female": "Perempuan",
        "children": "Anak",
        "teens": "Remaja",
        "adults": "Dewasa",
        "elderly": "Lansia",
        "disabled": "Penyandang disabilitas",
        "nothing": "Tidak ada laporan dalam lingkup ini.",
    },
    "en": {
        "kind": "Data",
        "file": "data",
        "period": "Period",
        "region": "Region",
        "heads": (
            *("ID", "Date", "Library", "Region code", "Province", "Kab/kota"),
            *("District", "Village", "Stage", "Date handed in", "Files of evidence"),
        ),
        "visits": "Visits",
        "title": "Title",
        "people": "Participations",
        "male": "Male",
        "female": "Female",
        "children": "Children",
        "teens": "Teenagers",
        "adults": "Adults",
        "elderly": "Elderly",
        "disabled": "Persons with disabilities",
        "nothing": "No report is in this scope.",
    },
}

# Whatever might make a row more than plain text: a sign of a formula where a cell or a part of one
# begins, a control character, a sign that nobody sees. Those rows go through `csv_text`.
_SUSPECT = re.compile(
    rb"[\x00-\x09\x0b-\x1f\x7f]|(?:^|[,\n])\"\n|\xc2[\x80-\x9f\xad]|\xef\xbf\xbd|\xef\xbb\xbf|\xe2\x80|\xe2\x81"
    rb"|\xe3\x80\x80|\xf3\xa0|(?:^|[,;\t\n\"])[\s\"]*(?:\xc2\xa0)*(?:[=+@-]|\xef\xbc[\x9d\x8b\x8d\xa0])"
)
# For rows in ASCII: where a cell or a part of one may begin is a comma, what begins a formula "=".
_CONTROLS = bytes({*range(32), 127} - {ord("\n")})
_SHAPES = bytes.maketrans(b';\n"+@-', b",,,===")


@dataclass(frozen=True, slots=True)
class _Field:
    """A column of the file: its head, its SQL, and whether it is a number."""

    label: str
    sql: str
    number: bool = False


class Extract:
    """One stream of a region and period."""

    def __init__(self, connection: Connection, params: ExtractParams, scope: Caller) -> None:
        """Raises `RegionNotFound` for a region out of scope."""
        check_region(params.region, scope)
        self._connection = connection
        self._params = params
        self._span = span(params.period)
        self._words = _WORDS[params.language]
        self._stream = STREAMS[params.stream]
        self._fields = _fields(self._stream, params.language)

    @cached_property
    def total(self) -> int:
        """How many rows."""
        return sum(row.rows for row in self._states)

    @cached_property
    def watermark(self) -> str:
        """Rows, revisions and the last change of each kab/kota, as one short word."""
        return _digest([f"{row.regency_code}:{row.state}" for row in self._states])

    def file_name(self, extension: str) -> str:
        """`data-pelibatan-21-2026-Q1.csv`."""
        place = self._params.region or COUNTRY["id"].lower()
        return f"{self._words['file']}-{self._stream.name}-{place}-{self._span.name}.{extension}"

    def write(self, work: Work) -> int:
        """Write the file; the number of rows."""
        ends = footer(work, self.watermark)
        if work.format == "csv":
            return self._write_csv(work, ends)
        if work.format == "geojson":
            return self._write_geojson(work, ends)
        tell, language = _seldom(work.progress), self._params.language
        with closing(self._rows()) as rows:
            return write_xlsx(work.path, self._listing(), rows, ends, tell, language)

    @cached_property
    def _states(self) -> Sequence[Any]:
        return self._connection.execute(_STATE, self._values).all()

    @property
    def _values(self) -> dict[str, Any]:
        return {
            "stream": self._stream.name,
            "region": self._params.region,
            "first": self._span.first,
            "last": self._span.last,
        }

    def _listing(self) -> Listing:
        terms, language = self._words, self._params.language
        label = words.translator(language)(self._stream.label)
        return Listing(
            kind=f"{terms['kind']} {label}",
            title=place_name(self._params.region, language),
            facts=((terms["period"], self._span.label(language)),),
            columns=tuple(Column(field.label, 1, field.number) for field in self._fields),
            zone=zone_of(self._params.region),
            nothing=terms["nothing"],
        )

    # --- rows ------------------------------------------------------------------------------

    def _pieces(self, work: Work) -> Iterator[tuple[Path, int]]:
        """Files of CSV without a head, in order; no cell in them is a formula."""
        done = 0
        for number, codes in enumerate(_stretches(self._states)):
            path, rows = work.pieces.get(f"{number:03}", partial(self._copy, codes=codes))
            done += rows
            work.progress(done)
            yield path, rows

    def _copy(self, path: Path, *, codes: list[str]) -> int:
        sql, values = f"COPY ({self._query}) TO STDOUT (FORMAT csv)", self._bound(codes)
        count = 0
        with path.open("wb") as file, self._cursor().copy(sql, values) as copy:
            read = (bytes(row) for row in copy)
            while rows := list(islice(read, BLOCK)):
                block = b"".join(rows)
                file.write(block if plain(block) else b"".join(map(checked, rows)))
                count += len(rows)
        return count

    def _rows(self) -> Generator[Row]:
        """The same rows as values, while the database finds the next ones: few are in memory.

        To be closed, as until then it holds the connection.
        """
        codes = [state.regency_code for state in self._states]
        # It is one statement for as long as the file is written.
        self._connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield from self._cursor().stream(self._query, self._bound(codes), size=FETCH)

    def _cursor(self) -> Any:
        connection: Any = self._connection.connection.driver_connection
        return connection.cursor()

    @property
    def _query(self) -> str:
        return _sql(self._fields)

    def _bound(self, codes: list[str]) -> dict[str, Any]:
        return {**self._values, "codes": codes, "names": json.dumps(_names(codes))}

    # --- forms -----------------------------------------------------------------------------

    def _write_csv(self, work: Work, ends: Footer) -> int:
        rows = 0
        with work.path.open("wb") as file:
            file.write(b"\xef\xbb\xbf" + _line([field.label for field in self._fields]))
            for path, count in self._pieces(work):
                with path.open("rb") as piece:
                    shutil.copyfileobj(piece, file, READ)
                rows += count
            file.write(_line(last_row(self._listing(), ends, self._params.language)))
        return _as_promised(rows, ends)

    def _write_geojson(self, work: Work, ends: Footer) -> int:
        """Features without geometry (RFC 7946, 3.2): a library has a place, but no coordinates."""
        names = [field.label for field in self._fields]
        tell, rows = _seldom(work.progress), 0
        with work.path.open("w", encoding="utf-8") as file, closing(self._rows()) as read:
            file.write('{"type":"FeatureCollection","features":[\n')
            for row in read:
                feature = {
                    "type": "Feature",
                    "id": row[0],
                    "geometry": None,
                    "properties": dict(zip(names, row, strict=True)),
                }
                file.write((",\n" if rows else "") + json.dumps(feature, ensure_ascii=False))
                rows += 1
                tell(rows)
            facts = {"rows": rows, "watermark": ends.watermark, "made_at": str(ends.made_at)}
            file.write(f'\n],"complete":true,"about":{json.dumps(facts)}}}\n')
        return _as_promised(rows, ends)


def plain(rows: bytes) -> bool:
    """Whether rows of CSV are sure to be plain text, seen as a whole: thirty times as fast."""
    if not rows.isascii() or len(rows.translate(None, _CONTROLS)) < len(rows):
        return False
    begun = b"\n" + rows
    if b'\n"\n' in begun or b',"\n' in begun:  # a cell that begins with a new line
        return False
    return b",=" not in begun.translate(_SHAPES, b" ")


def checked(row: bytes) -> bytes:
    """A row of CSV as `guarded` writes it; most need not be taken apart to see that."""
    return guarded(row) if _SUSPECT.search(row) else row


def guarded(rows: bytes) -> bytes:
    """Rows of CSV with every cell as `csv_text` writes it."""
    read = csv.reader(io.StringIO(rows.decode(), newline=""))
    return b"".join(_line([csv_text(cell) for cell in row]) for row in read)


def _digest(parts: Sequence[str]) -> str:
    """Many states as one short word."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _as_promised(rows: int, ends: Footer) -> int:
    if rows != ends.row_count:
        raise RowCountMismatch(f"{rows} rows, {ends.row_count} promised")
    return rows


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()


def _seldom(progress: Progress) -> Progress:
    def tell(done: int) -> None:
        if done % TELL == 0:
            progress(done)

    return tell


def _stretches(states: Sequence[Any]) -> Iterator[list[str]]:
    """Kab/kota in order, so many together that a piece is worth it; a province is never parted."""
    codes: list[str] = []
    rows = 0
    for n, state in enumerate(states):
        codes.append(state.regency_code)
        rows += state.rows
        following = states[n + 1].regency_code if n + 1 < len(states) else ""
        if rows >= PIECE_ROWS and following[:2] != state.regency_code[:2]:
            yield codes
            codes, rows = [], 0
    if codes:
        yield codes


def _names(codes: Sequence[str]) -> dict[str, str]:
    """Of kab/kota, the provinces they are in, and all below them."""
    found = [regions.find(code) for code in {*codes, *(code[:2] for code in codes)}]
    names = {place.code: place.name for place in found if place}
    for code in codes:
        if len(code) > len("21"):  # what a province's own library reports is in no kecamatan
            for district in regions.children(code):
                names[district.code] = district.name
                names |= {village.code: village.name for village in regions.children(district.code)}
    return names


def _fields(stream: Stream, language: str) -> list[_Field]:
    """The columns of a stream: what all have, then its own fields, then its people."""
    terms = _WORDS[language]
    say = words.translator(language)
    stages = " ".join(f"WHEN {n} THEN '{name}'" for n, name in enumerate(_STAGES[language]))
    common = (
        *("activity.id::text", "day::text", "library.name", "place_code"),
        "coalesce(place.names ->> activity.province_code, activity.province_code)",
        "coalesce(place.names ->> activity.regency_code, '')",
        *(_below(code) for code in ("left(place_code, 8)", "place_code")),
        f"CASE activity.stage {stages} END",
        f"(submitted_at AT TIME ZONE '{regions.CAPITAL}')::date::text",
        "(SELECT count(*) FROM evidence WHERE evidence.activity_id = activity.id)",
    )
    fields = [_Field(label, sql) for label, sql in zip(terms["heads"], common, strict=True)]
    fields[-1] = replace(fields[-1], number=True)
    if stream.title:
        fields.append(_Field(say(stream.title), "title"))
    for field in stream.fields:
        if field.name in MEASURES:
            fields.append(_Field(say(field.label), f"activity.{field.name}", number=True))
        else:
            fields.append(_Field(say(field.label), _own(field.name)))
    if stream.name == "pengunjung":
        fields.append(_Field(terms["visits"], "activity.people", number=True))
    if stream.counts_people:
        more = ("people", "male", "female", "children", "teens", "adults", "elderly", "disabled")
        fields += [_Field(terms[name], f"activity.{name}", number=True) for name in more]
    return fields


def _below(code: str) -> str:
    """The name of a kecamatan or village; of a library that lies in none, or in a new one, none."""
    least = 8 if "left" in code else 13
    named = f"CASE WHEN length(place_code) >= {least} THEN place.names ->> {code} END"
    return f"coalesce({named}, '')"


def _own(name: str) -> str:
    """A field of the stream's own as text; several choices with a semicolon between."""
    return (
        f"CASE jsonb_typeof(fields->'{name}') WHEN 'array' THEN (SELECT string_agg(one, '; ')"
        f" FROM jsonb_array_elements_text(fields->'{name}') AS one) ELSE fields->>'{name}' END"
    )


def _sql(fields: Sequence[_Field]) -> str:
    """The query of an extract, for psycopg, which puts the values in: COPY takes none."""
    columns = ", ".join(field.sql for field in fields).replace("%", "%%")
    scope = re.sub(r"(?<!:):(\w+)", r"%(\1)s", _SCOPE.replace("stage", "activity.stage"))
    return f"""
        WITH place AS MATERIALIZED (SELECT %(names)s::jsonb AS names)
        SELECT {columns}
        FROM place, activity
        JOIN library ON library.id = library_id
        WHERE {scope} AND activity.regency_code = ANY (%(codes)s)
        ORDER BY activity.regency_code, activity.id"""
