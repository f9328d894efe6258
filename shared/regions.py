"""The administrative regions of Indonesia: 38 provinces down to 83,762 desa and kelurahan.

They change by decree about once a year, so they are code, not rows: every service knows them
without asking another. Codes are the dotted ones of the Ministry of Home Affairs (`21.72.01.1001`),
never those of BPS. Source and licence: `data/LICENSE-regions.md`; `scripts/build_regions.py`
makes the data file.

Each level is kept as four strings and arrays instead of 91,599 objects: about 4 MB, opened on
first use in well under 150 ms. Looking up is a bisection, searching is `str.find`.
"""

import gzip
import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, islice
from pathlib import Path
from typing import Literal

Kind = Literal["provinsi", "kabupaten", "kota", "kecamatan", "kelurahan", "desa", "desa adat"]
Zone = Literal["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"]
ZoneAbbreviation = Literal["WIB", "WITA", "WIT"]

CAPITAL: Zone = "Asia/Jakarta"  # the clock of whoever belongs to no region

LONGEST_TEXT = 200  # characters; the longest label has about 120
MOST_WORDS = 20  # the longest label has 16

_DATA = Path(__file__).with_name("data") / "regions.txt.gz"

_VILLAGE_KINDS: dict[str, Kind] = {"1": "kelurahan", "2": "desa", "3": "desa adat"}

# Everything else is WIB. North Kalimantan (65) is WITA; 93 to 96 were split from Papua in 2022.
_WITA = frozenset({"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"})
_WIT = frozenset({"81", "82", "91", "92", "93", "94", "95", "96"})
_ABBREVIATIONS: dict[Zone, ZoneAbbreviation] = {
    "Asia/Jakarta": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Jayapura": "WIT",
}

# How an official name of a province or kab/kota begins, and what people put in its place. The
# first is the one for labels. A longer beginning comes before the one it contains.
_SPOKEN = {
    "Daerah Khusus Ibukota ": ("DKI ", ""),
    "Daerah Istimewa ": ("DI ", ""),
    "Kabupaten Administrasi ": ("Kab. Adm. ", "Kabupaten ", "Kab. ", ""),
    "Kota Administrasi ": ("Kota Adm. ", "Kota ", ""),
    "Kabupaten ": ("Kab. ", ""),
    "Kota ": ("Kota ", ""),
}
# Words people write before a name that are no part of it in the data.
_TITLES = frozenset({"provinsi", "prov", "kecamatan", "kec", "kelurahan", "kel", "desa"})

_EXACT_THEN_BEGINNING_THEN_PART = ("\n{}\n", "\n{}", "{}")
_CODE = re.compile(r"[0-9]{2}(\.[0-9]+){0,3}")
_BETWEEN_WORDS = re.compile(r"[\s,;/]+")
_NOT_FOLDED = {
    letter: None for letter in range(128) if not (chr(letter).isalnum() or chr(letter) == "\n")
}
_ALL_LENGTHS = (0, 2, 3, 5, 6, 8, 9, 13)  # of a scope: a code, or a code and a dot


class UnknownRegion(LookupError):
    """No region has this code."""


@dataclass(frozen=True, slots=True)
class Region:
    """One region. Only the functions of this module make them."""

    code: str
    name: str

    @property
    def level(self) -> int:
        """1 province, 2 kab/kota, 3 kecamatan, 4 desa/kelurahan."""
        return level_of(self.code)

    @property
    def parent_code(self) -> str | None:
        """Code of the region around this one; a province has none."""
        return self.code.rpartition(".")[0] or None

    @property
    def kind(self) -> Kind:
        """What the region is by law, as its code tells: kota from 71 on, kelurahan 1xxx."""
        match self.level:
            case 1:
                return "provinsi"
            case 2:
                return "kota" if self.code[3] >= "7" else "kabupaten"
            case 3:
                return "kecamatan"
            case _:
                return _VILLAGE_KINDS[self.code[9]]

    @property
    def path(self) -> tuple["Region", ...]:
        """The province, then each region down to this one, which is the last."""
        parts = self.code.split(".")
        return (*(get(".".join(parts[:count])) for count in range(1, len(parts))), self)

    @property
    def label(self) -> str:
        """The name with what is around it: "Sukamaju, Kec. Cilodong, Kota Depok, Jawa Barat".

        Sixteen pairs of desa and kelurahan share a kecamatan and a name, and so the label; a list
        to choose from should show `kind` or `code` as well.
        """
        around = self.parent_code
        return f"{_short_name(self)}, {_label(around)}" if around else _short_name(self)

    @property
    def zone(self) -> Zone:
        """Time zone as an IANA key. Each province lies in one."""
        province = self.code[:2]
        if province in _WIT:
            return "Asia/Jayapura"
        return "Asia/Makassar" if province in _WITA else "Asia/Jakarta"

    @property
    def zone_abbreviation(self) -> ZoneAbbreviation:
        """The time zone as Indonesians write it after a time."""
        return _ABBREVIATIONS[self.zone]


def find(code: str | None) -> Region | None:
    """Region with exactly this code, or None whatever else was given."""
    for level in _levels():
        if code and len(code) == level.width:
            at = level.first_from(code)
            if at < level.count and level.code(at) == code:
                return level.region(at)
    return None


def get(code: str) -> Region:
    """Region with exactly this code, or `UnknownRegion`."""
    region = find(code)
    if region is None:
        raise UnknownRegion(f"no region has the code {code!r:.40}")
    return region


def level_of(code: str) -> int:
    """How deep a code lies, looked up nowhere: 1 a province, and 0 "", the country."""
    return code.count(".") + 1 if code else 0


def zone_of(code: str) -> Zone:
    """The clock of a region, that of the capital for the country."""
    province = find(code[:2])  # it is known even when a village is newer than we
    return province.zone if province else CAPITAL


def children(code: str | None) -> list[Region]:
    """Regions directly below, in order of code: none below a village or an unknown code.

    None stands for the whole country and gives the provinces.
    """
    if code is None:
        return [_levels()[0].region(at) for at in range(_levels()[0].count)]
    region = find(code)
    if region is None or region.level == len(_levels()):
        return []
    below = _levels()[region.level]
    return [below.region(at) for at in range(*below.span(f"{code}."))]


def is_within(code: str | None, outer: str | None) -> bool:
    """Whether `code` is `outer` or lies below it: a rule on strings, neither is looked up.

    Only whole parts count ("21.72" is not within "21.7"), and nothing is within "" or None: a
    person without a region must not be taken for one who may see the whole country.
    """
    return bool(code and outer) and f"{code}.".startswith(f"{outer}.")


def search(text: str | None, within: str | None = None, limit: int = 20) -> list[Region]:
    """Regions by any part of a name, at most `limit`, ignoring case, spaces and punctuation.

    Exact names first, then those that begin with the text, then the others; among equals larger
    regions first, then by code. "Batam" is an exact name of Kota Batam. Where no name has all the
    words, the last ones must each be part of the name of a region around: "sukamaju depok".

    `within` is the code of the region to stay in, itself included; an unknown one holds nothing.
    Text that can be no name gives an empty list, however long it is. Digits and dots are first
    of all a code: the region that has it, then those whose code begins with it.
    """
    if not text or len(text) > LONGEST_TEXT or limit < 1:
        return []
    if within is not None and find(within) is None:
        return []
    coded = _coded(text.strip().rstrip("."), within or "", limit)
    words = [folded for word in _BETWEEN_WORDS.split(text) if (folded := _fold(word))]
    if not words or len(words) > MOST_WORDS:
        return []
    named = _search(words, within or "", limit) if len(coded) < limit else []
    return list(dict.fromkeys([*coded, *named]))[:limit]


def _coded(code: str, within: str, limit: int) -> list[Region]:
    """Regions whose code begins with `code`, in `within`; larger ones first."""
    if not _CODE.fullmatch(code) or not (code.startswith(within) or within.startswith(code)):
        return []
    scope = max(code, within, key=len)
    found = ((level, at) for level in _levels() for at in range(*level.span(scope)))
    regions = (level.region(at) for level, at in found)
    inside = (each for each in regions if not within or is_within(each.code, within))
    return list(islice(inside, limit))


def _search(words: list[str], within: str, limit: int) -> list[Region]:
    """As `search`; where the words can be parted in several ways, the longest name comes first."""
    found = _named("".join(words), {within}, limit)
    # a village of Jambu is called Kelurahan: "Kelurahan, Kec. Jambu"
    if not found and len(words) > 1 and words[0] in _TITLES and words[1] not in _TITLES:
        words = words[1:]
        found = _named("".join(words), {within}, limit)
    if found:
        return found
    scopes: AbstractSet[str] = {within}
    parted: dict[Region, None] = {}
    while scopes and len(words) > 1 and len(parted) < limit:
        *words, around = words
        if around not in _TITLES:
            scopes = _overlap(scopes, _below_regions_named(around))
        parted.update(dict.fromkeys(_named("".join(words), scopes, limit)))
    return list(parted)[:limit]


def _named(name: str, scopes: AbstractSet[str], limit: int) -> list[Region]:
    """Regions whose folded name has `name` in it and whose code begins with one of `scopes`."""
    if not any(level.has(name) for level in _levels()):
        return []  # most beginnings of several words are no name; there can be 800 scopes
    spans = [
        (level, level.span(scope))
        for level in _levels()
        for scope in sorted(scopes)
        if len(scope) <= level.width
    ]
    found: dict[Region, None] = {}
    for pattern in _EXACT_THEN_BEGINNING_THEN_PART:
        for level, span in spans:
            for at in level.hits(pattern.format(name), span):
                found[level.region(at)] = None
                if len(found) == limit:
                    return list(found)
    return list(found)


@lru_cache(maxsize=256)
def _below_regions_named(part: str) -> frozenset[str]:
    """Scopes strictly below the regions with `part` in their name; no scope lies in another."""
    scopes: set[str] = set()
    for level in _levels()[:-1]:
        for at in level.hits(part, (0, level.count)):
            code = level.code(at)
            if code[:3] not in scopes and code[:6] not in scopes:
                scopes.add(f"{code}.")
    return frozenset(scopes)


def _overlap(some: AbstractSet[str], others: AbstractSet[str]) -> AbstractSet[str]:
    """What lies both in `some` and in `others`: of two nested scopes the inner one."""
    return {scope for scope in some if _is_in(scope, others)} | {
        scope for scope in others if _is_in(scope, some)
    }


def _is_in(scope: str, scopes: AbstractSet[str]) -> bool:
    return any(scope[:length] in scopes for length in _ALL_LENGTHS)


def _fold(text: str) -> str:
    """Letters and digits only, in lower case and without accents; the data is ASCII."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _spoken_names(name: str) -> Iterator[str]:
    """What a province or kab/kota is called, the form for labels first, the official name last."""
    for beginning, spoken in _SPOKEN.items():
        if name.startswith(beginning):
            yield from (other + name.removeprefix(beginning) for other in spoken)
            break
    yield name


def _short_name(region: Region) -> str:
    if region.level <= 2:
        return next(_spoken_names(region.name))
    return f"Kec. {region.name}" if region.level == 3 else region.name


@lru_cache(maxsize=2048)  # 400 kB at most; a long list has few kecamatan
def _label(code: str) -> str:
    return get(code).label


class _Level:
    """All regions of one level, numbered from 0 in order of code."""

    __slots__ = ("_codes", "_folded", "_folded_starts", "_name_starts", "_names", "count", "width")

    def __init__(self, codes: str, names: str, *, spoken: bool) -> None:
        """`codes` and `names` hold one per line; `spoken` folds each name in all its forms."""
        self.width = codes.index("\n")  # codes of one level are equally long
        self._codes = codes
        self._names = f"{names}\n"
        self._name_starts = _line_starts(self._names)
        self.count = len(self._name_starts) - 1
        if spoken:
            entries = [_folded_entry(name) for name in names.split("\n")]
            self._folded = "\n" + "".join(entries)
            self._folded_starts = array("I", accumulate(map(len, entries), initial=1))
        else:
            # one pass in C over all names: folding them one by one would take half a second
            self._folded = "\n" + self._names.lower().translate(_NOT_FOLDED)
            self._folded_starts = _line_starts(self._folded)[1:]

    def code(self, at: int) -> str:
        start = at * (self.width + 1)
        return self._codes[start : start + self.width]

    def region(self, at: int) -> Region:
        starts = self._name_starts
        return Region(self.code(at), self._names[starts[at] : starts[at + 1] - 1])

    def first_from(self, code: str) -> int:
        """Number of the first region whose code is not before `code`."""
        return bisect_left(range(self.count), code, key=self.code)

    def span(self, scope: str) -> tuple[int, int]:
        """Numbers of the regions whose code begins with `scope`: first, and one past the last."""
        if not scope:
            return 0, self.count
        # ":" comes right after the digits, and after the dot
        return self.first_from(scope), self.first_from(f"{scope}:")

    def has(self, part: str) -> bool:
        """Whether any folded name has this part."""
        return part in self._folded

    def hits(self, needle: str, span: tuple[int, int]) -> Iterator[int]:
        """Numbers of the regions in `span` with `needle` in their folded names, each once.

        Every folded name stands between two line ends.
        """
        starts = self._folded_starts
        start, end = starts[span[0]] - 1, starts[span[1]]
        while (found := self._folded.find(needle, start, end)) >= 0:
            # the needle's last letter, because its first may be the line end of the one before
            at = bisect_right(starts, found + len(needle) - 1) - 1
            yield at
            start = starts[at + 1] - 1


def _folded_entry(name: str) -> str:
    """Every spoken form of the name, folded, one per line."""
    return "".join(f"{_fold(spoken)}\n" for spoken in _spoken_names(name))


def _line_starts(text: str) -> "array[int]":
    """Where each line begins, and where the one after the last would."""
    return array("I", accumulate(map(len, text.splitlines(keepends=True)), initial=0))


@cache
def _levels() -> tuple[_Level, ...]:
    """The four levels from the data file: for each a block of codes, then a block of names."""
    blocks = gzip.decompress(_DATA.read_bytes()).decode("ascii").removesuffix("\n").split("\n\n")
    return tuple(
        _Level(codes, names, spoken=number < 2)
        for number, (codes, names) in enumerate(zip(blocks[::2], blocks[1::2], strict=True))
    )
