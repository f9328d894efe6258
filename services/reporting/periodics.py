"""A region's period to read: totals in words, charts, a map, completeness, scores, changes.

All reports count, and how many of them are verified is said. Of months that the region has locked
the frozen figures are printed, and beside them what changed since.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from services.reporting import aggregates, completeness, frozen_figures, kpi, periodic_pictures
from services.reporting.aggregates import Asked
from services.reporting.documents.common import closing
from services.reporting.documents.type_setter import write_paper
from services.reporting.frozen_figures import Frozen
from services.reporting.period_locks import Line
from services.reporting.periodic_lines import RegionLine, measure_of, share_came, some
from services.reporting.periodic_words import WORDS
from services.reporting.report_contents import (
    Work,
    check_region,
    footer,
    place_name,
    watermark_of_sums,
    zone_of,
)
from services.reporting.report_periods import Span, span
from services.reporting.report_schemas import PeriodParams
from services.reporting.settings import settings
from shared import regions
from shared.security import Caller
from shared.web import formats

CHANGES = 6
MANY = 10  # times as much as before: a percentage tells nothing then
MEASURES = ("people", "amount", "villages")
TILES = (
    ("activities", "pelibatan", "reports"),
    ("people", "pelibatan", "people"),
    ("visits", "pengunjung", "people"),
    ("stories", "cerita", "reports"),
)
COLUMNS = (*TILES[:3], ("", "publikasi", "reports"), ("", "advokasi", "reports"))


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
        """Of the sums of this period and of the one before, and of what is locked."""
        spans = (self._span, self._span.before)
        sums = watermark_of_sums(self._connection, self._region, spans)
        return f"{sums}-{self._frozen.state}" if self._frozen else sums

    @cached_property
    def _frozen(self) -> Frozen | None:
        with Session(self._connection) as session:
            return frozen_figures.find(session, self._region, self._span.months)

    def file_name(self, extension: str) -> str:
        """`laporan-21-2026-Q1.pdf`."""
        return f"{self._words['file']}-{self._region or 'indonesia'}-{self._span.name}.{extension}"

    def write(self, work: Work) -> int:
        """Write the paper; the number of regions in its table."""
        with Session(self._connection) as session:
            lines = self._lines(session)
            work.progress(len(lines) // 2)
            facts = self._facts(session, lines)
            pictures = self._pictures(session, lines)
        facts["map"] = "map" in pictures
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

    @property
    def _verified(self) -> Asked:
        return replace(self._asked(), only_verified=True, measures=())

    def _lines(self, session: Session) -> list[RegionLine]:
        digits = aggregates.below(self._region)
        now = self._by_region(session, self._span)
        before = self._by_region(session, self._span.before)
        counts: dict[str, completeness.Count] = {}
        for row in completeness.by_region(session, self._region, self._span.first, self._span.last):
            one = completeness.Count(row.expected, row.came, row.in_time)
            counts[row.region] = counts.get(row.region, completeness.Count()) + one
        period = kpi.Period(self._span.first, self._span.last)
        checked: Counter[str] = Counter()
        for row in aggregates.breakdown(session, self._verified, "region"):
            checked[row.region] += int(row.reports)
        means = {row.region: row for row in kpi.by_region(session, self._region, digits, period)}
        self._scores = list(means.values())
        return [
            RegionLine(
                below.code,
                below.name,
                now.get(below.code, {}),
                before.get(below.code, {}),
                checked[below.code],
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

    def _facts(self, session: Session, lines: Sequence[RegionLine]) -> dict[str, Any]:
        terms, language = self._words, self._language
        now, before = (self._totals(session, of) for of in (self._span, self._span.before))
        checked = aggregates.breakdown(session, self._verified, "stream")
        verified = {row.stream: int(row.reports) for row in checked}
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
            "tiles": [self._tile(now, before, verified, *tile) for tile in TILES],
            "summary": [
                *self._summary(lines, now, before),
                self._verification(now, verified),
                *self._locked(),
            ],
            "completeness": self._completeness(count, lines),
            "kpi_note": terms["kpi_note"].format(*edges, version=kpi.NEWEST),
            "changes": self._changes(lines),
            "alt": {
                "trend": terms["alt_trend"].format(months=periodic_pictures.TREND),
                "map": terms["alt_map"],
                "categories": terms["headings"]["categories"],
                "kpi": terms["headings"]["kpi"],
            },
            "columns": terms["columns"],
            "colour_column": len(terms["columns"]) - 1,
            "rows": [
                *(self._row(line) for line in lines),
                *self._totals_rows(now, verified, count),
            ],
        }

    def _tile(  # noqa: PLR0913, PLR0917 - now, before, verified, and what of it
        self,
        now: Mapping[str, Any],
        before: Mapping[str, Any],
        verified: Mapping[str, int],
        name: str,
        stream: str,
        of: str,
    ) -> dict[str, Any]:
        printed, terms = self._printed(now, stream, of), self._words
        notes = [self._change(printed, measure_of(before, stream, of))]
        if line := self._frozen and self._frozen.line(stream, of):
            notes.append(self._since(line))
        if of == "reports" and measure_of(now, stream, of):
            share = {"verified": verified.get(stream, 0), "reports": measure_of(now, stream, of)}
            notes.append(terms["verified"].format(**self._numbers(share)))
        return {"figure": self._number(printed), "label": terms["tiles"][name], "notes": notes}

    def _printed(self, now: Mapping[str, Any], stream: str, measure: str) -> int:
        """The frozen figure of what is locked as a whole, else what is now."""
        if self._frozen and self._frozen.is_whole:
            line = self._frozen.line(stream, measure)
            return line.frozen if line else 0
        return measure_of(now, stream, measure)

    def _numbers(self, figures: Mapping[str, int]) -> dict[str, str]:
        return {name: self._number(value) for name, value in figures.items()}

    def _signed(self, value: int) -> str:
        return f"{'+' if value > 0 else '−' if value else ''}{self._number(abs(value))}"

    def _since(self, line: Line) -> str:
        if not line.difference:
            return str(self._words["unchanged"])
        return str(self._words["since"]).format(
            by=self._signed(line.difference), now=self._number(line.current)
        )

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
        self, lines: Sequence[RegionLine], now: Mapping[str, Any], before: Mapping[str, Any]
    ) -> list[str]:
        terms = self._words

        def of(stream: str, measure: str) -> str:
            return self._number(self._printed(now, stream, measure))

        activities = self._printed(now, "pelibatan", "reports")
        earlier = measure_of(before, "pelibatan", "reports")
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
                funds=formats.rupiah(self._printed(now, "advokasi", "amount"), lang=self._language),
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
            paragraphs.append(terms["quiet"].format(number=len(quiet), names=some(quiet)))
        return paragraphs

    def _verification(self, now: Mapping[str, Any], verified: Mapping[str, int]) -> str:
        activities = measure_of(now, "pelibatan", "reports")
        reports = sum(int(row.reports) for row in now.values())
        figures = {
            "activities": activities,
            "verified_activities": verified.get("pelibatan", 0),
            "reports": reports,
            "verified": sum(verified.values()),
        }
        share = self._share(verified.get("pelibatan", 0), activities)
        return str(self._words["verification"]).format(share=share, **self._numbers(figures))

    def _locked(self) -> list[str]:
        """What is locked, and what of the figures that are printed changed since."""
        terms, frozen = self._words, self._frozen
        if not frozen:
            return []
        if not frozen.is_whole:
            months = ", ".join(formats.month(one, lang=self._language) for one in frozen.months)
            return [terms["partly_locked"].format(months=months)]
        moved = [
            terms["moved"].format(label=terms["tiles"][name], since=self._since(line))
            for name, stream, measure in TILES
            if (line := frozen.line(stream, measure)) and line.difference
        ]
        day = formats.date(frozen.locked_at, lang=self._language)
        changed = "; ".join(moved) if moved else terms["unchanged"]
        return [terms["locked"].format(day=day, changed=changed)]

    def _completeness(self, count: completeness.Count, lines: Sequence[RegionLine]) -> list[str]:
        terms = self._words
        if not count.expected:
            return [terms["nobody_expected"]]
        least = sorted(
            (line for line in lines if line.count.expected), key=lambda line: share_came(line.count)
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
        return f"{self._number(round(share_came(count)))}%" if count.expected else "–"

    def _changes(self, lines: Sequence[RegionLine]) -> list[str]:
        def change(line: RegionLine) -> int:
            return line.figure("pelibatan", "reports") - line.figure(
                "pelibatan", "reports", before=True
            )

        moved = sorted(lines, key=lambda line: -abs(change(line)))[:CHANGES]
        return [
            self._words["changed"].format(
                name=line.name,
                by=self._signed(change(line)),
                before=self._number(line.figure("pelibatan", "reports", before=True)),
                now=self._number(line.figure("pelibatan", "reports")),
            )
            for line in moved
            if change(line)
        ]

    def _row(self, line: RegionLine) -> dict[str, Any]:
        figures = (self._number(line.figure(stream, of)) for _label, stream, of in COLUMNS)
        share, complete = self._share(line.verified, line.reports), self._per_cent(line.count)
        score = "–" if line.mean is None else self._number(line.mean, 1)
        tone = "" if line.mean is None else kpi.colour(line.mean)
        return {"cells": [line.name, *figures, share, complete, score], "tone": tone}

    def _totals_rows(
        self, now: Mapping[str, Any], verified: Mapping[str, int], count: completeness.Count
    ) -> list[dict[str, Any]]:
        """The region itself: now, and if it is locked as it was then and what changed since."""
        terms, reports = self._words, sum(int(row.reports) for row in now.values())
        figures = (self._number(measure_of(now, stream, of)) for _label, stream, of in COLUMNS)
        share = self._share(sum(verified.values()), reports)
        rows = [[terms["sum"], *figures, share, self._per_cent(count), ""]]
        if self._frozen and self._frozen.is_whole:
            found = [self._frozen.line(stream, of) for _label, stream, of in COLUMNS]
            frozen = (self._number(line.frozen if line else 0) for line in found)
            since = (self._signed(line.difference if line else 0) for line in found)
            rows.insert(0, [terms["sum_frozen"], *frozen, "", "", ""])
            rows.insert(1, [terms["sum_since"], *since, "", "", ""])
        return [{"cells": cells, "tone": ""} for cells in rows]

    def _share(self, part: int, whole: int) -> str:
        return f"{self._number(100 * part // whole)}%" if whole else "–"

    # --- pictures --------------------------------------------------------------------------

    def _pictures(self, session: Session, lines: Sequence[RegionLine]) -> dict[str, str]:
        figures = {line.code: line.figure("pelibatan", "reports") for line in lines}
        drawing = periodic_pictures.Drawing(session, self._region, self._span, self._language)
        return drawing.pictures(self._scores, figures)
