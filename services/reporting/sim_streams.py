"""A row of SIM TPBIS as a report of ours: its fields by their names there, and its habits.

Dates come in two forms and months in words, numbers as text, titles with HTML escapes, a missing
region as " - ", "Instagram" in six spellings (`domain.md`, section 2). What can be read is read;
nothing that was said is changed.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.reporting import completeness, drafts
from services.reporting.drafts import Invalid
from services.reporting.streams import STREAMS, Stream, medium
from shared.documents.common import one_line
from shared.names import plain_name

NAMESPACE = UUID("5e5f3c02-6f0f-5d7c-9d1c-2b8f0f6a7d11")
WIB = ZoneInfo("Asia/Jakarta")  # the older system's clock
REGIONS = ("province", "regency", "district", "village")
MONTHS = {
    word: number
    for number, words in enumerate(
        (
            *("jan januari january", "feb februari february pebruari", "mar maret march"),
            *("apr april", "mei may", "jun juni june", "jul juli july"),
            *("agu agustus ags agt aug august", "sep september sept"),
            *("okt oktober oct october", "nov november nopember", "des desember dec december"),
        ),
        1,
    )
    for word in words.split()
}
# Ours -> how it is called there, as `plain_name` has it.
NAMES: dict[str, tuple[str, ...]] = {
    "province": ("provinsi", "provinsi name", "provinsi nama"),
    "regency": ("kabupaten", "kabupaten name", "kabupaten kota", "kabkota", "kab kota"),
    "district": ("kecamatan", "kecamatan name"),
    "village": ("desa", "desa name", "desa kelurahan", "kelurahan"),
    "library": ("perpus nama", "nama perpustakaan", "nama perpus", "perpustakaan"),
    "day": ("tanggal",),
    "period": ("periode",),
    "month": ("bulan",),
    "year": ("tahun",),
    "title": ("nama kegiatan", "judul"),
    "bidang": ("bidang kegiatan", "bidang"),
    "sasaran": ("sasaran",),
    "people": ("jumlah peserta",),
    "amount": ("nominal", "dana"),
    "media": ("nama media",),
    "male": ("pengunjung laki",),
    "female": ("pengunjung perempuan",),
    "total": ("total pengunjung",),
    "books": ("jumlah buku",),
    "ebooks": ("jumlah buku digital",),
    "computers": ("jumlah komputer",),
    "villages": ("jumlah desa",),
    "sent": ("tanggal input",),
    "verified": ("is verified",),
    "score": ("skor",),
    **{
        name: (plain_name(name),)
        for name in (
            *("jenis", "hasil", "hasil_regulasi", "tanggal_terbit", "jumlah_narasumber"),
            *("jumlah_barang", "jenis_publikasi", "link", "bandwidth", "sumber_dana", "attachment"),
        )
    },
}
_OURS = {name: ours for ours, names in NAMES.items() for name in names}
# A field that only one stream has; the first that a row has decides.
SIGNS = {
    "score": "iku",
    "people": "pelibatan",
    "hasil": "advokasi",
    "jenis_publikasi": "publikasi",
    "male": "pengunjung",
    "books": "peningkatan",
    "villages": "replikasi",
}
LONGEST_KEY = 600  # characters; PostgreSQL indexes at most 2,704 bytes
LONGEST_NAME = 200
_NOTHING = {"", "-", "null", "none", "nan", "n/a"}
_plain = lru_cache(maxsize=20_000)(plain_name)  # columns, codes and places come in every row
_WHEN = ("day", "period", "month", "year")
# 12,5 and 1.250,75 and 12.5, but not 1.250.
_DECIMALS = re.compile(
    r"(\d{1,3}(?:\.\d{3}){1,2}|\d{1,9}),(\d{1,9})|(\d{1,9})\.(\d{1,2}|\d{4,9})", re.ASCII
)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[/-](\d{1,2})[/-](\d{4})")


@dataclass(frozen=True, slots=True)
class Place:
    """A library as the file names it. `key` is the same for the same names."""

    library: str
    regions: Mapping[str, str]

    @property
    def key(self) -> str:
        """For `library_match`."""
        names = (*(self.regions.get(level, "") for level in REGIONS), self.library)
        return "|".join(map(_plain, names))[:LONGEST_KEY]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A row that was looked at. `errors` and `notes` are codes by the file's own column.

    Of a row with errors `report` is what it is known by; see `models.SimRow`.
    """

    place: Place
    report: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> UUID:
        """Of the stream and what is said, so the same in a JSON and a CSV file.

        Whether it is verified there is not part of it: a later file has the same row verified.
        """
        told = {key: self.report[key] for key in sorted(self.report) if key not in _NOT_SAID}
        return uuid5(NAMESPACE, f"{self.place.key}|{list(told.items())}")

    @property
    def twin(self) -> UUID:
        """Of the library, stream, day and title as one compares it; without a title, of all."""
        title = plain_name(self.report["title"])
        if self.errors or not title:
            return self.content
        told = (self.place.key, self.report["stream"], self.report["day"], title)
        return uuid5(NAMESPACE, "|".join(told))

    def refused(self, errors: Mapping[str, str], said: Mapping[str, Any]) -> "Parsed":
        """The same row with what is wrong with it, and what was written there."""
        written = {column: _text(said.get(column))[:LONGEST_NAME] for column in errors if column}
        known_by = {
            "library": self.place.library,
            "title": self.report.get("title", ""),
            "said": written,
        }
        return Parsed(self.place, known_by, dict(errors))


_NOT_SAID = {"timely", "stage"}


def parse(row: Mapping[str, Any], chosen: str, now: datetime, period: str = "") -> Parsed:
    """Read a row, of the stream that was chosen or that its fields tell.

    `period` is the month (2026-02) of one without any date, if its stream counts by months.
    """
    titles, said = _by_our_names(row)
    regions = {level: text for level in REGIONS if (text := _text(said.get(level))[:LONGEST_NAME])}
    place = Place(_text(said.get("library"))[:LONGEST_NAME], regions)
    known = Parsed(place, {"title": _text(said.get("title"))[:LONGEST_NAME]})
    written = {title: said[ours] for ours, title in titles.items()}
    name = chosen or next((SIGNS[sign] for sign in SIGNS if sign in said), "")
    if "score" in said or name not in STREAMS:
        return known.refused({"": "iku" if "score" in said else "no-stream"}, written)
    stream = STREAMS[name]
    try:
        raw = _raw(stream, said) | {"day": _day(said, period if stream.every != "day" else "")}
        today = now.astimezone(WIB).date()
        draft = drafts.read(stream, raw, today, forgiven=_said_to_be_none(said))
    except Invalid as invalid:
        errors = dict(invalid.errors)
        if stream.every != "day" and not raw["day"]:
            errors["day"] = "no-period"
        wrong = {_column(key, titles, said): code for key, code in errors.items()}
        return known.refused(wrong, written)
    sent = _moment(said.get("sent"))
    if _text(said.get("sent")) and (sent is None or sent > now):
        wrong = {titles["sent"]: "no-date" if sent is None else "future"}
        return known.refused(wrong, written)
    report = {
        "stream": name,
        "day": str(draft.day),
        "title": draft.title,
        "category": draft.category,
        "fields": dict(draft.fields) | _kept(stream, said),
        "measures": dict(draft.measures),
        "content_hash": draft.content_hash,
        "stage": int(plain_name(str(said.get("verified", ""))) in _YES),
        "submitted_at": sent.isoformat() if sent else None,
    }
    came = (sent or now).astimezone(WIB).date()
    report["timely"] = int(came <= completeness.deadline(draft.day))
    return Parsed(place, report, {}, _notes(draft, said))


def _is_dated(said: Mapping[str, Any]) -> bool:
    """Whether a row, by our names, says anything of when it was."""
    return any(_text(said.get(name)) for name in _WHEN)


_YES = {"true", "1", "1 0", "ya", "yes", "terverifikasi", "benar"}


def _by_our_names(row: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """What the file calls our fields, and what stands there."""
    titles: dict[str, str] = {}
    said: dict[str, Any] = {}
    for title, value in row.items():
        ours = _OURS.get(_plain(str(title)[:LONGEST_NAME]))
        if ours and ours not in said:
            titles[ours], said[ours] = _text(title), value
    return titles, said


def _raw(stream: Stream, said: Mapping[str, Any]) -> dict[str, Any]:
    """As our own form would send it."""
    raw: dict[str, Any] = {"title": _text(said.get("title"))}
    for asked in stream.fields:
        value = said.get(asked.name)
        if asked.kind == "number":
            raw[asked.name] = (mbps if asked.name == "bandwidth" else number)(value)
        elif asked.kind == "choices":
            parts = value if isinstance(value, list) else _text(value).split(",")
            raw[asked.name] = [_option(asked.options or {}, part) for part in parts if _text(part)]
        elif asked.kind == "date":
            raw[asked.name] = day(value)
        elif asked.name == "media":
            raw |= media(value)
        elif asked.kind == "choice":
            raw[asked.name] = _option(asked.options or {}, value)
        elif asked.name != "nama_media":
            raw[asked.name] = _text(value)
    if stream.counts_people:
        raw["people"] = number(said.get("people"))
    return raw


def _said_to_be_none(said: Mapping[str, Any]) -> set[str]:
    """What the older system writes where there is none: no form of regulation, no rupiah."""
    regulation = str(said.get("hasil_regulasi")).strip()
    none = {"hasil_regulasi": regulation == "-", "amount": number(said.get("amount")) == "0"}
    return {name for name, is_none in none.items() if is_none}


def _day(said: Mapping[str, Any], period: str) -> str:
    """Of a day, a month in words, or a month and a year in two columns; of none, `period`."""
    if not _is_dated(said):
        return period
    if "day" in said or "period" in said:
        return day(said.get("day", said.get("period")))
    month, year = number(said.get("month")), number(said.get("year"))
    month = str(MONTHS.get(plain_name(month), month))
    return f"{year}-{month.zfill(2)}" if month else f"{year}-01" * bool(year)


def day(value: Any) -> str:
    """ISO of `2026-02-03`, `03/02/2026` or `Feb 2026`; else what was there, to be refused."""
    text = _text(value)
    found = _DATE.match(text)
    if found:
        year, month, of_month = (
            (found[1], found[2], found[3])
            if found[1]
            else (
                found[6],
                found[5],
                found[4],
            )
        )
        return f"{year}-{month.zfill(2)}-{of_month.zfill(2)}"
    word, _, year = plain_name(text).rpartition(" ")
    if word in MONTHS and len(year) == 4:
        return f"{year}-{MONTHS[word]:02}"
    return text[:11]


def number(value: Any) -> str:
    """As a form would have it: without rupiah, Mbps, and decimals that are nothing."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = re.sub(r"(?i)^rp\.?\s*|\s*mbps$", "", _text(value))
    return re.sub(r"[,]0{1,2}$|(?<=^\d)\.0$|(?<=\d)\.0{1,2}$", "", text)


def mbps(value: Any) -> str:
    """Whole ones: `12,5 Mbps` and `12.5` are 13. A dot before three digits parts thousands."""
    text = number(value)
    found = _DECIMALS.fullmatch(text)
    if not found:
        return text
    whole, part = (found[1] or found[3]).replace(".", ""), found[2] or found[4]
    return str(Decimal(f"{whole}.{part}").quantize(Decimal(1), ROUND_HALF_UP))


def media(value: Any) -> dict[str, str]:
    """The medium in our list, and its name as it was written when that is another."""
    written = _text(value)
    if not written:
        return {"media": ""}
    found = medium(written) or "Lainnya"
    return {"media": found} | ({"nama_media": written} if written != found else {})


def _option(options: Mapping[str, str], value: Any) -> str:
    """The code that is meant, whatever its case and blanks; else what was there."""
    text = _text(value)
    known = {_plain(code).replace(" ", ""): code for code in options}
    return known.get(_plain(text[:LONGEST_NAME]).replace(" ", ""), text)


def _text(value: Any) -> str:
    """What was written; escapes may have been escaped again. Nothing for " - "."""
    if isinstance(value, (list, dict)):
        value = ", ".join(map(str, value))
    text = str(value if value is not None else "")
    for _again in range(3):
        text = html.unescape(text)
    text = one_line(text)
    return "" if text.casefold() in _NOTHING else text


def _moment(value: Any) -> datetime | None:
    text = _text(value)
    date_part = day(text)
    time_part = re.search(r"\d{1,2}:\d{2}(:\d{2})?", text)
    try:
        if time_part:
            parts = [int(part) for part in time_part[0].split(":")]
            moment = datetime.combine(date.fromisoformat(date_part), datetime.min.time())
            return moment.replace(hour=parts[0], minute=parts[1], tzinfo=WIB).astimezone(UTC)
        found = date.fromisoformat(date_part)
        return datetime(found.year, found.month, found.day, tzinfo=WIB).astimezone(UTC)
    except (ValueError, OverflowError):  # midnight of the year 1 lies before all time in UTC
        return None


def _kept(stream: Stream, said: Mapping[str, Any]) -> dict[str, Any]:
    """What we do not ask for, but was said."""
    names = ("attachment",) if stream.name != "pengunjung" else ("attachment", "total")
    return {name: text for name in names if (text := _text(said.get(name))[:500])}


def _notes(draft: drafts.Draft, said: Mapping[str, Any]) -> dict[str, str]:
    """What is hardly right, to be looked at by somebody."""
    notes: dict[str, str] = {}
    if draft.stream.every == "day" and (draft.day.month, draft.day.day) == (1, 1):
        notes["new-year"] = ""
    if not _is_dated(said):
        notes["period-chosen"] = ""
    elif _text(said.get("year")) and not any(_text(said.get(name)) for name in _WHEN[:3]):
        notes["year-alone"] = _text(said.get("year"))[:40]
    if draft.fields.get("hasil") == "Regulasi" and "hasil_regulasi" not in draft.fields:
        notes["no-regulation"] = ""
    if draft.fields.get("hasil") == "Dana" and not draft.measures.get("amount"):
        notes["no-funds"] = ""
    if "bandwidth" in draft.measures and mbps(said["bandwidth"]) != number(said["bandwidth"]):
        notes["rounded"] = _text(said["bandwidth"])[:40]
    if draft.stream.must_count and not any(draft.measures.values()):
        notes["zero"] = ""
    total = number(said.get("total")).replace(".", "")
    if total and total != str(draft.measures.get("people", 0)):
        notes["total-differs"] = total[:40]
    return notes


def _column(ours: str, titles: Mapping[str, str], said: Mapping[str, Any]) -> str:
    """Which of the file's columns a mistake is in; of one that is not there, its usual name."""
    if ours == "day":
        ours = next((name for name in ("day", "period", "month", "year") if name in said), "day")
    if ours == "nama_media":
        ours = "media"
    return titles.get(ours) or NAMES.get(ours, (ours,))[0]
