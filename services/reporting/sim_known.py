"""What of a file is here already: the very same row, or a report that is much like it.

The preview says so before anything is taken. Taking decides it anew, as others report meanwhile.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.reporting.guards import SIMILAR
from services.reporting.sim_streams import NAMESPACE
from shared.names import plain_name

BATCH = 1000

# Good rows whose library is known, of one name in the file or of all.
_ROWS = text("""
    SELECT number, content, occurrence, report,
        coalesce(library.merged_into, library.id) AS library_id
    FROM sim_row
    JOIN sim_place ON sim_place.import_id = sim_row.import_id AND sim_place.key = place_key
    JOIN library ON library.id = sim_place.library_id
    WHERE sim_row.import_id = :id AND number > :after AND errors = '{}' AND outcome = ''
      AND known IS NULL AND (CAST(:key AS text) IS NULL OR place_key = :key)
    ORDER BY number LIMIT :limit""")

# Of what came before, only the word that it is verified is taken over, if nobody has touched it.
_HERE = text("""
    SELECT told.number, told.stage = 1 AND activity.stage = 0 AND activity.revision = 1
        AND activity.deleted_at IS NULL AS verifies
    FROM json_to_recordset(CAST(:rows AS json))
        AS told(number int, library_id uuid, client_ref uuid, stage int)
    JOIN activity USING (library_id, client_ref)""")

_THERE = text("""
    SELECT told.number, activity.title FROM json_to_recordset(CAST(:rows AS json))
        AS told(number int, library_id uuid, stream text, day date)
    JOIN activity ON activity.library_id = told.library_id AND activity.stream = told.stream
        AND activity.month = date_trunc('month', told.day) AND activity.day = told.day
    WHERE activity.deleted_at IS NULL AND activity.import_id IS DISTINCT FROM :id""")

_KEEP = text("""
    UPDATE sim_row SET known = told.known, notes = sim_row.notes || told.notes
    FROM json_to_recordset(CAST(:rows AS json)) AS told(number int, known bool, notes jsonb)
    WHERE import_id = :id AND sim_row.number = told.number""")

_FORGET = text("""
    UPDATE sim_row SET known = NULL, notes = notes - 'there' - 'verified-now'
    WHERE import_id = :id AND place_key = :key AND outcome = ''""")


def reference(row: Row[Any]) -> UUID:
    """What a report of this row is known by: the same in every file with the same row."""
    return uuid5(NAMESPACE, f"{row.content}:{row.occurrence}")


def compare(
    session: Session, import_id: UUID, after: int = 0, key: str | None = None
) -> int | None:
    """Say of the next `BATCH` rows whether they are here; the last one's number, or None.

    `known` are those that taking would leave as they are.
    """
    values = {"id": import_id, "after": after, "key": key, "limit": BATCH}
    rows = session.execute(_ROWS, values).all()
    if not rows:
        return None
    asked = json.dumps([_asked(row) for row in rows])
    here = {row.number: row.verifies for row in session.execute(_HERE, {"rows": asked})}
    there = similar(session, import_id, [row for row in rows if row.number not in here])
    told = [
        {
            "number": row.number,
            "known": here.get(row.number) is False,
            "notes": _notes(row.number in there, verifies=here.get(row.number, False)),
        }
        for row in rows
    ]
    session.execute(_KEEP, {"id": import_id, "rows": json.dumps(told)})
    return int(rows[-1].number)


def compare_place(session: Session, import_id: UUID, key: str) -> None:
    """Say it of all rows of a library as the file names it, once it is known or another one."""
    session.execute(_FORGET, {"id": import_id, "key": key})
    last: int | None = 0
    while last is not None:
        last = compare(session, import_id, last, key)


def similar(session: Session, import_id: UUID, rows: Sequence[Row[Any]]) -> set[int]:
    """Rows that are likely here already, from a form or another file."""
    asked: Mapping[int, Any] = {row.number: row.report for row in rows}
    told: Iterable[dict[str, Any]] = [
        {"number": row.number, "library_id": str(row.library_id)}
        | {name: row.report[name] for name in ("stream", "day")}
        for row in rows
        if row.library_id
    ]
    found: set[int] = set()
    for number, title in session.execute(_THERE, {"id": import_id, "rows": json.dumps(told)}):
        mine, theirs = plain_name(asked[number]["title"]), plain_name(title)
        if mine == theirs or SequenceMatcher(None, mine, theirs).ratio() >= SIMILAR:
            found.add(number)
    return found


def _asked(row: Row[Any]) -> dict[str, Any]:
    return {
        "number": row.number,
        "library_id": str(row.library_id),
        "client_ref": str(reference(row)),
        "stage": row.report["stage"],
    }


def _notes(there: bool, *, verifies: bool) -> dict[str, str]:
    notes = {"there": ""} if there else {}
    return notes | ({"verified-now": ""} if verifies else {})
