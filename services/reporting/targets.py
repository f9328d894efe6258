"""Targets by indicator, region and year, and how much of them is reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.reporting import aggregates
from services.reporting.aggregates import REGENCY, Asked
from services.reporting.models import Target
from shared import regions
from shared.security import HOSTS, Caller
from shared.web import gettext_noop as _

MOST = 10**15  # rupiah, or whatever is counted
YEARS = (2018, 2045)  # from the programme's first year to the end of the national long-term plan


class RegionNotFound(LookupError):
    """There is no such region, or it is not this reader's."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """Something that has a target: a measure of a stream, or of all of them ("")."""

    name: str
    stream: str
    measure: str
    label: str
    rupiah: bool = False


INDICATORS: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        Indicator("reports", "", "reports", _("Laporan semua jenis")),
        Indicator("activities", "pelibatan", "reports", _("Kegiatan pelibatan")),
        Indicator("people", "pelibatan", "people", _("Keikutsertaan dalam kegiatan")),
        Indicator("visits", "pengunjung", "people", _("Kunjungan")),
        Indicator("publications", "publikasi", "reports", _("Publikasi")),
        Indicator("advocacy", "advokasi", "reports", _("Advokasi")),
        Indicator("funds", "advokasi", "amount", _("Dana dari advokasi"), rupiah=True),
        Indicator("villages", "replikasi", "villages", _("Desa replikasi")),
        Indicator("stories", "cerita", "reports", _("Cerita dampak")),
    )
}
MEASURES = tuple(dict.fromkeys(i.measure for i in INDICATORS.values() if i.measure != "reports"))


@dataclass(frozen=True, slots=True)
class Progress:
    """What was reached of a target in its year, if there is one."""

    indicator: Indicator
    reached: int
    target: Target | None

    @property
    def share(self) -> Decimal | None:
        """In per cent; more than 100 is possible."""
        if self.target is None:
            return None
        return Decimal(100) * self.reached / self.target.value


def find_region(caller: Caller, code: str) -> str:
    """A region that has targets, and that the caller may see.

    Raises `RegionNotFound`.
    """
    known = not code or (len(code) <= REGENCY and regions.find(code))
    if not known or not caller.may_see(code):
        raise RegionNotFound(code)
    return code


def of(session: Session, region_code: str, year: int) -> dict[str, Target]:
    """The targets of a region in a year, by indicator."""
    rows = session.scalars(
        select(Target).where(Target.region_code == region_code, Target.year == year)
    )
    return {row.indicator: row for row in rows}


def reached(
    session: Session, region_code: str, year: int, *, only_verified: bool
) -> list[Progress]:
    """Every indicator of a year as far as it has come."""
    asked = Asked(
        region_code,
        date(year, 1, 1),
        date(year, 12, 1),
        only_verified=only_verified,
        measures=MEASURES,
    )
    sums = by_stream(session, asked)
    aims = of(session, region_code, year)
    return [Progress(i, measured(sums, i), aims.get(i.name)) for i in INDICATORS.values()]


def by_stream(session: Session, asked: Asked) -> dict[str, Any]:
    """A row of sums for each stream."""
    return {row.stream: row for row in aggregates.breakdown(session, asked, "stream")}


def measured(sums: Mapping[str, Any], indicator: Indicator) -> int:
    """An indicator from the sums of the streams."""
    rows = [sums.get(indicator.stream)] if indicator.stream else list(sums.values())
    return sum(int(getattr(row, indicator.measure)) for row in rows if row is not None)


def change(
    session: Session, caller: Caller, region_code: str, year: int, values: Mapping[str, int | None]
) -> None:
    """Set or, by None, remove targets of a region; what stays as it was keeps who set it.

    Raises `RegionNotFound` for a region that is not the caller's to decide on.
    """
    if caller.role not in HOSTS:
        raise RegionNotFound(region_code)
    find_region(caller, region_code)
    before = of(session, region_code, year)
    for name, value in values.items():
        if value is None:
            here = (Target.indicator == name, Target.region_code == region_code)
            session.execute(delete(Target).where(*here, Target.year == year))
        elif name not in before or before[name].value != value:
            keys = {"indicator": INDICATORS[name].name, "region_code": region_code, "year": year}
            said = {"value": value, "actor": caller.name, "changed_at": func.now()}
            session.execute(
                insert(Target)
                .values(**keys, **said)
                .on_conflict_do_update(index_elements=list(keys), set_=said)
            )
