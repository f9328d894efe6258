"""The charts of a dashboard in the reader's language, each with the same as a table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from markupsafe import Markup

from services.reporting import charts, dashboard_words, tile_maps
from services.reporting.charts import Part, Point
from services.reporting.dashboards import Board, Coverage
from services.reporting.streams import STREAMS
from services.reporting.tile_maps import Square
from shared.web import formats
from shared.web import gettext_noop as _
from shared.web.formats import Language


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, and the table behind it; `part` is what its CSV is called."""

    title: str
    picture: Markup
    columns: list[str]
    rows: list[list[str]]
    part: str
    hint: str = ""

    @property
    def heads(self) -> list[tuple[str, str]]:
        """Its columns, as a table of a page has them."""
        return [("" if at == 0 else "number", name) for at, name in enumerate(self.columns)]


@dataclass(frozen=True, slots=True)
class Painter:
    """Draws a board for one reader: `say` translates; `page` is the address of the view."""

    board: Board
    say: Callable[[str], str]
    lang: Language
    page: str

    def drawn(self) -> list[Chart]:
        """Those that this view has something for."""
        if self.board.is_empty:
            every = [self.tiles(), self.coverage()]
        else:
            every = [self.tiles(), self.trend(), self.categories(), self.coverage()]
        return [chart for chart in every if chart]

    @property
    def measure(self) -> str:
        """What is shown, as the reader calls it."""
        view = self.board.view
        label = self.say(dashboard_words.measure_label(view.stream, view.measure))
        if not view.stream:
            return label
        stream = self.say(STREAMS[view.stream].label)
        return f"{stream}: {label[0].lower()}{label[1:]}"

    def figure(self, value: float | Decimal, digits: int = 0) -> str:
        """A figure in words; rupiah as such."""
        if self.board.view.measure == "amount":
            return formats.rupiah(value, lang=self.lang)
        return formats.number(value, digits, lang=self.lang)

    def per_cent(self, value: Decimal | None) -> str:
        """A share in words, a dash for none."""
        return "–" if value is None else f"{formats.number(value, 0, lang=self.lang)}%"

    def tiles(self) -> Chart | None:
        """The regions below as squares, each a link that goes there."""
        view, parts = self.board.view, self.board.parts
        if len(view.region_code) > len("21") or not parts:
            return None
        shown = [part for part in parts if part.code != view.region_code]
        if not view.region_code:
            shown = [part for part in shown if part.code in tile_maps.PROVINCES]
        squares = [
            Square(
                part.code,
                tile_maps.short_name(part.code),
                part.value,
                self.figure(part.value),
                f"{self.page}?{view.query(region=part.code)}",
            )
            for part in shown
        ]
        draw = tile_maps.province if view.region_code else tile_maps.country
        title = self.say(_("Peta"))
        hint = self.say(dashboard_words.MAP)
        rows = [[square.name, square.text] for square in squares]
        name = self.say(dashboard_words.BELOW[len(view.region_code)])
        picture = draw(title, self.measure, squares)
        return Chart(title, picture, [name, self.measure], rows, "regions", hint)

    def trend(self) -> Chart:
        """By month; what is verified of it as a dashed line."""
        view = self.board.view
        both = not view.only_verified
        points = [
            Point(
                self._when(month.month),
                month.value,
                self.figure(month.value),
                month.verified if both else None,
                self.figure(month.verified) if both else "",
            )
            for month in self.board.trend
        ]
        title = self.say(_("Menurut semester") if view.is_half_yearly else _("Menurut bulan"))
        names = (
            self.say(_("Semua")) if both else self.say(_("Terverifikasi")),
            self.say(_("Terverifikasi")),
        )
        picture = charts.line(title, self._extremes(points), points, self._tick, names)
        head = self.say(_("Semester") if view.is_half_yearly else _("Bulan"))
        columns = [head, self.measure]
        hint = self.say(dashboard_words.EACH_HALF_YEAR) if view.is_stock else ""
        rows = [[point.label, point.text] for point in points]
        if both:
            columns.append(self.say(_("Terverifikasi")))
            rows = [[point.label, point.text, point.second_text] for point in points]
        return Chart(title, picture, columns, rows, "trend", hint)

    def _when(self, month: date) -> str:
        if self.board.view.is_half_yearly:
            return dashboard_words.half_year(month, self.lang)
        return dashboard_words.month(month, self.lang, short=True)

    def categories(self) -> Chart | None:
        """By what the stream is broken down by; all together by stream."""
        view = self.board.view
        if not self.board.categories:
            return None
        stream = STREAMS.get(view.stream)
        labels = {name: one.label for name, one in STREAMS.items()}
        title = self.say(_("Menurut jenis laporan"))
        if stream:
            field = stream.field(stream.category)
            labels = dict(field.options or {})
            title = self.say(_("Menurut %s")) % self.say(field.label).lower()
        points = [
            Point(self.say(labels.get(name, name)) or "–", value, self.figure(value))
            for name, value in self.board.categories
        ]
        picture = charts.bars(title, self._extremes(points), points)
        rows = [[point.label, point.text] for point in points]
        return Chart(title, picture, [self.say(_("Kategori")), self.measure], rows, "categories")

    def coverage(self) -> Chart | None:
        """How complete the reports are; nothing for everybody."""
        cover: Coverage = self.board.coverage
        if not cover.expected:
            return None
        late = cover.came - cover.in_time
        missing = cover.expected - cover.came
        parts = [
            self._part(self.say(_("Tepat waktu")), cover.in_time, "green"),
            self._part(self.say(_("Terlambat")), late, "yellow"),
            self._part(self.say(_("Belum masuk")), missing, "red"),
        ]
        title = self.say(_("Kelengkapan laporan"))
        said = "; ".join(f"{part.label}: {part.text}" for part in parts)
        hint = self.say(_("Satu perpustakaan dalam satu bulan dihitung satu."))
        columns = [self.say(_("Keadaan")), self.say(_("Jumlah"))]
        rows = [[part.label, part.text] for part in parts]
        picture = charts.shares(title, said, parts)
        return Chart(title, picture, columns, rows, "regions", hint)

    def _part(self, label: str, value: int, tone: charts.Tone) -> Part:
        share = Decimal(100) * value / self.board.coverage.expected
        number = formats.number(value, 0, lang=self.lang)
        return Part(label, value, f"{number} ({self.per_cent(share)})", tone)

    def _extremes(self, points: list[Point]) -> str:
        found = charts.extremes(points)
        if not found:
            return self.measure
        low, high = found
        said = self.say(_("Tertinggi %(high)s, terendah %(low)s")) % {
            "high": f"{high.label} ({high.text})",
            "low": f"{low.label} ({low.text})",
        }
        return f"{self.measure}. {said}"

    def _tick(self, value: float) -> str:
        """A height beside a line: millions are said so, or they would run into it."""
        for size, name in ((10**9, self.say(_("miliar"))), (10**6, self.say(_("juta")))):
            if abs(value) >= size:
                return f"{formats.number(value / size, lang=self.lang)} {name}"
        return formats.number(value, 0, lang=self.lang)
