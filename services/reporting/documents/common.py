"""What every document shares: its closing line, its formats, its guards."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Literal, TypeVar

from babel.dates import format_date
from babel.numbers import format_decimal

from shared.documents.common import Progress, clean

Row = TypeVar("Row")

Language = Literal["id", "en"]

PROGRESS_EVERY = 200
"""Rows between two calls of `progress`: a cancel is seen well within a second."""


class RowCountMismatch(Exception):
    """The rows that came are not as many as the footer promises; no file may look complete."""


class Cancelled(Exception):
    """For a `progress` callback to raise: the writers let go of the file and pass it on."""


@dataclass(frozen=True, slots=True)
class Footer:
    """What a document says of itself at its end, so that a truncated one can be told.

    `watermark` names the state of the data for programs, and is in the file's metadata where it has
    any; people read `made_at`, which carries a time zone.
    """

    row_count: int
    watermark: str
    made_at: datetime


def counted(rows: Iterable[Row], expected: int, progress: Progress) -> Iterator[Row]:
    """Pass rows on, tell `progress` the number done, and hold them to what is expected.

    Raises `RowCountMismatch` at the first row too many, or after the last row if some are
    missing; whatever `progress` raises goes through.
    """
    done = 0
    for row in rows:
        if done == expected:
            raise RowCountMismatch(f"more rows than the {expected} promised")
        yield row
        done += 1
        if done % PROGRESS_EVERY == 0:
            progress(done)
    if done != expected:
        raise RowCountMismatch(f"{done} rows, {expected} promised")
    progress(done)


# --- formats -----------------------------------------------------------------------------

_ZONE_HOURS = {"WIB": 7, "WITA": 8, "WIT": 9}


def long_date(day: date, language: Language) -> str:
    """Selasa, 9 Agustus 2022 / Tuesday, 9 August 2022."""
    return format_date(day, "EEEE, d MMMM y", locale=language)


def moment(at: datetime, zone: str, language: Language) -> str:
    """9 Agustus 2022, 08.00 WIB / 9 August 2022, 08:00 WIB. `zone` is WIB, WITA or WIT."""
    local = at.astimezone(timezone(timedelta(hours=_ZONE_HOURS[zone])))
    clock = f"{local:%H.%M}" if language == "id" else f"{local:%H:%M}"
    return f"{format_date(local, 'd MMMM y', locale=language)}, {clock} {zone}"


def figure(number: int, language: Language) -> str:
    """9.000 / 9,000."""
    return format_decimal(number, locale=language)


def closing(footer: Footer, zone: str, language: Language) -> list[tuple[str, str]]:
    """What every document says at its end, each with its label; "lengkap" or "complete" first."""
    rows = figure(footer.row_count, language)
    made = moment(footer.made_at, zone, language)
    if language == "id":
        return [("Dokumen", "lengkap"), ("Jumlah baris", rows), ("Keadaan data", f"per {made}")]
    return [("Document", "complete"), ("Rows", rows), ("State of data", f"as of {made}")]


_INDONESIAN = re.compile(r"(?:\+?62|0)([0-9]{7,12})")
_PHONE_FILLERS = str.maketrans("", "", " .-()")


def dialled(phone: str) -> str:
    """+6281234567890 as people here read and dial it: 0812-3456-7890.

    Foreign and odd numbers stay as they are. The dashes are there for CSV too, where neither
    stored form survives: Excel computes +62812... as a formula and takes the leading nought off
    0812..., but it leaves 0812-3456-7890 alone, and our import reads it back to the same number.
    """
    match = _INDONESIAN.fullmatch(phone.translate(_PHONE_FILLERS))
    if match is None:
        return phone
    digits = "0" + match[1]
    # The last group has three to six digits: 0771-21234, never 0771-2123-4.
    groups = [digits[:4], digits[4:8], digits[8:]] if len(digits) > 10 else [digits[:4], digits[4:]]
    return "-".join(groups)


# --- guards ------------------------------------------------------------------------------

_FORMULA_SIGNS = frozenset("=+-@＝＋－＠")
# Where a program that is set to another separator, or to no quotes, sees another cell begin.
_INNER = re.compile(
    r"""([;,\t\r\n][\s"\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*)"""
    r"""(?!-\s*(?:[;,]|$))(?=[-=+@＝＋－＠])"""
)


def csv_text(text: str) -> str:
    """A cell that no spreadsheet will compute: an apostrophe before a leading = + - @ tab CR LF.

    Nor any part of it after ; , or a tab, which begins a cell where that is the separator.

    Leading blanks and unseen characters do not hide a formula from every program, nor do the
    full-width signs, so all are looked through. A bare "-", which people write for "none",
    computes to nothing and stays.
    """
    safe = _INNER.sub(r"\1'", clean(text))
    if safe.startswith(("\t", "\r", "\n")):
        return "'" + safe
    first = next((sign for sign in safe if not _unseen(sign)), "")
    if safe.strip() != "-" and first in _FORMULA_SIGNS:
        return "'" + safe
    return safe


def _unseen(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) == "Cf"
