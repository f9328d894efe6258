"""Once a month one message to the officials of a kab/kota: which of its libraries are silent.

It is written in the morning after the last of them was heard of; who was told of a library and
month is not told again.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from services.notifications import messages, rule_settings
from services.notifications.intents import Intent, for_official, language_of, one_line
from services.notifications.models import Official
from services.notifications.rules import SILENT_DIGEST
from services.notifications.schedules import Morning, Wake, identity, run_daily
from services.notifications.settings import settings
from shared import regions
from shared.events import LibrarySilent
from shared.tracing import new_traceparent
from shared.web import formats

READERS = "regency"
SHOWN = 20  # names in a mail; the page has them all
SETTLED = timedelta(hours=1)  # then the last of them has come
NEWS = timedelta(days=31)  # so long they wait for an official, or for the rule to be on again

_KEEP = text("""
    INSERT INTO silent_library (library_id, month, name, region_code)
    SELECT library_id, month, name, region_code
    FROM json_populate_recordset(NULL::silent_library, CAST(:rows AS json))
    ORDER BY library_id, month
    ON CONFLICT DO NOTHING""")
_UNTOLD = text("""
    SELECT library_id, month, name, region_code FROM silent_library
    WHERE told_at IS NULL AND heard_at < :before AND heard_at > :since
      AND left(region_code, 2) = ANY (CAST(:provinces AS text[]))
    ORDER BY month, region_code, name FOR UPDATE""")
_TOLD = text("""
    UPDATE silent_library SET told_at = now()
    WHERE (library_id, month) IN (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:months AS date[])))""")


def keep(session: Session, told: Iterable[LibrarySilent]) -> None:
    """Keep whom officials are to be told of; the same library and month is one."""
    fields = {"library_id", "month", "name", "region_code"}
    rows = {
        (event.library_id, event.month): event.model_dump(mode="json", include=fields)
        for event in told
    }
    session.execute(_KEEP, {"rows": json.dumps(list(rows.values()))})


def run_due(wake: Wake, now: datetime | None = None) -> None:
    """Write down today's digests of each zone whose time has come; `wake` has them sent."""
    run_daily(SILENT_DIGEST, _write, wake, now)


def _write(session: Session, morning: Morning) -> int:
    now = morning.now
    provinces = [region.code for region in regions.children(None) if region.zone == morning.zone]
    values = {"before": now - SETTLED, "since": now - NEWS, "provinces": provinces}
    is_on = rule_settings.in_force(session, SILENT_DIGEST).enabled
    rows = session.execute(_UNTOLD, values).all() if is_on else []
    readers = _readers(session) if rows else []
    written = messages.write(session, SILENT_DIGEST, _intents(readers, rows, morning))
    told = [row for row in rows if any(_is_of(reader, row) for reader in readers)]
    pairs = {"ids": [row.library_id for row in told], "months": [row.month for row in told]}
    session.execute(_TOLD, pairs)
    return written


def _readers(session: Session) -> Sequence[Official]:
    return session.scalars(select(Official).where(Official.active, Official.role == READERS)).all()


def _intents(
    readers: Sequence[Official], rows: Sequence[Row[Any]], morning: Morning
) -> list[Intent]:
    trace = new_traceparent()
    return [
        for_official(
            reader,
            event_id=identity(SILENT_DIGEST, f"{reader.account_id} {month}", morning.due),
            about=str(reader.account_id),
            traceparent=trace,
            expires_at=morning.until,
            values=_values(reader, month, own),
        )
        for reader in readers
        for month in sorted({row.month for row in rows})
        if (own := [row for row in rows if row.month == month and _is_of(reader, row)])
    ]


def _values(reader: Official, month: date, rows: Sequence[Row[Any]]) -> dict[str, Any]:
    language = language_of(reader)
    asked = urlencode({"region": reader.region_code, "month": f"{month:%Y-%m}"})
    return {
        "region": regions.get(reader.region_code).name,
        "month": formats.month(month, lang=language),
        "total": formats.number(len(rows), lang=language),
        "libraries": [
            {"name": one_line(row.name), "place": _place(row.region_code)} for row in rows[:SHOWN]
        ],
        "more": formats.number(len(rows) - SHOWN, lang=language) if len(rows) > SHOWN else "",
        "page_link": f"{settings().base_url}/reporting/completeness?{asked}",
    }


def _is_of(reader: Official, row: Row[Any]) -> bool:
    return regions.is_within(row.region_code, reader.region_code)


def _place(code: str) -> str:
    region = regions.find(code)  # a village may be newer than we
    return region.name if region else code
