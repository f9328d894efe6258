"""The audit log: who changed or looked at what, when, from what to what."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.registration.models import AuditEntry
from shared.security import Caller
from shared.tracing import current_traceparent, trace_id

SYSTEM = Caller("public", "Sejawat", "system")  # the clock
REGISTRANT = Caller("public", "Pendaftar", "registrant")  # whoever holds an own link


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed. `before` and `after` hold what differs; secrets never stand there."""

    noun: str
    noun_id: str
    region_code: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


def record(session: Session, actor: Caller, action: str, *changes: Change) -> None:
    """Add to the log, in the transaction of the change itself."""
    rows = list(_rows(actor, action, changes))
    if rows:
        session.execute(insert(AuditEntry), rows)


def _rows(actor: Caller, action: str, changes: Iterable[Change]) -> Iterable[dict[str, Any]]:
    trace = trace_id(current_traceparent())
    for change in changes:
        yield {
            "actor": actor.subject,
            "actor_name": actor.name,
            "actor_role": actor.role,
            "action": action,
            "noun": change.noun,
            "noun_id": change.noun_id,
            "region_code": change.region_code,
            "before": _plain(change.before),
            "after": _plain(change.after),
            "trace_id": trace,
        }


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if values is None else json.loads(json.dumps(dict(values), default=str))
