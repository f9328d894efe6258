"""What each participant type is asked on the form, and from what kind of region it comes."""

from dataclasses import dataclass

from shared import regions
from shared.web import gettext_noop as _

PROVINCE, REGENCY, VILLAGE = 1, 2, 4  # levels of `shared.regions`


class RegionLevel(Exception):
    """The region is too large or too small for somebody of this type."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What one type is asked. Its region lies at `least` or deeper, at `deepest` or above.

    Who is not asked for a position has the fixed one; a province is the meeting's own.
    """

    least: int
    deepest: int
    library: str
    library_hint: str
    position: str = ""
    letter: bool = True
    booth: bool = True

    @property
    def asks_region(self) -> bool:
        """There is something to choose."""
        return self.deepest > PROVINCE


_OFFICE = (_("Nama dinas atau instansi"), _("Contoh: Dinas Perpustakaan dan Kearsipan"))
_LIBRARY = (_("Nama perpustakaan"), _("Contoh: Perpustakaan Desa Sukamaju"))

TERMS: dict[str, Terms] = {
    "province_library": Terms(PROVINCE, PROVINCE, *_OFFICE, booth=False),
    "regency_library": Terms(REGENCY, REGENCY, *_OFFICE),
    "village_library": Terms(VILLAGE, VILLAGE, *_LIBRARY),
    "champion_village": Terms(VILLAGE, VILLAGE, *_LIBRARY),
    "impact": Terms(
        REGENCY,
        VILLAGE,
        _("Perpustakaan pendamping"),
        _("Perpustakaan yang mendampingi Anda. Contoh: Perpustakaan Desa Sukamaju"),
        position="Penerima manfaat",
        letter=False,
    ),
}


def check(participant_type: str, region_code: str) -> None:
    """Whether somebody of this type comes from such a region. Raises `RegionLevel`."""
    terms = TERMS[participant_type]
    if not terms.least <= regions.get(region_code).level <= terms.deepest:
        raise RegionLevel(region_code)
