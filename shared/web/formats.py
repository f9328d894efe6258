"""Dates, times and figures the way an Indonesian officer, or an English reader, writes them."""

import datetime as dt
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from babel import dates, numbers

Language = Literal["id", "en"]
Figure = int | float | Decimal

WEEK = dt.timedelta(days=7)
# One IANA name stands for each zone; none of the three has daylight saving.
ZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}
ZONE_OF_OFFSET = {dt.timedelta(hours=7): "WIB", dt.timedelta(hours=8): "WITA"} | {
    dt.timedelta(hours=9): "WIT"
}


def date(value: dt.date, zone: str | None = None, *, lang: Language = "id") -> str:
    """Selasa, 9 Agustus 2022. A moment is first moved to `zone`, see `localise`."""
    return _date(_day(value, zone), "EEEE, d MMMM y", lang)


def date_range(
    first: dt.date, last: dt.date, zone: str | None = None, *, lang: Language = "id"
) -> str:
    """Selasa–Rabu, 9–10 Agustus 2022; weekdays are left out from a week on."""
    first, last = _day(first, zone), _day(last, zone)
    if first == last:
        return date(first, lang=lang)
    short = last - first < WEEK
    if (first.year, first.month) == (last.year, last.month):
        days = f"{first.day}–{_date(last, 'd MMMM y', lang)}"
        weekdays = f"{_date(first, 'EEEE', lang)}–{_date(last, 'EEEE', lang)}, "
        return weekdays + days if short else days
    weekday = "EEEE, " if short else ""
    year = "" if first.year == last.year else " y"
    begin = _date(first, f"{weekday}d MMMM{year}", lang)
    return f"{begin} – {_date(last, f'{weekday}d MMMM y', lang)}"


def time(value: dt.time | dt.datetime, zone: str | None = None, *, lang: Language = "id") -> str:
    """08.00 WIB. A bare time of day says its zone only when `zone` is given."""
    if isinstance(value, dt.datetime):
        value, name = localise(value, zone)
    else:
        name = _zone_name(zone) if zone else ""
    clock = f"{value:%H:%M}" if lang == "en" else f"{value:%H.%M}"
    return f"{clock} {name}".strip()


def moment(value: dt.datetime, zone: str | None = None, *, lang: Language = "id") -> str:
    """Selasa, 9 Agustus 2022, 08.00 WIB."""
    return f"{date(value, zone, lang=lang)}, {time(value, zone, lang=lang)}"


def month(value: dt.date, *, short: bool = False, lang: Language = "id") -> str:
    """Agustus 2022, or Agu 2022."""
    return _date(value, "MMM y" if short else "MMMM y", lang)


def number(value: Figure, digits: int | None = None, *, lang: Language = "id") -> str:
    """1.234,5. With `digits`, exactly so many after the comma; without, up to three."""
    pattern = "#,##0.###" if digits is None else "#,##0." + "0" * digits
    return numbers.format_decimal(value, pattern, locale=lang)


def rupiah(value: Figure, *, lang: Language = "id") -> str:
    """Rp1.000.000, whole rupiah."""
    return numbers.format_decimal(value, "Rp#,##0;-Rp#,##0", locale=lang)


def localise(value: dt.datetime, zone: str | None = None) -> tuple[dt.datetime, str]:
    """The moment on the clock of `zone` ("WITA" or "Asia/Makassar"), with that zone's short name.

    Without `zone` a moment keeps its own Indonesian zone. Any other one, such as the UTC of a
    database row, becomes WIB, the capital's. A moment without a zone is taken as local already.
    """
    if zone is None:
        name = ZONE_OF_OFFSET.get(value.utcoffset() or dt.timedelta(), "WIB")
    else:
        name = _zone_name(zone)
    if value.tzinfo is None:
        return value, name
    return value.astimezone(ZoneInfo(ZONES[name])), name


def _day(value: dt.date, zone: str | None) -> dt.date:
    return localise(value, zone)[0].date() if isinstance(value, dt.datetime) else value


def _zone_name(zone: str) -> str:
    if zone in ZONES:
        return zone
    offset = dt.datetime(2022, 8, 9, tzinfo=ZoneInfo(zone)).utcoffset()
    if offset not in ZONE_OF_OFFSET:
        raise ValueError(f"{zone} is no Indonesian time zone")
    return ZONE_OF_OFFSET[offset]


def _date(value: dt.date, pattern: str, lang: Language) -> str:
    return dates.format_date(value, pattern, locale=lang)
