"""What the undo of an import takes back: what whoever orders it might delete one by one.

The rule is that of `verification.delete`: of their region, and verified by nobody above them. What
somebody has corrected since is theirs as well, and stays.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reporting.activities import STAGES
from services.reporting.models import SimImport
from shared.security import Caller

FIRST = UUID(int=0)

# Why a report stays, a key of `import_words.KEPT`; empty: it may go.
_WHY = """
    CASE WHEN NOT (:scope = '' OR activity.place_code = :scope
                   OR activity.place_code LIKE :scope || '.%') THEN 'elsewhere'
         WHEN activity.stage > :most THEN 'verified-above'
         WHEN EXISTS (SELECT FROM activity_change
                      WHERE activity_id = activity.id AND action = 'edited') THEN 'corrected'
         ELSE '' END"""
_OUTLOOK = text(f"""
    SELECT {_WHY} AS why, count(*) AS reports FROM activity
    WHERE import_id = :id AND deleted_at IS NULL GROUP BY why""")
# A statement of its own: what others did while this one waited, only the next one sees in full.
_LOCK = text("""
    SELECT id FROM activity WHERE import_id = :id AND deleted_at IS NULL AND id > :after
    ORDER BY id LIMIT :limit FOR UPDATE""")
# Without its reference the same file may bring it again.
_TAKE_BACK = text(f"""
    WITH gone AS (
        UPDATE activity SET deleted_at = now(), client_ref = NULL, revision = revision + 1,
            changed_at = now()
        WHERE id = ANY (CAST(:ids AS uuid[])) AND {_WHY} = ''
        RETURNING id, revision
    )
    INSERT INTO activity_change (activity_id, revision, action, actor, role, comment)
    SELECT id, revision, 'deleted', :actor, :role, 'SIM TPBIS' FROM gone""")


def entrust(job: SimImport, caller: Caller) -> None:
    """Keep who orders the undo, for the engine."""
    job.undo_name, job.undo_role, job.undo_region = caller.name, caller.role, _scope(caller)


def outlook(session: Session, job: SimImport, caller: Caller) -> dict[str, int]:
    """How many reports would stay, by why; under the empty word, how many would go."""
    values = {"id": job.id, "scope": _scope(caller), "most": STAGES[caller.role]}
    return _count(session, values)


def take_back(session: Session, job: Any, after: UUID, limit: int) -> list[UUID]:
    """Look at the next reports of an import, and delete what may go; what it looked at."""
    values = _values(job)
    found = session.execute(_LOCK, values | {"after": after, "limit": limit})
    ids = list(found.scalars())
    session.execute(_TAKE_BACK, values | {"ids": ids, "actor": job.undo_name})
    return ids


def left(session: Session, job: Any) -> dict[str, int]:
    """How many reports an undo has left, by why, as in `outlook`."""
    return _count(session, _values(job))


def _scope(caller: Caller) -> str:
    return "" if caller.role == "national" else caller.region_code or "-"


def _count(session: Session, values: Mapping[str, Any]) -> dict[str, int]:
    return {row.why: row.reports for row in session.execute(_OUTLOOK, values)}


def _values(job: Any) -> dict[str, Any]:
    return {
        "id": job.id,
        "scope": job.undo_region,
        "role": job.undo_role,
        "most": STAGES[job.undo_role],
    }
