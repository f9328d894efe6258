"""What libraries report: handed in, edited, verified up the tree, sent back, deleted.

Every change is one row of history, raises the revision, and by the triggers on the table appends to
the deltas that sums are made of. A revision that somebody did not see is not overwritten.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.reporting import completeness, guards
from services.reporting.drafts import Draft
from services.reporting.guards import Asked
from services.reporting.models import Activity, ActivityChange
from services.reporting.streams import MEASURES, STREAMS
from shared.security import Caller, in_scope

Content = Mapping[str, Any]
_EDITED = tuple(name for name in MEASURES if name != "timely")  # it came when it came
STAGES = {"regency": 1, "province": 2, "national": 3}  # which stage a role's word makes


class ActivityNotFound(LookupError):
    """No report has this id, or none that the caller may see."""


class AskBack(Exception):
    """Hardly right: to be confirmed, or corrected."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        super().__init__(", ".join(one.question for one in asked))
        self.asked = asked


class Conflict(Exception):
    """The same `client_ref`, or the same revision, with other content."""

    def __init__(self, existing: Activity, offered: Draft) -> None:
        super().__init__(str(existing.id))
        self.existing = existing
        self.offered = offered


@dataclass(frozen=True, slots=True)
class Sender:
    """Who hands a report in: a name for the history, and the way it came."""

    name: str
    role: str
    source: str = "form"  # form, api, import
    import_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Handed:
    """A report on its way in. `confirmed` are the questions that were answered with yes."""

    draft: Draft
    client_ref: UUID | None = None
    confirmed: Collection[str] = field(default_factory=frozenset)


# The library is held where it is: one that a boundary change moves takes all its reports along.
_INSERT = text(f"""
    WITH handed AS (
        INSERT INTO activity (id, library_id, stream, day, month, title, category, fields,
            province_code, regency_code, place_code, client_ref, content_hash, source, import_id,
            confirmed, submitted_by, {", ".join(MEASURES)})
        SELECT told.id, library.id, stream, day, date_trunc('month', day), title, category, fields,
            library.province_code, library.regency_code, library.region_code, client_ref,
            content_hash, source, import_id, confirmed, submitted_by,
            {", ".join(f"coalesce({measure}, 0)" for measure in MEASURES)}
        FROM json_populate_recordset(NULL::activity, CAST(:rows AS json)) AS told
        JOIN library ON library.id = told.library_id FOR SHARE OF library
        ON CONFLICT (library_id, client_ref) DO NOTHING
        RETURNING id, revision, submitted_by
    ), noted AS (
        INSERT INTO activity_change (activity_id, revision, action, actor, role)
        SELECT id, revision, 'submitted', submitted_by, :role FROM handed
    )
    SELECT id FROM handed""")

_OVERWRITE = text(f"""
    UPDATE activity SET day = told.day, month = date_trunc('month', told.day), title = told.title,
        category = told.category, fields = told.fields, content_hash = told.content_hash,
        confirmed = told.confirmed, stage = 0, revision = activity.revision + 1,
        changed_at = now(), {", ".join(f"{m} = coalesce(told.{m}, 0)" for m in _EDITED)}
    FROM json_populate_recordset(NULL::activity, CAST(:rows AS json)) AS told
    WHERE activity.id = told.id AND activity.revision = :revision
      AND activity.deleted_at IS NULL
    RETURNING activity.id""")

# A stage is passed one after another; whoever is above may take the steps below as well. What is
# sent back starts anew once it has been corrected.
_DECIDE = text("""
    WITH decided AS (
        UPDATE activity SET stage = :stage, revision = revision + 1, changed_at = now()
        WHERE id = ANY (CAST(:ids AS uuid[])) AND deleted_at IS NULL
          AND (regency_code = :region OR regency_code LIKE :region || '.%' OR :region = '')
          AND stage BETWEEN 0 AND :most
        RETURNING id, revision
    )
    INSERT INTO activity_change (activity_id, revision, action, actor, role, comment)
    SELECT id, revision, :action, :actor, :role, :comment FROM decided
    RETURNING activity_id""")

_DELETE = text("""
    UPDATE activity SET deleted_at = now(), revision = revision + 1, changed_at = now()
    WHERE id = :id AND deleted_at IS NULL RETURNING id""")
_RESTORE = text("""
    UPDATE activity SET deleted_at = NULL, stage = 0, revision = revision + 1, changed_at = now()
    WHERE id = :id AND deleted_at IS NOT NULL RETURNING id""")


@dataclass(frozen=True, slots=True)
class Decision:
    """The stage it makes, of reports that have at `most` the other one."""

    action: str
    stage: int
    most: int
    comment: str


def submit(
    session: Session, library_id: UUID, handed: Handed, sender: Sender, today: date
) -> tuple[UUID, bool]:
    """Hand a report in; its id, and whether it is new: the same again is the same report.

    Raises `AskBack` until its questions are confirmed, and `Conflict` when the same reference came
    with other content before.
    """
    # Asked before its own copy is looked for: one that comes in this moment is found by both, and
    # is no duplicate of itself.
    asked = guards.questions(session, library_id, handed.draft, today)
    if handed.client_ref:
        known = _known(session, library_id, handed)
        if known:
            return known.id, False
    _confirmed(asked, handed.confirmed)
    row = _row(library_id, handed, sender)
    row["timely"] = int(today <= completeness.deadline(handed.draft.day))
    values = {"rows": json.dumps([row]), "role": sender.role}
    written = session.execute(_INSERT, values).scalar()
    if written is None:  # another copy of the same report came in the same moment
        known = _known(session, library_id, handed)
        if known is None:
            raise LookupError(f"no library {library_id}")
        return known.id, False
    return UUID(str(written)), True


def edit(  # noqa: PLR0913 - what an edit is made of
    session: Session,
    activity: Activity,
    handed: Handed,
    sender: Sender,
    today: date,
    *,
    revision: int,
    comment: str = "",
) -> None:
    """Correct a report, which is verified anew from the first stage.

    Raises `AskBack`, and `Conflict` when it is no longer what the editor saw.
    """
    asked = guards.questions(session, activity.library_id, handed.draft, today, but=activity.id)
    _confirmed(asked, handed.confirmed)
    before = content(activity)
    row = _row(activity.library_id, handed, sender) | {"id": str(activity.id)}
    row["fields"] |= _not_asked(activity)
    values = {"rows": json.dumps([row]), "revision": revision}
    if session.execute(_OVERWRITE, values).first() is None:
        raise Conflict(activity, handed.draft)
    session.refresh(activity)
    _note(session, activity, _change("edited", sender, comment), before)


def verify(
    session: Session, caller: Caller, ids: Collection[UUID], comment: str = ""
) -> list[UUID]:
    """Say that reports are right, in the name of the caller's level; returns those it changed."""
    stage = STAGES[caller.role]
    return _decide(session, caller, ids, Decision("verified", stage, stage - 1, comment))


def send_back(session: Session, caller: Caller, ids: Collection[UUID], comment: str) -> list[UUID]:
    """Ask for a correction, of what nobody above has verified; returns those it changed."""
    return _decide(session, caller, ids, Decision("returned", -1, STAGES[caller.role], comment))


def delete(session: Session, activity: Activity, sender: Sender, comment: str = "") -> None:
    """Take a report out of all sums; its history stays."""
    _mark(session, _DELETE, activity, _change("deleted", sender, comment))


def restore(session: Session, activity: Activity, sender: Sender, comment: str = "") -> None:
    """Bring a deleted report back, to be verified anew."""
    _mark(session, _RESTORE, activity, _change("restored", sender, comment))


def find(session: Session, caller: Caller, activity_id: UUID) -> Activity:
    """One report that the caller may see. Raises `ActivityNotFound`."""
    query = select(Activity).where(
        Activity.id == activity_id, in_scope(Activity.place_code, caller)
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise ActivityNotFound(activity_id)
    return found


def history(session: Session, activity_id: UUID) -> Sequence[ActivityChange]:
    """Who did what to it, oldest first."""
    query = select(ActivityChange).where(ActivityChange.activity_id == activity_id)
    return session.scalars(query.order_by(ActivityChange.id)).all()


def content(activity: Activity) -> Content:
    """What a report says, to be compared and kept in its history."""
    measures = {name: getattr(activity, name) for name in MEASURES if getattr(activity, name)}
    told = {"day": str(activity.day), "title": activity.title}
    return told | dict(activity.fields) | measures


def _not_asked(activity: Activity) -> Content:
    """What came with an import and no form asks for, so no form can take it away."""
    asked = {one.name for one in STREAMS[activity.stream].fields}
    return {name: value for name, value in activity.fields.items() if name not in asked}


def _known(session: Session, library_id: UUID, handed: Handed) -> Activity | None:
    """What came with the same reference. Raises `Conflict` when it says something else."""
    query = select(Activity).where(
        Activity.library_id == library_id, Activity.client_ref == handed.client_ref
    )
    found = session.scalars(query).one_or_none()
    if found and found.content_hash != handed.draft.content_hash:
        raise Conflict(found, handed.draft)
    return found


def _confirmed(asked: Sequence[Asked], confirmed: Collection[str]) -> None:
    open_ones = [one for one in asked if one.question not in confirmed]
    if open_ones:
        raise AskBack(open_ones)


def _row(library_id: UUID, handed: Handed, sender: Sender) -> dict[str, Any]:
    draft = handed.draft
    return {
        "id": str(uuid7()),
        "library_id": str(library_id),
        "stream": draft.stream.name,
        "day": str(draft.day),
        "title": draft.title,
        "category": draft.category,
        "fields": dict(draft.fields),
        "client_ref": str(handed.client_ref) if handed.client_ref else None,
        "content_hash": draft.content_hash,
        "source": sender.source,
        "import_id": str(sender.import_id) if sender.import_id else None,
        "confirmed": dict.fromkeys(sorted(handed.confirmed), True),
        "submitted_by": sender.name,
        **draft.measures,
    }


def _mark(
    session: Session, statement: TextClause, activity: Activity, change: ActivityChange
) -> None:
    before = content(activity)
    if session.execute(statement, {"id": activity.id}).first() is None:
        return  # it is so already
    session.refresh(activity)
    _note(session, activity, change, before)


def _decide(
    session: Session, caller: Caller, ids: Collection[UUID], decision: Decision
) -> list[UUID]:
    values = {
        "ids": sorted(ids),
        "stage": decision.stage,
        "most": decision.most,
        "region": "" if caller.role == "national" else caller.region_code or "-",
        "action": decision.action,
        "actor": caller.name,
        "role": caller.role,
        "comment": decision.comment,
    }
    return list(session.execute(_DECIDE, values).scalars())


def _note(session: Session, activity: Activity, change: ActivityChange, before: Content) -> None:
    after = content(activity)
    change.activity_id, change.revision = activity.id, activity.revision
    change.before = {name: value for name, value in before.items() if after.get(name) != value}
    change.after = {name: value for name, value in after.items() if before.get(name) != value}
    session.add(change)


def _change(action: str, sender: Sender, comment: str) -> ActivityChange:
    return ActivityChange(action=action, actor=sender.name, role=sender.role, comment=comment)
