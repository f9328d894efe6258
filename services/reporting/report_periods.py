"""Months, quarters and years, as reports name them: `2026-03`, `2026-Q1`, `2026`."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.web import formats
from shared.web.formats import Language

Every = Literal["month", "quarter", "year"]

_MONTHS: dict[Every, int] = {"month": 1, "quarter": 3, "year": 12}
_QUARTER = {"id": "Triwulan {} {}", "en": "Quarter {} of {}"}


@dataclass(frozen=True, slots=True)
class Span:
    """A period: the first days of its first and of its last month."""

    name: str
    every: Every
    first: date
    last: date

    @property
    def months(self) -> list[date]:
        """The first day of each."""
        return [later(self.first, n) for n in range(_MONTHS[self.every])]

    @property
    def end(self) -> date:
        """The first day after it."""
        return later(self.last, 1)

    @property
    def before(self) -> "Span":
        """The period of the same length that ended where this one begins."""
        return ending(self.every, self.first)

    def label(self, language: Language) -> str:
        """Triwulan 1 2026."""
        if self.every == "month":
            return formats.month(self.first, lang=language)
        year = str(self.first.year)
        number = (self.first.month + 2) // 3
        return _QUARTER[language].format(number, year) if self.every == "quarter" else year


def span(name: str) -> Span:
    """The period of a name in one of the three forms of `report_schemas.Period`."""
    year, _, part = name.partition("-")
    if not part:
        return _span("year", date(int(year), 1, 1))
    if part.startswith("Q"):
        return _span("quarter", date(int(year), int(part[1]) * 3 - 2, 1))
    return _span("month", date(int(year), int(part), 1))


def ending(every: Every, today: date) -> Span:
    """The last period of this length that was over on a day."""
    length = _MONTHS[every]
    begins = today.replace(month=(today.month - 1) // length * length + 1, day=1)
    return _span(every, later(begins, -length))


def later(month: date, by: int) -> date:
    """The first day of the month so many months later."""
    years, index = divmod(month.month - 1 + by, 12)
    return date(month.year + years, index + 1, 1)


def _span(every: Every, first: date) -> Span:
    names = {
        "month": f"{first:%Y-%m}",
        "quarter": f"{first.year}-Q{(first.month + 2) // 3}",
        "year": str(first.year),
    }
    return Span(names[every], every, first, later(first, _MONTHS[every] - 1))
