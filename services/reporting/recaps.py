"""What the libraries of a kab/kota did in a period, or one library month by month."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from services.reporting import kpi, words
from services.reporting.aggregates import REGENCY, WITHIN
from services.reporting.documents.listing import WRITERS, Column, Listing, Row
from services.reporting.libraries import LibraryNotFound
from services.reporting.models import Library
from services.reporting.report_contents import (
    Work,
    check_region,
    footer,
    place_name,
    watermark_of_sums,
    zone_of,
)
from services.reporting.report_periods import span
from services.reporting.report_schemas import RecapParams
from services.reporting.streams import STREAMS
from services.reporting.targets import RegionNotFound
from shared.security import Caller, in_scope
from shared.web import formats

_LISTED = text(f"""
    SELECT id, name, region_code FROM library
    WHERE active AND expected_from <= :last AND {WITHIN.format(place="region_code")}
    ORDER BY region_code, id""")
_SUMS = text(f"""
    SELECT library_id, month, stream, sum(reports) AS reports, sum(people) AS people,
        sum(reports) FILTER (WHERE verified) AS verified
    FROM library_rollup
    WHERE month BETWEEN :first AND :last AND {WITHIN.format(place="place_code")}
    GROUP BY library_id, month, stream""")

_WORDS = {
    "id": {
        "kind": "Rekap perpustakaan",
        "file": "rekap",
        "library": "Perpustakaan",
        "place": "Tempat",
        "month": "Bulan",
        "period": "Periode",
        "region": "Wilayah",
        "months": "Bulan melapor",
        "people": "Keikutsertaan",
        "visits": "Kunjungan",
        "verified": "Terverifikasi",
        "score": "Skor",
        "rule": "Aturan skor",
        "rule_version": "versi {}",
        "nothing": "Tidak ada perpustakaan yang diharapkan melapor pada periode ini.",
    },
    "en": {
        "kind": "Library recap",
        "file": "recap",
        "library": "Library",
        "place": "Place",
        "month": "Month",
        "period": "Period",
        "region": "Region",
        "months": "Months reported",
        "people": "Participations",
        "visits": "Visits",
        "verified": "Verified",
        "score": "Score",
        "rule": "Score rule",
        "rule_version": "version {}",
        "nothing": "No library was expected to report in this period.",
    },
}
# Most streams fit a line; what a kab/kota reports for itself is none of a library's.
_SHOWN = [stream for stream in STREAMS.values() if "village" in stream.by]
Sums = Mapping[tuple[date, str], Any]


class LibraryRecap:
    """A line for each library of a kab/kota, or for each month of one library."""

    def __init__(self, connection: Connection, params: RecapParams, scope: Caller) -> None:
        """Raises `RegionNotFound` or `LibraryNotFound` for what is out of scope.

        All libraries of a whole province are an extract, not a recap.
        """
        self._connection = connection
        self._params = params
        self._span = span(params.period)
        self._words = _WORDS[params.language]
        self._library = self._find(scope) if params.library else None
        self._region = self._library.region_code if self._library else params.region
        if self._library is None:
            if len(params.region) != REGENCY:
                raise RegionNotFound(params.region)
            check_region(params.region, scope)

    def _find(self, scope: Caller) -> Any:
        columns = Library.__table__.c
        row = self._connection.execute(
            select(Library.__table__).where(
                columns.id == self._params.library, in_scope(columns.region_code, scope)
            )
        ).first()
        if row is None:
            raise LibraryNotFound(self._params.library)
        return row

    @cached_property
    def total(self) -> int:
        """How many libraries, or months."""
        return len(self._span.months) if self._library else len(self._libraries)

    @cached_property
    def watermark(self) -> str:
        """Of the region's libraries and sums."""
        return watermark_of_sums(self._connection, self._region, (self._span,))

    def file_name(self, extension: str) -> str:
        """`rekap-21.01-2026-Q1.pdf`."""
        return f"{self._words['file']}-{self._region}-{self._span.name}.{extension}"

    def write(self, work: Work) -> int:
        """Write the file; the number of lines."""
        write = WRITERS[work.format]
        rows = self._by_month() if self._library else self._by_library()
        ends, language = footer(work, self.watermark), self._params.language
        return write(work.path, self._listing(), rows, ends, work.progress, language)

    @cached_property
    def _libraries(self) -> list[Any]:
        values = {"region": self._region, "last": self._span.last}
        return list(self._connection.execute(_LISTED, values).all())

    @cached_property
    def _sums(self) -> Mapping[UUID, Sums]:
        values = {"region": self._region, "first": self._span.first, "last": self._span.last}
        sums: dict[UUID, dict[tuple[date, str], Any]] = defaultdict(dict)
        for row in self._connection.execute(_SUMS, values):
            sums[row.library_id][row.month, row.stream] = row
        return sums

    def _listing(self) -> Listing:
        terms, language = self._words, self._params.language
        say = words.translator(language)
        place = place_name(self._region, language)
        first = Column(terms["month"], 2) if self._library else Column(terms["library"], 2.8)
        facts = [(terms["period"], self._span.label(language)), (terms["region"], place)]
        if not self._library:
            facts.append((terms["rule"], terms["rule_version"].format(kpi.NEWEST)))
        more = (
            () if self._library else (Column(terms["place"], 1.8), Column(terms["months"], 1, True))
        )
        last = () if self._library else (Column(terms["score"], 0.9, number=True),)
        return Listing(
            kind=terms["kind"],
            title=self._library.name if self._library else place,
            facts=tuple(facts),
            columns=(
                first,
                *more,
                *(_figure_column(say(stream.label)) for stream in _SHOWN),
                *(_figure_column(terms[name]) for name in ("people", "visits", "verified")),
                *last,
            ),
            zone=zone_of(self._region[:2]),
            nothing=terms["nothing"],
        )

    def _by_month(self) -> Iterator[Row]:
        sums = self._sums.get(self._params.library, {}) if self._params.library else {}
        for month in self._span.months:
            label = formats.month(month, lang=self._params.language)
            yield (label, *_figures({key: row for key, row in sums.items() if key[0] == month}))

    def _by_library(self) -> Iterator[Row]:
        with Session(self._connection) as session:
            period = kpi.Period(self._span.first, self._span.last)
            scores = kpi.by_library(session, self._region, period)
        for library in self._libraries:
            sums = self._sums.get(library.id, {})
            months = len({month for month, _stream in sums})
            place = place_name(library.region_code, self._params.language).split(", ")[0]
            score = scores.get(library.id)
            total = float(score.total) if score else None
            yield (library.name, place, months, *_figures(sums), total)


def _figure_column(label: str) -> Column:
    """As wide as its longest word."""
    longest = max(map(len, label.split()))
    return Column(label, max(0.9, longest * 0.115), number=True)


def _figures(sums: Sums) -> tuple[int, ...]:
    def added(name: str, stream: str = "") -> int:
        rows = [row for key, row in sums.items() if stream in {"", key[1]}]
        return sum(int(getattr(row, name) or 0) for row in rows)

    return (
        *(added("reports", stream.name) for stream in _SHOWN),
        added("people", "pelibatan"),
        added("people", "pengunjung"),
        added("verified"),
    )
