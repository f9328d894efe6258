"""Impact stories of a region and period, to read on paper or for other programs.

Staff see what libraries handed in; everybody else only what is verified and may be published.
"""

from functools import cached_property
from typing import Any

from sqlalchemy import Connection, text

from services.reporting import words
from services.reporting.aggregates import WITHIN
from services.reporting.documents.listing import Column, Listing, Row, write_csv
from services.reporting.documents.stories import Story, write_stories
from services.reporting.report_contents import (
    COUNTRY,
    Work,
    check_region,
    footer,
    place_name,
    zone_of,
)
from services.reporting.report_periods import span
from services.reporting.report_schemas import PeriodParams
from services.reporting.streams import BIDANG
from shared.security import STAFF, Caller
from shared.web import formats

FETCH = 200

_OF_SCOPE = f"""
    stream = 'cerita' AND month BETWEEN :first AND :last AND deleted_at IS NULL
    AND stage >= :stage AND (NOT :consent OR fields->>'izin_terbit' = 'true')
    AND {WITHIN.format(place="place_code")}"""
_STATE = text(f"""
    SELECT count(*) AS rows, count(*) || '.' || coalesce(sum(activity.revision), 0) || '.'
        || coalesce(extract(epoch FROM max(changed_at)), 0)
        || '.' || coalesce(sum(library.version), 0) AS state
    FROM activity JOIN library ON library.id = library_id WHERE {_OF_SCOPE}""")
_STORIES = text(f"""
    SELECT activity.*, library.name AS library FROM activity
    JOIN library ON library.id = library_id
    WHERE {_OF_SCOPE} ORDER BY place_code, day, activity.id""")

_WORDS: dict[str, dict[str, str]] = {
    "id": {
        "kind": "Cerita dampak",
        "file": "cerita-dampak",
        "period": "Periode",
        "title": "Judul",
        "day": "Tanggal",
        "library": "Perpustakaan",
        "place": "Wilayah",
        "bidang": "Bidang",
        "before": "Keadaan sebelumnya",
        "after": "Yang berubah",
        "amount": "Tambahan penghasilan per bulan (Rp)",
        "consent": "Boleh diterbitkan",
        "stage": "Terverifikasi",
        "yes": "ya",
        "no": "tidak",
        "kept_in": "tanpa izin terbit, untuk dibaca petugas saja",
        "nothing": "Tidak ada cerita pada periode ini.",
    },
    "en": {
        "kind": "Impact stories",
        "file": "impact-stories",
        "period": "Period",
        "title": "Title",
        "day": "Date",
        "library": "Library",
        "place": "Region",
        "bidang": "Field",
        "before": "Before",
        "after": "What changed",
        "amount": "More income a month (Rp)",
        "consent": "May be published",
        "stage": "Verified",
        "yes": "yes",
        "no": "no",
        "kept_in": "without consent to publish, for staff only",
        "nothing": "There is no story in this period.",
    },
}
_COLUMNS = (
    *("title", "day", "library", "place", "bidang"),
    *("before", "after", "amount", "consent", "stage"),
)


class ImpactStories:
    """Stories by place and day."""

    def __init__(self, connection: Connection, params: PeriodParams, scope: Caller) -> None:
        """Raises `RegionNotFound` for a region out of scope."""
        check_region(params.region, scope)
        self._connection = connection
        self._params = params
        self._span = span(params.period)
        self._words = _WORDS[params.language]
        staff = scope.role in STAFF
        self._values = {
            "region": params.region,
            "first": self._span.first,
            "last": self._span.last,
            "stage": 0 if staff else 1,
            "consent": not staff,
        }

    @cached_property
    def _state(self) -> Any:
        return self._connection.execute(_STATE, self._values).one()

    @property
    def total(self) -> int:
        """How many stories."""
        return int(self._state.rows)

    @property
    def watermark(self) -> str:
        """Of these stories and their libraries."""
        return str(self._state.state)

    def file_name(self, extension: str) -> str:
        """`cerita-dampak-21-2026.pdf`."""
        place = self._params.region or COUNTRY["id"].lower()
        return f"{self._words['file']}-{place}-{self._span.name}.{extension}"

    def write(self, work: Work) -> int:
        """Write the file; the number of stories."""
        ends, language = footer(work, self.watermark), self._params.language
        stories = self._connection.execute(
            _STORIES.execution_options(yield_per=FETCH), self._values
        )
        if work.format == "csv":
            rows = (self._row(story) for story in stories)
            return write_csv(work.path, self._listing(), rows, ends, work.progress, language)
        told = (self._story(story) for story in stories)
        return write_stories(work.path, self._listing(), told, ends, work.progress, language)

    def _listing(self) -> Listing:
        terms, language = self._words, self._params.language
        return Listing(
            kind=terms["kind"],
            title=place_name(self._params.region, language),
            facts=((terms["period"], self._span.label(language)),),
            columns=tuple(Column(terms[name]) for name in _COLUMNS),
            zone=zone_of(self._params.region),
            nothing=terms["nothing"],
        )

    def _row(self, story: Any) -> Row:
        fields, terms = story.fields, self._words
        return (
            story.title,
            str(story.day),
            story.library,
            place_name(story.place_code, self._params.language),
            self._bidang(story),
            fields.get("sebelum", ""),
            fields.get("sesudah", ""),
            story.amount or None,
            terms["yes" if fields.get("izin_terbit") else "no"],
            terms["yes" if story.stage > 0 else "no"],
        )

    def _story(self, story: Any) -> Story:
        terms, language = self._words, self._params.language
        place = place_name(story.place_code, language)
        facts = [story.library, place, formats.date(story.day, lang=language), self._bidang(story)]
        if not story.fields.get("izin_terbit"):
            facts.append(terms["kept_in"])
        parts = [
            (terms["before"], story.fields.get("sebelum", "")),
            (terms["after"], story.fields.get("sesudah", "")),
        ]
        if story.amount:
            parts.append((terms["amount"], formats.rupiah(story.amount, lang=language)))
        return Story(story.title, tuple(facts), tuple(parts))

    def _bidang(self, story: Any) -> str:
        label = BIDANG.get(story.category, story.category)
        return words.translator(self._params.language)(label)
