"""The verifier's desk: what waits for whom, and what an official decides about it.

A report is verified by its kab/kota, then its province, then nationally. What a kab/kota leaves
for `OVERDUE`, its province sees as well, and so it does what has no kab/kota above it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from services.reporting import activities, drafts, library_links
from services.reporting.activities import STAGES, Sender
from services.reporting.models import Activity, ActivityChange, Library
from services.reporting.resources import bus
from services.reporting.streams import STREAMS
from shared.events import ActivityReturned, ReturnedReport
from shared.names import plain_name
from shared.security import Caller, in_scope, within

Action = Literal["verify", "send_back"]

_Query = Select[*tuple[Any, ...]]

PAGE = 40  # a form that ticks them all stays under a hundred fields
OVERDUE = timedelta(days=14)
_NO_MONTH = date(2100, 1, 1)  # nor any later one
CHUNK = 1000
MOST = 5000  # of one decision about all that match: seconds, not minutes
STATES = ("waiting", "returned", "verified", "deleted", "all")
_WORDS: dict[Action, str] = {"verify": "verified", "send_back": "returned"}  # in the history


class CommentMissing(Exception):
    """Whoever gets a report back must read why."""


class ChangedMeanwhile(Exception):
    """The report is no longer what the official saw."""


class VerifiedAbove(Exception):
    """A level above has verified it: it is theirs to change."""


class CountChanged(Exception):
    """Another number of reports matches than was confirmed: `count`."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


ACTIONS: dict[str, Action] = {"verify": "verify", "send_back": "send_back"}
"""As they are typed."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the reports to show; empty is all. `month` is as in 2026-02."""

    state: str = "waiting"
    stream: str = ""
    month: str = ""
    region: str = ""
    q: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many reports a decision changed, and how many it left as they are."""

    done: int
    skipped: int


def page(
    session: Session,
    caller: Caller,
    filters: Filters,
    *,
    after: UUID | None = None,
    limit: int = PAGE,
) -> tuple[Sequence[Row[*tuple[Any, ...]]], UUID | None]:
    """Rows of (`Activity`, its library's name), the longest waiting first, and the next `after`."""
    named = select(Activity, Library.name).join(Library, Library.id == Activity.library_id)
    query = _matching(named, caller, filters)
    if after:
        query = query.where(Activity.id > after)
    rows = session.execute(query.order_by(Activity.id).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1][0].id if len(rows) > limit else None


def count(
    session: Session, caller: Caller, filters: Filters, until: UUID | None = None
) -> tuple[int, UUID | None]:
    """How many match, and the last of them; counted no further than `MOST`."""
    query = _matching(select(Activity.id), caller, filters)
    if until:
        query = query.where(Activity.id <= until)
    some = query.order_by(Activity.id).limit(MOST).subquery()
    last = select(some.c.id).order_by(some.c.id.desc()).limit(1)
    counted: int = session.execute(select(func.count()).select_from(some)).scalar_one()
    return counted, session.execute(last).scalar()


def neighbours(
    session: Session, caller: Caller, filters: Filters, activity_id: UUID
) -> tuple[UUID | None, UUID | None]:
    """The report before and the one after this one in the same list."""
    query = _matching(select(Activity.id), caller, filters)
    before = query.where(Activity.id < activity_id).order_by(Activity.id.desc()).limit(1)
    after = query.where(Activity.id > activity_id).order_by(Activity.id).limit(1)
    return session.execute(before).scalar(), session.execute(after).scalar()


def decide(
    session: Session, caller: Caller, action: Action, chosen: Mapping[UUID, int], comment: str = ""
) -> Outcome:
    """Verify reports or send them back, each at the revision that the official saw.

    What changed meanwhile stays as it is; the same decision again, as when a form is sent twice,
    is the same decision. Raises `CommentMissing`.
    """
    _check(action, comment)
    query = select(Activity.id).where(
        tuple_(Activity.id, Activity.revision).in_(chosen.items()),
        in_scope(Activity.place_code, caller),
    )
    seen = session.scalars(query.order_by(Activity.id).with_for_update()).all()
    done = len(_carry_out(session, caller, action, seen, comment))
    done += _decided_before(session, caller, action, chosen)
    return Outcome(done, len(chosen) - done)


def decide_all(  # noqa: PLR0913 - what was confirmed
    session: Session,
    caller: Caller,
    action: Action,
    filters: Filters,
    *,
    until: UUID,
    confirmed: int,
    comment: str = "",
) -> Outcome:
    """The same for all that match up to one, of which the official saw how many.

    Raises `CommentMissing`, and `CountChanged` when it is another number by now.
    """
    _check(action, comment)
    counted, _ = count(session, caller, filters, until)
    if counted != confirmed:
        raise CountChanged(counted)
    done, last = 0, UUID(int=0)
    for _ in range(0, counted, CHUNK):
        query = _matching(select(Activity.id), caller, filters)
        query = query.where(Activity.id > last, Activity.id <= until).order_by(Activity.id)
        # Others who decide wait for this one, and then see what it did.
        ids = session.scalars(query.limit(CHUNK).with_for_update(of=Activity)).all()
        if not ids:
            break
        last = ids[-1]
        done += len(_carry_out(session, caller, action, ids, comment))
    return Outcome(done, counted - done)


def to_change(session: Session, caller: Caller, activity_id: UUID, revision: int) -> Activity:
    """A report that nobody else changes until the transaction ends.

    Raises `ActivityNotFound`, `ChangedMeanwhile` and `VerifiedAbove`.
    """
    found = activities.find(session, caller, activity_id)
    session.refresh(found, with_for_update=True)
    if found.revision != revision:
        raise ChangedMeanwhile
    if not may_change(caller, found):
        raise VerifiedAbove
    return found


def may_change(caller: Caller, activity: Activity) -> bool:
    """Nobody above the caller has verified it."""
    return activity.stage <= STAGES[caller.role]


def may_verify(caller: Caller, activity: Activity) -> bool:
    """It stands below the caller's level, and counts."""
    return activity.deleted_at is None and 0 <= activity.stage < STAGES[caller.role]


def delete(
    session: Session, caller: Caller, activity_id: UUID, revision: int, comment: str
) -> None:
    """Take a report out of all sums. Raises as `to_change`, and `CommentMissing`."""
    if not comment:
        raise CommentMissing
    found = to_change(session, caller, activity_id, revision)
    activities.delete(session, found, Sender(caller.name, caller.role), comment)


def restore(
    session: Session, caller: Caller, activity_id: UUID, revision: int, comment: str
) -> None:
    """Bring a deleted report back, to be verified anew. Raises as `to_change`."""
    found = to_change(session, caller, activity_id, revision)
    activities.restore(session, found, Sender(caller.name, caller.role), comment)


def _check(action: Action, comment: str) -> None:
    if action == "send_back" and not comment:
        raise CommentMissing


def _carry_out(
    session: Session, caller: Caller, action: Action, ids: Sequence[UUID], comment: str
) -> list[UUID]:
    if action == "verify":
        return activities.verify(session, caller, ids, comment)
    returned = activities.send_back(session, caller, ids, comment)
    bus.publish(session, *_returned(session, returned, comment))
    return returned


def _returned(session: Session, ids: Sequence[UUID], comment: str) -> Iterator[ActivityReturned]:
    """One a library, about its first report: who has to correct forty reads one message."""
    report = Activity.__table__.c
    query = (
        select(report.id, report.revision, report.stream, report.title, report.day, Library)
        .join(Library, Library.id == report.library_id)
        .where(report.id.in_(ids))
        .order_by(Library.id, report.id)
    )
    for library, rows in groupby(session.execute(query), lambda row: row.Library):
        first, *others = rows
        told = ReturnedReport(
            activity_id=first.id,
            revision=first.revision,
            library_id=library.id,
            library_name=library.name,
            region_code=library.region_code,
            stream=first.stream,
            every=STREAMS[first.stream].every,
            title=first.title,
            day=first.day,
            comment=comment,
            others=len(others),
            link=library_links.link(session, library),
        )
        yield ActivityReturned(report=told)


def _decided_before(
    session: Session, caller: Caller, action: Action, chosen: Mapping[UUID, int]
) -> int:
    """Of how many the very next change was this decision, by the same official, and still holds."""
    following = [(one, revision + 1) for one, revision in chosen.items()]
    change, now = ActivityChange, Activity
    query = (
        select(func.count())
        .select_from(change)
        .join(now, and_(now.id == change.activity_id, now.revision == change.revision))
        .where(
            tuple_(change.activity_id, change.revision).in_(following),
            change.action == _WORDS[action],
            change.actor == caller.name,
            change.role == caller.role,
            in_scope(now.place_code, caller),
            # What this very transaction decided is counted already.
            change.happened_at < func.now(),
        )
    )
    return session.execute(query).scalar_one()


def _matching(query: _Query, caller: Caller, filters: Filters) -> _Query:
    query = query.where(in_scope(Activity.regency_code, caller), _in_state(caller, filters.state))
    if filters.stream in STREAMS:
        query = query.where(Activity.stream == filters.stream)
    if month := read_month(filters.month):
        query = query.where(Activity.month == month)
    if filters.region:
        query = query.where(within(Activity.regency_code, filters.region))
    if words := plain_name(filters.q):
        named = select(Library.id).where(Library.name_key.contains(words, autoescape=True))
        query = query.where(Activity.library_id.in_(named))
    return query


def read_month(typed: str) -> date | None:
    """2026-02, as its first day; None also for one in which there cannot be a report."""
    try:
        found = date.fromisoformat(f"{typed}-01")
    except ValueError:
        return None
    return found if drafts.FIRST_DAY <= found < _NO_MONTH else None


def _in_state(caller: Caller, state: str) -> ColumnElement[bool]:
    if state == "deleted":
        return Activity.deleted_at.is_not(None)
    counts = Activity.deleted_at.is_(None)
    if state == "returned":
        return and_(counts, Activity.stage == -1)
    if state == "verified":
        return and_(counts, Activity.stage >= STAGES[caller.role])
    if state == "all":
        return counts
    return and_(counts, _waits_for(caller))


def _waits_for(caller: Caller) -> ColumnElement[bool]:
    before = Activity.stage == STAGES[caller.role] - 1
    if caller.role != "province":
        return before
    left = or_(
        Activity.regency_code == Activity.province_code,
        Activity.changed_at < func.now() - OVERDUE,
    )
    return or_(before, and_(Activity.stage == 0, left))
