"""What messages cost, month by month, from the messages' own rows: these outlive their contents."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from io import StringIO
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from services.notifications.archive import CLOCK
from services.notifications.models import Message
from shared import regions
from shared.security import Caller, in_scope

MOST_MONTHS = 24
USUAL_MONTHS = 12

# Region codes are read in parts: province, kab/kota, kecamatan, desa ("21.01.04.2001").
_ENDS = {0: 2, 1: 5, 2: 8, 3: 13}


class MonthsUnfit(ValueError):
    """Too many months, or the last is before the first."""


@dataclass(frozen=True, slots=True)
class Span:
    """Whole months in Jakarta, both included; each by its first day."""

    first: date
    last: date

    @property
    def months(self) -> list[str]:
        """Each as 2027-01."""
        count = _number(self.last) - _number(self.first) + 1
        return [_month(_number(self.first) + step).strftime("%Y-%m") for step in range(count)]


@dataclass(frozen=True, slots=True)
class Total:
    """One thing's share."""

    name: str
    messages: int
    parts: int
    rupiah: Decimal


def span(first: str, last: str, today: date) -> Span:
    """The months asked for, as 2027-01; by default the last twelve. Raises `MonthsUnfit`."""
    until = date.fromisoformat(f"{last}-01") if last else today.replace(day=1)
    since = (
        date.fromisoformat(f"{first}-01") if first else _month(_number(until) - USUAL_MONTHS + 1)
    )
    if not 0 <= _number(until) - _number(since) < MOST_MONTHS:
        raise MonthsUnfit(first, last)
    return Span(since, until)


def rows(session: Session, caller: Caller, wanted: Span) -> Sequence[Row[tuple[Any, ...]]]:
    """Messages that a provider took, by month, channel, provider, rule and the next lower region.

    Parts are those of SMS; rupiah as the provider said, or by its price in the settings.
    """
    begins = datetime.combine(wanted.first, time(), CLOCK)
    ends = datetime.combine(_month(_number(wanted.last) + 1), time(), CLOCK)
    month = func.to_char(func.timezone(CLOCK.key, Message.created_at), "YYYY-MM").label("month")
    level = regions.level_of(caller.region_code)
    region = func.left(Message.region_code, _ENDS[min(level, 3)]).label("region_code")
    group = (month, Message.channel, Message.provider, Message.rule, region)
    query = (
        select(
            *group,
            func.count().label("messages"),
            func.coalesce(func.sum(Message.parts), 0).label("parts"),
            func.coalesce(func.sum(Message.cost), 0).label("rupiah"),
        )
        .where(
            in_scope(Message.region_code, caller),
            Message.created_at >= begins,
            Message.created_at < ends,
            Message.provider.is_not(None),
            or_(Message.accepted_at.is_not(None), Message.cost.is_not(None)),
        )
        .group_by(*group)
        .order_by(*group)
    )
    return session.execute(query).all()


def totals(found: Sequence[Row[tuple[Any, ...]]], by: str) -> list[Total]:
    """The same by one of its columns, the dearest first; months in their order."""
    sums: dict[str, tuple[int, int, Decimal]] = {}
    for row in found:
        name = getattr(row, by)
        messages, parts, rupiah = sums.get(name, (0, 0, Decimal(0)))
        sums[name] = (messages + row.messages, parts + row.parts, rupiah + row.rupiah)
    made = [Total(name, *figures) for name, figures in sums.items()]
    if by == "month":
        return sorted(made, key=lambda total: total.name)
    return sorted(made, key=lambda total: (-total.rupiah, -total.messages, total.name))


def write_csv(found: Sequence[Row[tuple[Any, ...]]]) -> bytes:
    """All of it for a spreadsheet: semicolons and a mark for UTF-8, as Excel wants them here."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(
        (
            *("bulan", "saluran", "penyedia", "aturan", "kode_wilayah", "wilayah"),
            *("pesan", "bagian", "rupiah"),
        )
    )
    for row in found:
        region = regions.find(row.region_code)
        name = region.label if region else "Indonesia"
        rupiah = f"{row.rupiah:.2f}".replace(".", ",")
        writer.writerow([*row[:5], name, row.messages, row.parts, rupiah])
    return out.getvalue().encode("utf-8-sig")


def _number(day: date) -> int:
    """Months since the year 0."""
    return day.year * 12 + day.month - 1


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)
