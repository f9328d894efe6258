"""What of a file is here already: the very same row, or a report that is much like it.

The preview says so before anything is taken. Taking decides it anew, as others report meanwhile.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from services.reporting.guards import SIMILAR
from services.reporting.models import SimImport, SimPlace
from services.reporting.sim_streams import NAMESPACE
from shared.names import likeness, plain_name

BATCH = 1000
NEWEST = 30  # reports of one day that a row is compared with

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
        AND activity.deleted_at IS NULL AND (sim_import.region_code IN ('', activity.place_code)
            OR activity.place_code LIKE sim_import.region_code || '.%') AS verifies
    FROM json_to_recordset(CAST(:rows AS json))
        AS told(number int, library_id uuid, client_ref uuid, stage int)
    JOIN activity USING (library_id, client_ref) JOIN sim_import ON sim_import.id = :id""")

# Each day is read once, however many rows are of it; and INTERSECT hashes both sides, so that
# thousands of rows and of reports of one day are no product.
_THERE = text("""
    WITH told AS MATERIALIZED (
        SELECT * FROM json_to_recordset(CAST(:rows AS json))
            AS told(library_id uuid, stream text, day date, title text)
    ), here AS MATERIALIZED (
        SELECT library_id, stream, day, activity.title, row_number() OVER (
            PARTITION BY library_id, stream, day ORDER BY activity.id DESC) AS nth
        FROM (SELECT DISTINCT library_id, stream, day FROM told) AS days
        JOIN activity USING (library_id, stream, day)
        WHERE activity.month = date_trunc('month', day) AND activity.deleted_at IS NULL
          AND activity.import_id IS DISTINCT FROM :id
    )
    SELECT library_id, stream, day, title, true AS same FROM (
        SELECT library_id, stream, day, title FROM told
        INTERSECT SELECT library_id, stream, day, title FROM here) AS both_have
    UNION ALL SELECT library_id, stream, day, title, false FROM here WHERE nth <= :newest""")

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
    found = session.execute(_HERE, {"id": import_id, "rows": asked})
    here = {row.number: row.verifies for row in found}
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


def look_again(session: Session, import_id: UUID, key: str) -> None:
    """Forget it of a library as the file names it; `compare_chosen` finds it out anew."""
    session.execute(_FORGET, {"id": import_id, "key": key})
    session.get_one(SimPlace, (import_id, key)).compared = False


def compare_chosen(session: Session) -> bool:
    """Compare one batch of a library that was chosen since; whether there may be more.

    Its import is locked until the commit: no step of it runs meanwhile, and no other worker.
    """
    due = (
        select(SimPlace)
        .join(SimImport, SimImport.id == SimPlace.import_id)
        .where(SimPlace.compared.is_(False), SimImport.state.in_(("ready", "done")))
        .order_by(SimPlace.import_id, SimPlace.key)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    place = session.scalars(due).first()
    if place is None:
        return False
    place.compared = compare(session, place.import_id, key=place.key) is None
    return True


def similar(session: Session, import_id: UUID, rows: Sequence[Row[Any]]) -> set[int]:
    """Rows that are likely here already, from a form or another file.

    Of a day with very many reports, those with the very title are found, and among the newest
    those with one like it.
    """
    told = [_of_day(row) | {"title": row.report["title"]} for row in rows if row.library_id]
    values = {"id": import_id, "rows": json.dumps(told), "newest": NEWEST}
    same: set[tuple[str, ...]] = set()
    near: dict[tuple[str, ...], list[str]] = {}
    for *day, title, is_same in session.execute(_THERE, values):
        of = tuple(map(str, day))
        if is_same:
            same.add((*of, title))
        else:
            near.setdefault(of, []).append(plain_name(title))
    found = set()
    for row in rows:
        of, title = tuple(_of_day(row).values()), row.report["title"]
        mine = plain_name(title)
        if (*of, title) in same or any(
            likeness(mine, theirs) >= SIMILAR for theirs in near.get(of, ())
        ):
            found.add(row.number)
    return found


def _of_day(row: Row[Any]) -> dict[str, str]:
    report = row.report
    return {
        "library_id": str(row.library_id),
        "stream": report["stream"],
        "day": report["day"],
    }


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
