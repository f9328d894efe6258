"""A report as it comes, from a form, a program or an old file: read, and right or refused.

Nothing is changed silently: what cannot be right is an error, what is hardly right is asked back
(`questions`). Both are what went wrong in the programme's older system.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any, TypeVar

from services.reporting.streams import BY_AGE, BY_SEX, Field, Kind, Stream, medium

T = TypeVar("T")

FIRST_DAY = date(2018, 1, 1)  # the programme's first year
MOST = 10_000_000  # of anything that is counted, by one library
MOST_RUPIAH = 10_000_000_000_000
JUNE = 6
THOUSANDS = 3  # digits of a group
Raw = Mapping[str, Any]
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # no database keeps a NUL or half a surrogate pair


@dataclass(frozen=True, slots=True)
class Draft:
    """A report that can be right. `day` of a monthly stream is the first of its month."""

    stream: Stream
    day: date
    title: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    measures: Mapping[str, int] = field(default_factory=dict)

    @property
    def category(self) -> str:
        """What it is broken down by."""
        return str(self.fields.get(self.stream.category, ""))

    @property
    def month(self) -> date:
        """The month in which it counts."""
        return self.day.replace(day=1)

    @property
    def last_day(self) -> date:
        """Of the day, month or half-year that it is about."""
        if self.stream.every == "day":
            return self.day
        months = self.day.month + (1 if self.stream.every == "month" else 6)
        following = date(self.day.year + (months - 1) // 12, (months - 1) % 12 + 1, 1)
        return following - timedelta(days=1)

    @property
    def content_hash(self) -> str:
        """The same for the same content, however often it comes."""
        content = [self.stream.name, str(self.day), self.title, dict(self.fields), self._counted()]
        told = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()

    def _counted(self) -> dict[str, int]:
        return {name: number for name, number in self.measures.items() if number}


class Invalid(ValueError):
    """Why a report cannot be right: by field, a key of `words.MISTAKES`."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{name}: {error}" for name, error in errors.items()))
        self.errors = errors


class _Mistake(ValueError):
    """A key of `words.MISTAKES`."""


def read(
    stream: Stream, raw: Raw, today: date, *, forgiven: Collection[str] = frozenset()
) -> Draft:
    """Read a report. Raises `Invalid` with all that is wrong at once.

    `forgiven` are fields that may be empty also where another one asks for them.
    """
    reader = _Reader(raw)
    day = reader.take("day", lambda typed: _day(_text(typed, 10, required=True), stream, today))
    title = ""
    if stream.title:
        title = reader.take("title", lambda typed: _text(typed, 200, required=True)) or ""
    fields: dict[str, Any] = {}
    measures: dict[str, int] = {}
    for asked in stream.fields:
        value = reader.take(asked.name, partial(_value, asked, today))
        if asked.name in stream.measures:
            measures[asked.name] = value or 0
        elif value not in (None, "", []):
            fields[asked.name] = value
    if stream.counts_people:
        measures |= _people(reader)
    if stream.name == "pengunjung":
        measures["people"] = sum(measures[name] for name in BY_SEX)
    _fit(reader, fields, measures, forgiven)
    if reader.errors or day is None:
        raise Invalid(reader.errors)
    return Draft(stream, day, title, fields, measures)


class _Reader:
    """Reads one field after another, and keeps what is wrong."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self.errors: dict[str, str] = {}

    def take(self, name: str, parse: Callable[[Any], T]) -> T | None:
        """What a field says; None when it is wrong."""
        try:
            return parse(self._raw.get(name))
        except _Mistake as mistake:
            self.wrong(name, str(mistake))
            return None

    def wrong(self, name: str, mistake: str) -> None:
        """Of several mistakes in one field the first is told."""
        self.errors.setdefault(name, mistake)


def _day(typed: str, stream: Stream, today: date) -> date:
    """When it was; of months and half-years the first day."""
    month_alone = len(typed) == len("2026-02") and stream.every != "day"
    try:
        found = date.fromisoformat(f"{typed}-01" if month_alone else typed)
    except ValueError:
        raise _Mistake("no-date") from None
    if found > today:
        raise _Mistake("future")
    if found < FIRST_DAY:
        raise _Mistake("too-early")
    if stream.every == "month":
        return found.replace(day=1)
    if stream.every == "half_year":
        return found.replace(month=1 if found.month <= JUNE else 7, day=1)
    return found


def _value(asked: Field, today: date, typed: Any) -> Any:
    """One field, by its kind."""
    if asked.kind == "choices":
        return _choices(asked, typed)
    if asked.kind == "yes":
        return _yes(typed)
    if asked.kind == "number":
        most = MOST_RUPIAH if asked.name == "amount" else MOST
        return _number(typed, most, required=asked.required)
    written = _text(typed, asked.most, required=asked.required)
    check = _CHECKS.get(asked.kind)
    if written and check:
        check(asked, today, written)
    return written


def _text(typed: Any, most: int, *, required: bool) -> str:
    """What was typed, without what cannot be seen or is no character at all."""
    if isinstance(typed, bool | list):
        raise _Mistake("wrong-kind")
    written = _NO_TEXT.sub("", str(typed if typed is not None else "")).strip()
    if required and not written:
        raise _Mistake("missing")
    if len(written) > most:
        raise _Mistake("too-long")
    return written


def _number(typed: Any, most: int = MOST, *, required: bool = False) -> int | None:
    """A whole number that is not negative; `1.250` and `1 250` are 1250, as people write."""
    plain = _text(typed, 40, required=required).replace(" ", "")
    if not plain:
        return None
    first, *groups = plain.split(".")
    if groups and first and all(len(group) == THOUSANDS for group in groups):
        plain = first + "".join(groups)
    if not (plain.isascii() and plain.isdigit()):
        raise _Mistake("no-number")
    if int(plain) > most:
        raise _Mistake("too-much")
    return int(plain)


def _yes(typed: Any) -> bool:
    """A box that is ticked; "no" is none, and must not be read as one."""
    if isinstance(typed, list) or typed not in {None, False, "", True, "yes"}:
        raise _Mistake("wrong-kind")
    return bool(typed)


def _choices(asked: Field, typed: Any) -> list[str]:
    chosen = [typed] if isinstance(typed, str) else typed or []
    if not isinstance(chosen, list):
        raise _Mistake("wrong-kind")
    if asked.required and not chosen:
        raise _Mistake("missing")
    if set(chosen) - set(asked.options or {}):
        raise _Mistake("not-in-list")
    return [option for option in asked.options or {} if option in chosen]


def _in_list(asked: Field, _today: date, written: str) -> None:
    if written not in (asked.options or {}):
        raise _Mistake("not-in-list")


def _link(_asked: Field, _today: date, written: str) -> None:
    if not written.lower().startswith(("https://", "http://")):
        raise _Mistake("no-link")


def _date(_asked: Field, today: date, written: str) -> None:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        raise _Mistake("no-date") from None
    if found > today:
        raise _Mistake("future")


_CHECKS: dict[Kind, Callable[[Field, date, str], None]] = {
    "choice": _in_list,
    "url": _link,
    "date": _date,
}


def _people(reader: _Reader) -> dict[str, int]:
    """Participants. Parts that are given must add up to the whole."""
    whole = reader.take("people", partial(_number, required=True))
    parts = {name: reader.take(name, _number) for name in (*BY_SEX, *BY_AGE, "disabled")}
    for group, mistake in ((BY_SEX, "sex-sum"), (BY_AGE, "age-sum")):
        given = [number for name in group if (number := parts[name]) is not None]
        if given and whole is not None and sum(given) != whole:
            reader.wrong(group[0], mistake)
    if whole is not None and (parts["disabled"] or 0) > whole:
        reader.wrong("disabled", "more-than-all")
    return {"people": whole or 0} | {name: number or 0 for name, number in parts.items()}


def _fit(
    reader: _Reader, fields: Raw, measures: Mapping[str, int], forgiven: Collection[str]
) -> None:
    """What one field asks of another, and what it has no room for."""
    given = {*fields, *forgiven, *(name for name, number in measures.items() if number)}
    if fields.get("hasil") == "Dana" and "amount" not in given:
        reader.wrong("amount", "missing")
    if fields.get("hasil") == "Regulasi" and "hasil_regulasi" not in given:
        reader.wrong("hasil_regulasi", "missing")
    # Sums take all money of advocacy as its funds.
    if "hasil" in fields and fields["hasil"] != "Dana" and measures.get("amount"):
        reader.wrong("amount", "only-funds")
    for name in ("hasil_regulasi", "tanggal_terbit"):
        if "hasil" in fields and fields["hasil"] != "Regulasi" and fields.get(name):
            reader.wrong(name, "only-regulation")
    if fields.get("media") == "Lainnya":
        named = fields.get("nama_media")
        if not named:
            reader.wrong("nama_media", "missing")
        elif medium(named):
            reader.wrong("nama_media", "listed")
