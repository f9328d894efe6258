"""The region a row of a sheet means: by its code, or by names in columns."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from services.registration.desk_words import FAULTS
from services.registration.imports import Column, Fault
from shared import regions
from shared.names import plain_name
from shared.regions import Region
from shared.security import Caller
from shared.web import gettext_noop as _

COLUMNS = (
    Column(
        "region_code",
        "Kode wilayah",
        _("Kode Kemendagri, misalnya 21.01.04.2002. Bila diisi, nama wilayah tidak dibaca."),
        also=("Kode desa", "Kode kemendagri", "Region code"),
    ),
    Column(
        "regency",
        "Kabupaten/Kota",
        _("Nama kabupaten atau kota, bila kodenya tidak diisi."),
        "Kab. Bintan",
        ("Kabupaten", "Kota", "Kab/Kota", "Kab Kota", "Regency"),
    ),
    Column(
        "district",
        "Kecamatan",
        _("Nama kecamatan; boleh kosong bila nama desanya hanya satu di kabupaten/kota itu."),
        "Gunung Kijang",
        ("Kec", "District"),
    ),
    Column(
        "village",
        "Desa/Kelurahan",
        _("Nama desa atau kelurahan; kosongkan untuk dinas kabupaten/kota."),
        "Malang Rapat",
        ("Desa", "Kelurahan", "Desa Kelurahan", "Kelurahan/Desa", "Village"),
    ),
)
"""What a sheet says of a region; a kind puts them among its own columns."""

_TITLES = re.compile(
    r"^(provinsi|prov|kabupaten administrasi|kabupaten|kab|kota administrasi|kota|kecamatan|kec"
    r"|kelurahan|kel|desa) "
)
_DIGITS = re.compile(r"[0-9]{2}(?:[0-9]{2}(?:[0-9]{2}(?:[0-9]{4})?)?)?")


def resolve(
    cells: Mapping[str, str], caller: Caller, province_code: str | None
) -> tuple[str, Fault | None]:
    """The code of the region a row names, in a province if one is given, and in the caller's scope.

    Without any region the code is empty, and that is a fault.
    """
    if cells.get("region_code"):
        found, fault = _by_code(cells["region_code"])
    else:
        found, fault = _by_names(cells, province_code)
    if found is None:
        return "", fault
    if province_code and not regions.is_within(found.code, province_code):
        return "", _fault("region_code", "region-outside", region=found.label)
    if not caller.may_see(found.code):
        return "", _fault("region_code", "region-not-yours", region=found.label)
    return found.code, None


def _by_code(typed: str) -> tuple[Region | None, Fault | None]:
    code = typed.replace(" ", "").strip(".")
    if _DIGITS.fullmatch(code):
        code = ".".join(part for part in (code[:2], code[2:4], code[4:6], code[6:]) if part)
    found = regions.find(code)
    return found, None if found else _fault("region_code", "region-code", code=typed[:40])


def _by_names(
    cells: Mapping[str, str], province_code: str | None
) -> tuple[Region | None, Fault | None]:
    """From the outside in; a village may stand without its kecamatan."""
    around = regions.get(province_code) if province_code else None
    if not any(cells.get(column.key) for column in COLUMNS):
        return None, _fault("region_code", "region-empty")
    if not cells.get("regency"):
        return None, _fault("regency", "region-gap")
    found = around
    for key, level in (("regency", 2), ("district", 3), ("village", 4)):
        name = cells.get(key, "")
        if not name:
            continue
        called = _called(found.code if found else None, level, name)
        if len(called) != 1:
            return None, _unclear(key, name, called, found)
        found = called[0]
    return found, None


def _unclear(key: str, name: str, called: list[Region], around: Region | None) -> Fault:
    if called:
        listed = "; ".join(f"{region.label} ({region.code})" for region in called[:4])
        return _fault(key, "region-ambiguous", name=name[:80], found=listed)
    label = around.label if around else "Indonesia"
    return _fault(key, "region-unknown", name=name[:80], around=label)


def _called(outer: str | None, level: int, name: str) -> list[Region]:
    """Regions of a level inside another by their name; a title such as Kota must then fit too."""
    plain = plain_name(name)
    by_name = _names(outer, level)
    return list(by_name.get(plain) or by_name.get(_TITLES.sub("", plain), ()))


@lru_cache(maxsize=1024)
def _names(outer: str | None, level: int) -> dict[str, tuple[Region, ...]]:
    """Regions of a level inside another, by each way of writing their names."""
    names: dict[str, tuple[Region, ...]] = {}
    for region in _inside(outer, level):
        official = plain_name(region.name)
        short = _TITLES.sub("", official)
        spoken = {official, short, plain_name(region.label.partition(",")[0])}
        if level > 2:
            spoken = {official, f"{region.kind} {official}"}
        for spelling in spoken:
            names[spelling] = (*names.get(spelling, ()), region)
    return names


def _inside(outer: str | None, level: int) -> Iterator[Region]:
    for region in regions.children(outer):
        if region.level == level:
            yield region
        else:
            yield from _inside(region.code, level)


def _fault(column: str, code: str, /, **values: str) -> Fault:
    return Fault(column, FAULTS[code], values)
