"""Which library reported which month of a period, as a kind of report."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cached_property

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from services.reporting import completeness
from services.reporting.aggregates import WITHIN
from services.reporting.documents.listing import WRITERS, Column, Listing, Row
from services.reporting.report_contents import (
    Work,
    check_region,
    footer,
    place_name,
    watermark_of_sums,
    zone_of,
)
from services.reporting.report_periods import span
from services.reporting.report_schemas import PeriodParams
from shared.security import Caller
from shared.web import formats

FETCH = 500  # libraries in one round trip

_TOTAL = text(f"""
    SELECT count(*) FROM library
    WHERE active AND expected_from <= :last AND {WITHIN.format(place="region_code")}""")

_WORDS = {
    "id": {
        "kind": "Kelengkapan laporan",
        "file": "kelengkapan",
        "library": "Perpustakaan",
        "place": "Wilayah",
        "period": "Periode",
        "region": "Wilayah",
        "marks": "Keterangan",
        "all_marks": "tepat waktu; terlambat; belum; - belum diharapkan",
        "in_time": "tepat waktu",
        "late": "terlambat",
        "missing": "belum",
        "": "-",
        "came": "Masuk",
        "nothing": "Tidak ada perpustakaan yang diharapkan melapor pada periode ini.",
    },
    "en": {
        "kind": "Completeness",
        "file": "completeness",
        "library": "Library",
        "place": "Region",
        "period": "Period",
        "region": "Region",
        "marks": "Marks",
        "all_marks": "in time; late; missing; - not expected yet",
        "in_time": "in time",
        "late": "late",
        "missing": "missing",
        "": "-",
        "came": "Came",
        "nothing": "No library was expected to report in this period.",
    },
}


class CompletenessList:
    """One region's libraries by place, a column for each month that has begun."""

    def __init__(self, connection: Connection, params: PeriodParams, scope: Caller) -> None:
        """Raises `RegionNotFound` for a region out of scope."""
        check_region(params.region, scope)
        self._connection = connection
        self._params = params
        self._span = span(params.period)
        self._words = _WORDS[params.language]

    @cached_property
    def total(self) -> int:
        """How many libraries."""
        values = {"region": self._params.region, "last": self._months[-1]}
        return int(self._connection.execute(_TOTAL, values).scalar_one())

    @cached_property
    def watermark(self) -> str:
        """Of the sums, and of the day: a month begins without anybody doing anything."""
        sums = watermark_of_sums(self._connection, self._params.region, (self._span,))
        return f"{sums}-{len(self._months)}"

    def file_name(self, extension: str) -> str:
        """`kelengkapan-21.01-2026-Q1.xlsx`."""
        place = self._params.region or "indonesia"
        return f"{self._words['file']}-{place}-{self._span.name}.{extension}"

    def write(self, work: Work) -> int:
        """Write the file; the number of libraries."""
        write = WRITERS[work.format]
        ends = footer(work, self.watermark)
        language = self._params.language
        return write(work.path, self._listing(), self._rows(), ends, work.progress, language)

    @property
    def _months(self) -> list[date]:
        today = datetime.now(UTC).date()
        begun = [month for month in self._span.months if month <= today]
        return begun or [self._span.first]

    def _listing(self) -> Listing:
        words, language = self._words, self._params.language
        labels = [formats.month(month, short=True, lang=language) for month in self._months]
        return Listing(
            kind=words["kind"],
            title=place_name(self._params.region, language),
            facts=(
                (words["period"], self._span.label(language)),
                (words["marks"], words["all_marks"]),
            ),
            columns=(
                Column(words["library"], 3),
                Column(words["place"], 4),
                *(Column(label, 1.1) for label in labels),
                Column(words["came"], 0.8, number=True),
            ),
            zone=zone_of(self._params.region),
            nothing=words["nothing"],
        )

    def _rows(self) -> Iterator[Row]:
        after = None
        with Session(self._connection) as session:
            while True:
                page, after = completeness.libraries(
                    session, self._params.region, self._months, after=after, limit=FETCH
                )
                for library in page:
                    came = sum(state in {"in_time", "late"} for state in library.states)
                    place = place_name(library.region_code, self._params.language)
                    yield (library.name, place, *(self._words[s] for s in library.states), came)
                if after is None:
                    return
