"""The pictures of a periodic report: its trend, fields, scores, and the map of what lies below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.reporting import aggregates, charts, tile_maps, words
from services.reporting.aggregates import REGENCY, Asked
from services.reporting.charts import Part, Point
from services.reporting.periodic_words import WORDS
from services.reporting.report_periods import Span, later
from services.reporting.streams import BIDANG
from services.reporting.tile_maps import Square
from shared.web import formats
from shared.web.formats import Language

TREND = 12  # months in the chart


@dataclass(frozen=True, slots=True)
class Drawing:
    """Draws a region's period for readers of a language."""

    session: Session
    region: str
    span: Span
    language: Language

    def pictures(self, scores: Sequence[Any], activities: Mapping[str, int]) -> dict[str, str]:
        """SVG by name; `map` only where there is one. `activities` are by region below."""
        terms = WORDS[self.language]
        heads = terms["headings"]
        made = {
            "trend": self._trend(),
            "categories": charts.bars(heads["categories"], "", self._categories()),
            "kpi": charts.shares(heads["kpi"], terms["nobody_expected"], self._kpi(scores)),
        }
        if len(self.region) < REGENCY and activities:
            draw = tile_maps.country if not self.region else tile_maps.province
            made["map"] = draw(heads["map"], terms["alt_map"], self._squares(activities))
        return {name: str(svg) for name, svg in made.items()}

    def _number(self, value: int) -> str:
        return formats.number(value, lang=self.language)

    def _trend(self) -> str:
        # What is still to come is no fall to zero.
        last = min(self.span.last, datetime.now(UTC).date().replace(day=1))
        first = later(last, 1 - TREND)
        asked = Asked(self.region, first, last, "pelibatan", measures=("people",))
        rows = {row.month: row for row in aggregates.breakdown(self.session, asked, "month")}
        points = []
        for n in range(TREND):
            month = later(first, n)
            value = int(rows[month].reports) if month in rows else 0
            label = formats.month(month, short=True, lang=self.language)
            points.append(Point(label, value, self._number(value)))
        terms = WORDS[self.language]
        name = terms["tiles"]["activities"]
        return charts.line(
            name,
            terms["headings"]["trend"],
            points,
            lambda value: self._number(round(value)),
            (name, ""),
        )

    def _categories(self) -> list[Point]:
        if len(self.region) > REGENCY:
            return []
        say = words.translator(self.language)
        asked = Asked(self.region, self.span.first, self.span.last, "pelibatan", measures=())
        rows = aggregates.breakdown(self.session, asked, "category")
        return [
            Point(
                say(BIDANG.get(row.category, row.category or "–")),
                row.reports,
                self._number(row.reports),
            )
            for row in sorted(rows, key=lambda row: -row.reports)
        ]

    def _kpi(self, scores: Sequence[Any]) -> list[Part]:
        tones: tuple[charts.Tone, ...] = ("green", "yellow", "red")
        sums = {tone: sum(int(getattr(row, tone)) for row in scores) for tone in tones}
        labels = WORDS[self.language]["tones"]
        return [Part(labels[tone], sums[tone], self._number(sums[tone]), tone) for tone in tones]

    def _squares(self, activities: Mapping[str, int]) -> list[Square]:
        return [
            Square(code, tile_maps.short_name(code), value, self._number(value), "")
            for code, value in activities.items()
        ]
