"""A region's period to read: totals in words, charts, a map, completeness, scores, changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from services.reporting import aggregates, charts, completeness, kpi, tile_maps, words
from services.reporting.aggregates import REGENCY, Asked
from services.reporting.charts import Part, Point
from services.reporting.documents.common import closing
from services.reporting.documents.type_setter import write_paper
from services.reporting.periodic_words import WORDS
from services.reporting.report_contents import (
    Work,
    check_region,
    footer,
    place_name,
    watermark_of_sums,
    zone_of,
)
from services.reporting.report_periods import Span, later, span
from services.reporting.report_schemas import PeriodParams
from services.reporting.settings import settings
from services.reporting.streams import BIDANG
from services.reporting.tile_maps import Square
from shared import regions
from shared.security import Caller
from shared.web import formats

TREND = 12  # months in the chart
CHANGES = 6
MANY = 10  # times as much as before: a percentage tells nothing then
MEASURES = ("people", "amount", "villages")
TILES = (
    ("activities", "pelibatan", "reports"),
    ("people", "pelibatan", "people"),
    ("visits", "pengunjung", "people"),
    ("stories", "cerita", "reports"),
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One region below: its sums by stream, now and before, its completeness and score."""

    code: str
    name: str
    now: Mapping[str, Any]
    before: Mapping[str, Any]
    count: completeness.Count
    mean: Decimal | None

    def figure(self, stream: str, measure: str, *, before: bool = False) -> int:
        row = (self.before if before else self.now).get(stream)
        return int(getattr(row, measure)) if row is not None else 0


class Periodic:
    """The country by province, a province by kab/kota, or a kab/kota by kecamatan."""

    def __init__(self, connection: Connection, params: PeriodParams, scope: Caller) -> None:
        """Raises `RegionNotFound` for a region out of scope."""
        check_region(params.region, scope)
        self._connection = connection
        self._region = params.region
        self._language = params.language
        self._span = span(params.period)
        self._words = WORDS[params.language]

    @cached_property
    def total(self) -> int:
        """How many regions its table has."""
        return len(regions.children(self._region or None))

    @cached_property
    def watermark(self) -> str:
        """Of the sums of this period and of the one before."""
        spans = (self._span, self._span.before)
        return watermark_of_sums(self._connection, self._region, spans)

    def file_name(self, extension: str) -> str:
        """`laporan-21-2026-Q1.pdf`."""
        return f"{self._words['file']}-{self._region or 'indonesia'}-{self._span.name}.{extension}"

    def write(self, work: Work) -> int:
        """Write the paper; the number of regions in its table."""
        with Session(self._connection) as session:
            lines = self._lines(session)
            work.progress(len(lines) // 2)
            facts, pictures = self._facts(session, lines), self._pictures(session, lines)
        ends = closing(footer(work, self.watermark), zone_of(self._region), self._language)
        facts["watermark"] = self.watermark
        facts["closing"] = " · ".join(f"{label}: {value}" for label, value in ends)
        write_paper(work.path, "periodic.typ", facts, pictures)
        work.progress(len(lines))
        return len(lines)

    # --- figures ---------------------------------------------------------------------------

    def _asked(self, first: Span | None = None, **more: Any) -> Asked:
        of = first or self._span
        return Asked(self._region, of.first, of.last, measures=MEASURES, **more)

    def _lines(self, session: Session) -> list[_Line]:
        digits = aggregates.below(self._region)
        now = self._by_region(session, self._span)
        before = self._by_region(session, self._span.before)
        counts: dict[str, completeness.Count] = {}
        for row in completeness.by_region(session, self._region, self._span.first, self._span.last):
            one = completeness.Count(row.expected, row.came, row.in_time)
            counts[row.region] = counts.get(row.region, completeness.Count()) + one
        period = kpi.Period(self._span.first, self._span.last)
        means = {row.region: row for row in kpi.by_region(session, self._region, digits, period)}
        self._scores = list(means.values())
        return [
            _Line(
                below.code,
                below.name,
                now.get(below.code, {}),
                before.get(below.code, {}),
                counts.get(below.code, completeness.Count()),
                means[below.code].mean if below.code in means else None,
            )
            for below in regions.children(self._region or None)
        ]

    def _by_region(self, session: Session, of: Span) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for row in aggregates.breakdown(session, self._asked(of), "region", "stream"):
            found.setdefault(row.region, {})[row.stream] = row
        return found

    def _totals(self, session: Session, of: Span) -> dict[str, Any]:
        rows = aggregates.breakdown(session, self._asked(of), "stream")
        return {row.stream: row for row in rows}

    # --- words -----------------------------------------------------------------------------

    def _number(self, value: float | Decimal, digits: int | None = None) -> str:
        return formats.number(value, digits, lang=self._language)

    def _facts(self, session: Session, lines: Sequence[_Line]) -> dict[str, Any]:
        terms, language = self._words, self._language
        now, before = (self._totals(session, of) for of in (self._span, self._span.before))
        region, period = place_name(self._region, language), self._span.label(language)
        count = sum((line.count for line in lines), completeness.Count())
        edges = [
            self._number(edge) for edge in (settings().kpi_green_above, settings().kpi_yellow_above)
        ]
        return {
            "kind": terms["kind"],
            "title": f"{terms['kind']} {region} {period}",
            "region": region,
            "period": period,
            "language": language,
            "page": terms["page"],
            "of": terms["of"],
            "words": terms["headings"],
            "tiles": [self._tile(now, before, *tile) for tile in TILES],
            "summary": self._summary(lines, now, before),
            "completeness": self._completeness(count, lines),
            "kpi_note": terms["kpi_note"].format(*edges, version=kpi.NEWEST),
            "changes": self._changes(lines),
            "map": bool(self._map_squares(lines)),
            "alt": {
                "trend": terms["alt_trend"].format(months=TREND),
                "map": terms["alt_map"],
                "categories": terms["headings"]["categories"],
                "kpi": terms["headings"]["kpi"],
            },
            "columns": terms["columns"],
            "colour_column": len(terms["columns"]) - 1,
            "rows": [self._row(line) for line in lines],
        }

    def _tile(
        self, now: Mapping[str, Any], before: Mapping[str, Any], name: str, stream: str, of: str
    ) -> dict[str, str]:
        here, there = (int(getattr(rows.get(stream), of, 0) or 0) for rows in (now, before))
        change = self._change(here, there)
        return {
            "figure": self._number(here),
            "label": self._words["tiles"][name],
            "change": change,
        }

    def _change(self, now: int, before: int) -> str:
        terms, since = self._words, self._span.before.label(self._language)
        if not before:
            return str(terms["new" if now else "none"]).format(since=since)
        if now > MANY * before:
            return str(terms["many"]).format(times=self._number(now // before), since=since)
        per_cent = round(100 * (now - before) / before)
        word = "same" if not per_cent else "up" if per_cent > 0 else "down"
        return str(terms[word]).format(by=self._number(abs(per_cent)), since=since)

    def _summary(
        self, lines: Sequence[_Line], now: Mapping[str, Any], before: Mapping[str, Any]
    ) -> list[str]:
        terms = self._words

        def of(stream: str, measure: str) -> str:
            return self._number(int(getattr(now.get(stream), measure, 0) or 0))

        activities, earlier = (
            int(getattr(rows.get("pelibatan"), "reports", 0) or 0) for rows in (now, before)
        )
        paragraphs = [
            terms["summary"].format(
                period=self._span.label(self._language),
                region=place_name(self._region, self._language),
                activities=of("pelibatan", "reports"),
                people=of("pelibatan", "people"),
                change=self._change(activities, earlier),
            ),
            terms["others"].format(
                visits=of("pengunjung", "people"),
                publications=of("publikasi", "reports"),
                advocacy=of("advokasi", "reports"),
                funds=formats.rupiah(
                    int(getattr(now.get("advokasi"), "amount", 0) or 0), lang=self._language
                ),
                villages=of("replikasi", "villages"),
                stories=of("cerita", "reports"),
            ),
        ]
        most = max(lines, key=lambda line: line.figure("pelibatan", "reports"), default=None)
        if most and most.figure("pelibatan", "reports"):
            figure = self._number(most.figure("pelibatan", "reports"))
            paragraphs.append(terms["most"].format(name=most.name, figure=figure))
        quiet = [line.name for line in lines if not line.figure("pelibatan", "reports")]
        if quiet:
            paragraphs.append(terms["quiet"].format(number=len(quiet), names=_some(quiet)))
        return paragraphs

    def _completeness(self, count: completeness.Count, lines: Sequence[_Line]) -> list[str]:
        terms = self._words
        if not count.expected:
            return [terms["nobody_expected"]]
        least = sorted(
            (line for line in lines if line.count.expected), key=lambda line: _share(line.count)
        )[:3]
        names = ", ".join(f"{line.name} ({self._per_cent(line.count)})" for line in least)
        return [
            terms["completeness"].format(
                came=self._number(count.came),
                expected=self._number(count.expected),
                share=self._per_cent(count),
                in_time=self._number(count.in_time),
                missing=self._number(count.missing),
            ),
            terms["least"].format(names=names),
        ]

    def _per_cent(self, count: completeness.Count) -> str:
        return f"{self._number(round(_share(count)))}%" if count.expected else "–"

    def _changes(self, lines: Sequence[_Line]) -> list[str]:
        def change(line: _Line) -> int:
            return line.figure("pelibatan", "reports") - line.figure(
                "pelibatan", "reports", before=True
            )

        moved = sorted(lines, key=lambda line: -abs(change(line)))[:CHANGES]
        return [
            self._words["changed"].format(
                name=line.name,
                by=f"{'+' if change(line) > 0 else '−'}{self._number(abs(change(line)))}",
                before=self._number(line.figure("pelibatan", "reports", before=True)),
                now=self._number(line.figure("pelibatan", "reports")),
            )
            for line in moved
            if change(line)
        ]

    def _row(self, line: _Line) -> dict[str, Any]:
        figures = [
            *(self._number(line.figure(stream, of)) for _name, stream, of in TILES[:3]),
            self._number(line.figure("publikasi", "reports")),
            self._number(line.figure("advokasi", "reports")),
            self._per_cent(line.count),
        ]
        score = "–" if line.mean is None else self._number(line.mean, 1)
        tone = "" if line.mean is None else kpi.colour(line.mean)
        return {"cells": [line.name, *figures, score], "tone": tone}

    # --- pictures --------------------------------------------------------------------------

    def _pictures(self, session: Session, lines: Sequence[_Line]) -> dict[str, str]:
        heads = self._words["headings"]
        pictures = {
            "trend": self._trend(session),
            "categories": charts.bars(heads["categories"], "", self._categories(session)),
            "kpi": charts.shares(heads["kpi"], self._words["nobody_expected"], self._kpi()),
        }
        if squares := self._map_squares(lines):
            draw = tile_maps.country if not self._region else tile_maps.province
            pictures["map"] = draw(heads["map"], self._words["alt_map"], squares)
        return {name: str(svg) for name, svg in pictures.items()}

    def _trend(self, session: Session) -> str:
        # What is still to come is no fall to zero.
        last = min(self._span.last, datetime.now(UTC).date().replace(day=1))
        first = later(last, 1 - TREND)
        asked = Asked(self._region, first, last, "pelibatan", measures=("people",))
        rows = {row.month: row for row in aggregates.breakdown(session, asked, "month")}
        points = []
        for n in range(TREND):
            month = later(first, n)
            value = int(rows[month].reports) if month in rows else 0
            label = formats.month(month, short=True, lang=self._language)
            points.append(Point(label, value, self._number(value)))
        name = self._words["tiles"]["activities"]
        return charts.line(
            name,
            self._words["headings"]["trend"],
            points,
            lambda value: self._number(round(value)),
            (name, ""),
        )

    def _categories(self, session: Session) -> list[Point]:
        if len(self._region) > REGENCY:
            return []
        say = words.translator(self._language)
        rows = aggregates.breakdown(session, self._asked(stream="pelibatan"), "category")
        found = sorted(rows, key=lambda row: -row.reports)
        return [
            Point(
                say(BIDANG.get(row.category, row.category or "–")),
                row.reports,
                self._number(row.reports),
            )
            for row in found
        ]

    def _kpi(self) -> list[Part]:
        tones: tuple[charts.Tone, ...] = ("green", "yellow", "red")
        sums = {tone: sum(int(getattr(row, tone)) for row in self._scores) for tone in tones}
        labels = self._words["tones"]
        return [Part(labels[tone], sums[tone], self._number(sums[tone]), tone) for tone in tones]

    def _map_squares(self, lines: Sequence[_Line]) -> list[Square]:
        if len(self._region) >= REGENCY:
            return []
        return [
            Square(
                line.code,
                tile_maps.short_name(line.code),
                line.figure("pelibatan", "reports"),
                self._number(line.figure("pelibatan", "reports")),
                "",
            )
            for line in lines
        ]


def _share(count: completeness.Count) -> float:
    return 100 * count.came / count.expected


def _some(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown}, …"
