"""A line of a periodic report: one region below, and how its figures are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.reporting import completeness


@dataclass(frozen=True, slots=True)
class RegionLine:
    """One region below: its sums by stream, now and before, its completeness and score."""

    code: str
    name: str
    now: Mapping[str, Any]
    before: Mapping[str, Any]
    verified: int  # of its reports of all kinds
    count: completeness.Count
    mean: Decimal | None

    def figure(self, stream: str, measure: str, *, before: bool = False) -> int:
        """A measure of a stream, now or in the period before."""
        return measure_of(self.before if before else self.now, stream, measure)

    @property
    def reports(self) -> int:
        """Of all kinds."""
        return sum(int(row.reports) for row in self.now.values())


def measure_of(rows: Mapping[str, Any], stream: str, measure: str) -> int:
    """A measure of a stream in the rows of all; 0 where nothing came."""
    return int(getattr(rows.get(stream), measure, 0) or 0)


def share_came(count: completeness.Count) -> float:
    """In per cent, of what was expected."""
    return 100 * count.came / count.expected


def some(names: Sequence[str], most: int = 12) -> str:
    """The first of these names, with a sign for more."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown}, …"
