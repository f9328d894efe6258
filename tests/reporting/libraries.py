"""Libraries and reports for the tests of reporting; plainly made up."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from services.reporting import drafts
from services.reporting.activities import Handed, Sender
from services.reporting.models import Library
from services.reporting.resources import database
from services.reporting.streams import STREAMS
from shared.names import plain_name
from shared.security import Caller

TODAY = date(2026, 11, 20)
SENDER = Sender("Pengelola Contoh", "library")
NATIONAL = Caller("national", "Admin Contoh", "admin")
KEPRI = Caller("province", "Provinsi Contoh", "kepri", "21")
RIAU = Caller("province", "Provinsi Tetangga", "riau", "14")
BINTAN = Caller("regency", "Kabupaten Contoh", "bintan", "21.01")

ACTIVITY = {
    "day": "2026-11-03",
    "title": "Kelas membatik warga",
    "bidang": "Ekonomi",
    "jenis": "Pelatihan",
    "sasaran": "Pelaku UMKM",
    "people": "24",
    "male": "4",
    "female": "20",
    "adults": "24",
    "disabled": "1",
}


def library(region_code: str = "21.01.06.2001", name: str = "Perpustakaan Contoh") -> UUID:
    """A library that registration told us of."""
    made = Library(
        id=uuid7(),
        version=1,
        name=name,
        name_key=plain_name(name),
        kind="village",
        region_code=region_code,
        province_code=region_code[:2],
        regency_code=region_code[:5],
        village_code=region_code,
        expected_from=date(2026, 1, 1),
    )
    with database.sessions.begin() as session:
        session.add(made)
        return made.id


def handed(
    stream: str = "pelibatan",
    fields: Mapping[str, Any] = ACTIVITY,
    ref: UUID | None = None,
    confirmed: tuple[str, ...] = (),
    **changes: Any,
) -> Handed:
    """A report on its way in."""
    draft = drafts.read(STREAMS[stream], {**fields, **changes}, TODAY)
    return Handed(draft, ref, frozenset(confirmed))
