"""Libraries, as registration tells of them."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.reporting import boundaries
from services.reporting.models import Activity, Library
from shared.events import LibraryChanged
from shared.names import plain_name
from shared.security import Caller, in_scope

PROGRAMME_BEGAN = 2018

_KEEP = text("""
    INSERT INTO library (id, version, name, name_key, kind, region_code, province_code,
        regency_code, village_code, partner_status, expected_from, active, merged_into)
    SELECT id, version, name, name_key, kind, region_code, province_code, regency_code,
        village_code, partner_status, expected_from, merged_into IS NULL, merged_into
    FROM json_populate_recordset(NULL::library, CAST(:rows AS json)) AS told
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, name = excluded.name,
        name_key = excluded.name_key, kind = excluded.kind, region_code = excluded.region_code,
        province_code = excluded.province_code, regency_code = excluded.regency_code,
        village_code = excluded.village_code, partner_status = excluded.partner_status,
        expected_from = least(library.expected_from, excluded.expected_from),
        active = excluded.active, merged_into = excluded.merged_into, told_at = now()
    WHERE library.version < excluded.version""")


class LibraryNotFound(LookupError):
    """No library has this id, or none that the caller may see."""


def keep(session: Session, told: Iterable[LibraryChanged], today: date) -> None:
    """Keep what was told, in the highest version of each.

    A code that a boundary change has ended is read as the new one: registration may tell the old
    one again for a while, and must not move the library back.
    """
    newest: dict[UUID, LibraryChanged] = {}
    for one in told:
        known = newest.get(one.library_id)
        if known is None or known.version < one.version:
            newest[one.library_id] = one
    moves = boundaries.moved(session, today)
    rows = [_row(one, today, moves(one.region_code)) for one in newest.values()]
    session.execute(_KEEP, {"rows": json.dumps(rows)})


def find(session: Session, caller: Caller, library_id: UUID) -> Library:
    """One library of the caller's region. Raises `LibraryNotFound`."""
    query = select(Library).where(Library.id == library_id, in_scope(Library.region_code, caller))
    library = session.scalars(query).one_or_none()
    if library is None:
        raise LibraryNotFound(library_id)
    return library


def of_report(session: Session, activity: Activity) -> Library:
    """The library that a report is of; whoever sees the report sees this."""
    return session.get_one(Library, activity.library_id)


def regency_of(region_code: str) -> str:
    """Where a place is summed: its kab/kota; of a province's own library the province."""
    return region_code[:5]


def _row(told: LibraryChanged, today: date, region_code: str) -> dict[str, Any]:
    # Reports are expected from the year in which it joined; of one that only came to be known now,
    # from this month.
    joined = told.joined_year and date(max(told.joined_year, PROGRAMME_BEGAN), 1, 1)
    return {
        "id": str(told.library_id),
        "version": told.version,
        "name": told.name,
        "name_key": plain_name(told.name),
        "kind": told.kind,
        "region_code": region_code,
        "province_code": region_code[:2],
        "regency_code": regency_of(region_code),
        "village_code": region_code if len(region_code) > 8 else None,
        "partner_status": told.partner_status,
        "expected_from": str(joined or today.replace(day=1)),
        "merged_into": told.merged_into and str(told.merged_into),
    }
