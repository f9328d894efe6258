"""What a dashboard is asked for: a region, months, a stream, and what of it."""

from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from services.reporting import aggregates, completeness
from services.reporting.aggregates import DISTRICT, REGENCY, Asked
from services.reporting.kpi import Period
from services.reporting.streams import STOCKS, STREAMS

USUAL = 12  # months
HALF_YEAR = 6  # months


def this_month() -> date:
    """The month that it is in the capital."""
    return completeness.today().replace(day=1)


def moved(month: date, by: int) -> date:
    """So many months later, or earlier."""
    count = month.year * 12 + month.month - 1 + by
    return date(count // 12, count % 12 + 1, 1)


def whole(stream: str, first: date, last: date) -> tuple[date, date]:
    """Months as a stream has them: what is reported by the half-year is shown by the half-year."""
    if not stream or STREAMS[stream].every != "half_year":
        return first, last
    begins, ends = (
        one.replace(month=1 if one.month <= HALF_YEAR else 1 + HALF_YEAR) for one in (first, last)
    )
    return begins, moved(ends, HALF_YEAR - 1)


def measures(stream: str) -> tuple[str, ...]:
    """What can be shown of a stream; of all together only their number."""
    if not stream:
        return ("reports",)
    own = tuple(name for name in STREAMS[stream].measures if name != "timely")
    people = ("people",) if "male" in own and "people" not in own else ()
    return ("reports", *people, *own)


@dataclass(frozen=True, slots=True)
class View:
    """What is asked for; the address says all of it, so that it can be shared."""

    region_code: str
    first: date
    last: date
    stream: str = ""
    measure: str = "reports"
    only_verified: bool = False
    public: bool = False

    @property
    def months(self) -> list[date]:
        """Each month, from the first to the last."""
        return [moved(self.first, at) for at in range(self._count)]

    @property
    def steps(self) -> list[date]:
        """What the trend has points for: the months, or the half-years by their first ones."""
        return self.months[:: HALF_YEAR if self.is_half_yearly else 1]

    @property
    def is_half_yearly(self) -> bool:
        """Whether its reports are of half-years."""
        return bool(self.stream) and STREAMS[self.stream].every == "half_year"

    @property
    def has_stocks(self) -> bool:
        """Whether some of what can be shown is as it was last reported, and no sum over time."""
        return bool(self.stream) and STREAMS[self.stream].has_stocks

    @property
    def is_stock(self) -> bool:
        """Whether what is shown is."""
        return self.measure in STOCKS

    @property
    def before(self) -> "View":
        """As many months, just before."""
        first, last = moved(self.first, -self._count), moved(self.first, -1)
        return replace(self, first=first, last=last)

    @property
    def period(self) -> Period:
        """For completeness and scores: a month that has not begun asks for nothing yet."""
        last = max(min(self.last, this_month()), self.first)
        return Period(self.first, last, self.only_verified)

    @property
    def has_below(self) -> bool:
        """Whether regions below this one are shown."""
        return len(self.region_code) < (REGENCY if self.public else aggregates.VILLAGE)

    @property
    def has_libraries(self) -> bool:
        """Whether single libraries are shown."""
        return len(self.region_code) >= DISTRICT and not self.public

    @property
    def _count(self) -> int:
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    def asked(self, *only: str) -> Asked:
        """The same for the sums."""
        return Asked(
            self.region_code,
            self.first,
            self.last,
            self.stream or None,
            only_verified=self.only_verified,
            measures=only or measures(self.stream)[1:],
        )

    def query(self, **changes: str) -> str:
        """The part of the address that says what is asked for; an empty change leaves one out."""
        said = {
            "region": self.region_code,
            "first": f"{self.first:%Y-%m}",
            "last": f"{self.last:%Y-%m}",
            "stream": self.stream,
            "measure": self.measure if self.measure != "reports" else "",
            "verified": "yes" if self.only_verified and not self.public else "",
        }
        return urlencode({name: value for name, value in (said | changes).items() if value})
