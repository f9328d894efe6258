"""Accounts, as registration tells of them: what whoever made a schedule may see today."""

import json
from collections.abc import Iterable

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.reporting.models import Reader
from shared.events import AccountChanged
from shared.security import Caller, Role

_KEEP = text("""
    INSERT INTO reader (account_id, version, name, role, region_code, active)
    SELECT account_id, version, name, role, region_code, active
    FROM json_populate_recordset(NULL::reader, CAST(:rows AS json)) AS told
    ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, name = excluded.name,
        role = excluded.role, region_code = excluded.region_code, active = excluded.active
    WHERE reader.version < excluded.version""")


def keep(session: Session, told: Iterable[AccountChanged]) -> None:
    """Keep what was told, in the highest version of each."""
    newest = {one.account_id: one for one in sorted(told, key=lambda one: one.version)}
    rows = [
        {
            "account_id": str(one.account_id),
            "version": one.version,
            "name": one.name,
            "role": one.role,
            "region_code": one.region_code,
            "active": one.active,
        }
        for one in newest.values()
    ]
    session.execute(_KEEP, {"rows": json.dumps(rows)})


def caller_of(session: Session, account_id: str) -> Caller | None:
    """An account with the rights it has now; None when it is disabled, or nobody told us of it."""
    reader = session.scalars(
        select(Reader).where(Reader.account_id == account_id, Reader.active)
    ).one_or_none()
    if reader is None:
        return None
    role: Role = reader.role  # type: ignore[assignment] # one of them, as registration says
    return Caller(role, reader.name, reader.account_id, reader.region_code)
