"""Announcements: one text of an official to many, from its draft to its end.

    draft -> writing -> sending -> done
                |----------|----> paused -> writing or sending
                |----------|------- |----> cancelled

Each step is one conditional update, so of two clicks, or two officials, one is heard. `announcing`
writes the messages; what is here is what officials do.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row, delete, func, select, text, update
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from services.notifications import audience, rule_settings
from services.notifications.announcement_schemas import AnnouncementForm, Audience
from services.notifications.models import Announcement
from services.notifications.providers.base import Channel
from services.notifications.rules import ANNOUNCEMENT
from shared.security import Caller, in_scope

PAGE = 30
CHUNK = 2000  # messages that follow in one transaction: an official waits for the first ones
KEPT = timedelta(days=3)  # how long after its start something of it is still sent
OPEN = ("queued", "claimed", "handing_over")  # of messages: not yet at their end

_STEP = """
    UPDATE announcement SET history = history || CAST(:entry AS jsonb), {changes}
    WHERE id = :id AND {condition} RETURNING id"""

_START = text(
    _STEP.format(
        changes="""state = 'writing', started_at = now(), recipients = :recipients,
        estimate = :estimate, expires_at = coalesce(expires_at, now() + :kept)""",
        condition="""state = 'draft' AND version = :version
            AND (expires_at IS NULL OR expires_at > now())""",
    )
)
_PAUSE = text(_STEP.format(changes="state = 'paused'", condition="state IN ('writing', 'sending')"))
_RESUME = text(
    _STEP.format(
        changes="state = CASE WHEN cursor IS NULL THEN 'sending' ELSE 'writing' END",
        condition="state = 'paused' AND expires_at > now()",
    )
)
_CANCEL = text(
    _STEP.format(
        changes="state = 'cancelled', finished_at = now()",
        condition="state IN ('writing', 'sending', 'paused')",
    )
)

# Its messages follow an announcement's state: those of a paused one wait for ever, and those of a
# cancelled one are dropped. That tidies: `claims` takes none of either, however many there are.
# What a worker has in its hands at this moment it may still send; what comes back from there
# follows with the next sweep. A locked row is a worker's.
_FOLLOW = """
    UPDATE message SET {change} WHERE id = ANY (ARRAY(
        SELECT message.id FROM message JOIN announcement ON announcement.id = announcement_id
        WHERE message.state = 'queued' AND {condition}
          AND announcement.id = coalesce(CAST(:id AS uuid), announcement.id)
        LIMIT :most FOR UPDATE OF message SKIP LOCKED))
    RETURNING id"""
_FOLLOWS = (
    text(
        _FOLLOW.format(
            change="next_attempt_at = 'infinity'",
            condition="announcement.state = 'paused' AND next_attempt_at < 'infinity'",
        )
    ),
    text(
        _FOLLOW.format(
            change="next_attempt_at = now()",
            condition="announcement.state IN ('writing', 'sending') "
            "AND next_attempt_at = 'infinity'",
        )
    ),
    text(
        _FOLLOW.format(
            change="state = 'cancelled'",
            condition="announcement.state = 'cancelled' AND announcement.expires_at > now()",
        )
    ),
)

_COUNTS = text(
    "SELECT state, count(*) AS number FROM message WHERE announcement_id = :id GROUP BY state"
)

# By the index of what is due: the first that waits tells whether any of them may go now.
_FIRST = text("""
    SELECT next_attempt_at FROM message
    WHERE announcement_id = :id AND state = 'queued' AND class = 'bulk'
      AND next_attempt_at < 'infinity'
    ORDER BY next_attempt_at LIMIT 1""")


class AnnouncementNotFound(LookupError):
    """No announcement has this id, or none that the caller may see."""


class NotNow(Exception):
    """Its state does not allow this any more, or its last date is over."""


class RuleOff(NotNow):
    """The national office has switched announcements off."""


class Changed(Exception):
    """Somebody wrote the draft anew after it was looked at."""


class Nobody(Exception):
    """The announcement reaches nobody."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. `counts` are messages by state; `done` and `total` are messages as well.

    `goes_on_at` is there while all that is left waits for a morning or the next day.
    """

    counts: Mapping[str, int]
    done: int
    total: int
    seconds_left: int | None
    goes_on_at: datetime | None = None


def create(session: Session, caller: Caller, draft_id: UUID, form: AnnouncementForm) -> None:
    """Keep a draft; sent twice with one id, it is still one."""
    own = {"id": draft_id, "region_code": _region(caller), "author": caller.name}
    statement = insert(Announcement).values(own | _columns(form))
    session.execute(statement.on_conflict_do_nothing())


def change(session: Session, caller: Caller, draft_id: UUID, form: AnnouncementForm) -> None:
    """Write a draft anew. Raises `NotNow` once it was started."""
    found = find(session, caller, draft_id)
    anew = _columns(form) | {
        "version": Announcement.version + 1,
        "history": Announcement.history.op("||")(cast_to([_entry(caller, "changed")], JSONB)),
    }
    statement = update(Announcement).values(anew)
    drafted = statement.where(Announcement.id == found.id, Announcement.state == "draft")
    if session.execute(drafted.returning(Announcement.id)).first() is None:
        raise NotNow
    session.expire_all()


def clone(session: Session, caller: Caller, announcement_id: UUID, draft_id: UUID) -> None:
    """Make a draft of the caller's own from any announcement.

    Raises `NotNow` when its text is forgotten.
    """
    found = find(session, caller, announcement_id)
    if not found.body:
        raise NotNow
    kept = ("subject", "body", "subject_en", "body_en", "audience", "channels")
    own = {"id": draft_id, "region_code": _region(caller), "author": caller.name}
    copied = {name: getattr(found, name) for name in kept}
    session.execute(insert(Announcement).values(own | copied).on_conflict_do_nothing())


def remove(session: Session, caller: Caller, draft_id: UUID) -> None:
    """Delete a draft. Raises `NotNow` once it was started: what was sent stays on record."""
    found = find(session, caller, draft_id)
    draft = delete(Announcement).where(Announcement.id == found.id, Announcement.state == "draft")
    if session.execute(draft.returning(Announcement.id)).first() is None:
        raise NotNow


def find(session: Session, caller: Caller, announcement_id: UUID) -> Announcement:
    """One announcement, to be read only. Raises `AnnouncementNotFound`."""
    query = select(Announcement).where(
        Announcement.id == announcement_id, in_scope(Announcement.region_code, caller)
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise AnnouncementNotFound(announcement_id)
    return found


_SUMMARY = (
    Announcement.id,
    Announcement.subject,
    Announcement.state,
    Announcement.region_code,
    Announcement.author,
    Announcement.recipients,
    Announcement.created_at,
    Announcement.started_at,
    Announcement.finished_at,
)


def page(
    session: Session,
    caller: Caller,
    *,
    words: str = "",
    states: Sequence[str] = (),
    after: UUID | None = None,
) -> tuple[Sequence[Row[*tuple[Any, ...]]], UUID | None]:
    """What the caller may see, newest first, and the id after which the next page begins."""
    query = select(*_SUMMARY).where(in_scope(Announcement.region_code, caller))
    if words.strip():
        said = func.lower(Announcement.subject + " " + Announcement.subject_en)
        query = query.where(said.contains(words.strip().lower(), autoescape=True))
    if states:
        query = query.where(Announcement.state.in_(states))
    if after:
        query = query.where(Announcement.id < after)
    rows = session.execute(query.order_by(Announcement.id.desc()).limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def count(session: Session, found: Announcement) -> audience.Count:
    """Whom it would reach now."""
    wanted = Audience.model_validate(found.audience)
    return audience.count(session, audience.Reach(found.region_code), wanted, channels(found))


def channels(found: Announcement) -> Sequence[Channel]:
    """The ways it goes, in order."""
    return cast("Sequence[Channel]", found.channels)


def start(  # noqa: PLR0913 - what was looked at
    session: Session,
    caller: Caller,
    found: Announcement,
    recipients: int,
    estimate: Any,
    *,
    version: int,
) -> bool:
    """Have it written and sent; False when it was started already.

    Raises `Nobody`, `Changed` when it is no longer the `version` that was looked at, and `NotNow`
    when its last date is over, `RuleOff` while the rule is off.
    """
    if found.state == "draft" and not recipients:
        raise Nobody
    if found.state == "draft" and found.version != version:
        raise Changed
    if not rule_settings.in_force(session, ANNOUNCEMENT).enabled:
        raise RuleOff
    values = {"recipients": recipients, "estimate": estimate, "kept": KEPT, "version": version}
    started = _step(session, _START, found, caller, "started", **values)
    if not started and found.state == "draft":
        raise NotNow
    return started


def pause(session: Session, caller: Caller, found: Announcement) -> None:
    """Write and send no more of it until it is resumed. Raises `NotNow`."""
    if not _step(session, _PAUSE, found, caller, "paused"):
        raise NotNow
    follow(session, found.id)


def resume(session: Session, caller: Caller, found: Announcement) -> None:
    """Go on where it was paused. Raises `NotNow`, also when its last date is over."""
    if not _step(session, _RESUME, found, caller, "resumed"):
        raise NotNow
    follow(session, found.id)


def cancel(session: Session, caller: Caller, found: Announcement) -> None:
    """Send no more of it; what was sent stays sent. Raises `NotNow`."""
    if not _step(session, _CANCEL, found, caller, "cancelled"):
        raise NotNow
    follow(session, found.id)


def follow(session: Session, announcement_id: UUID | None = None) -> bool:
    """Let messages follow the state of their announcement; whether there may be more of them."""
    values = {"id": announcement_id, "most": CHUNK}
    return any(len(session.execute(one, values).all()) == CHUNK for one in _FOLLOWS)


def progress(session: Session, found: Announcement) -> Progress:
    """How far it is, by indexes."""
    rows = session.execute(_COUNTS, {"id": found.id})
    counts = {row.state: row.number for row in rows}
    waiting = sum(counts.get(state, 0) for state in OPEN)
    written = sum(counts.values())
    whole = found.cursor is None or found.state in {"done", "cancelled"}
    total = written if whole else max(written, found.recipients or 0)
    done = written - waiting
    goes_on_at = _goes_on_at(session, found, counts)
    left = None if goes_on_at else _seconds_left(found, done, total)
    return Progress(counts, done, total, left, goes_on_at)


def _goes_on_at(
    session: Session, found: Announcement, counts: Mapping[str, int]
) -> datetime | None:
    """When the first of what is left may go; None while something may go now."""
    if found.state != "sending" or counts.get("claimed") or counts.get("handing_over"):
        return None
    first: datetime | None = session.scalar(_FIRST, {"id": found.id})
    return first if first and first > datetime.now(UTC) else None


def _seconds_left(found: Announcement, done: int, total: int) -> int | None:
    """By the pace since the start; None while there is none to go by."""
    if found.state not in {"writing", "sending"} or not found.started_at or not done:
        return None
    passed = (datetime.now(UTC) - found.started_at).total_seconds()
    return round(passed / done * (total - done))


def _step(
    session: Session, statement: Any, found: Announcement, caller: Caller, action: str, **more: Any
) -> bool:
    entry = json.dumps([_entry(caller, action)])
    moved = session.execute(statement, {"id": found.id, "entry": entry, **more}).first()
    if moved is not None:
        session.refresh(found)
    return moved is not None


def _entry(caller: Caller, action: str) -> dict[str, str]:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"action": action, "actor": caller.name, "at": at}


def _columns(form: AnnouncementForm) -> dict[str, Any]:
    return form.model_dump(exclude={"audience"}) | {
        "audience": form.audience.model_dump(mode="json")
    }


def _region(caller: Caller) -> str:
    """The region that the announcement never leaves: no region is nowhere, but to the nation."""
    return "" if caller.role == "national" else caller.region_code or "-"
