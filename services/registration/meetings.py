"""Meetings: open one, find one, list them with their seats left."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration.models import Meeting, Quota
from services.registration.resources import bus
from shared import regions
from shared.database import like_literal
from shared.events import MeetingFacts, MeetingPublished
from shared.security import ANONYMOUS, HOSTS, Caller

PAGE = 20


class MeetingNotFound(LookupError):
    """No published meeting has this slug."""


@dataclass(frozen=True, slots=True)
class QuotaPlan:
    """A quota to open a meeting with; see `models.Quota`. The meeting's own is always there."""

    kind: str
    key: str
    capacity: int


def add(session: Session, meeting: Meeting, quotas: list[QuotaPlan]) -> None:
    """Add a new meeting with its quotas; a draft is told to nobody."""
    meeting.id = meeting.id or uuid7()
    session.add(meeting)
    session.flush()
    session.add_all(
        Quota(meeting_id=meeting.id, kind=quota.kind, key=quota.key, capacity=quota.capacity)
        for quota in quotas
    )
    session.flush()
    session.refresh(meeting)


def publish(session: Session, meeting: Meeting, quotas: list[QuotaPlan]) -> None:
    """Add a new meeting with its quotas and tell everybody its facts."""
    add(session, meeting, quotas)
    bus.publish(session, MeetingPublished(meeting=facts(meeting)))


def facts(meeting: Meeting | Row[Any]) -> MeetingFacts:
    """What other services are told of a meeting."""
    return MeetingFacts(
        slug=meeting.slug,
        version=meeting.version,
        title=meeting.title,
        province_code=meeting.province_code,
        venue=meeting.venue,
        zone=meeting.zone,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        days=days(meeting.starts_at, meeting.ends_at, meeting.zone),
    )


def days(starts_at: datetime, ends_at: datetime, zone: str) -> tuple[date, ...]:
    """The calendar days of a meeting, at its venue."""
    first = starts_at.astimezone(ZoneInfo(zone)).date()
    last = ends_at.astimezone(ZoneInfo(zone)).date()
    return tuple(first + timedelta(days=day) for day in range((last - first).days + 1))


_COLUMNS = """
    meeting.id, slug, title, province_code, organiser, description, venue, address, zone,
    starts_at, ends_at, closes_at, status, version, cancel_reason, per_institution, waiting_list,
    offer_hours, certificate, letter, keep_days, round_id,
    (status = 'published' AND now() < closes_at) AS open,
    EXISTS (SELECT FROM question WHERE question.meeting_id = meeting.id) AS has_questions,
    coalesce((SELECT min(capacity - taken) FROM quota
              WHERE quota.meeting_id = meeting.id AND kind = 'meeting'), 0) AS seats_left"""

_FIND = text(f"SELECT {_COLUMNS} FROM meeting WHERE slug = :slug")

_QUOTAS = text("""
    SELECT kind, key, capacity, taken, greatest(capacity - taken, 0) AS left
    FROM quota WHERE meeting_id = :meeting_id ORDER BY id""")

# Keyset paging: a page costs the same however far one turns.
_LIST = text(f"""
    SELECT {_COLUMNS} FROM meeting
    WHERE status <> 'draft'
      AND (NOT :open_only OR (status = 'published' AND now() < closes_at))
      AND (:words = '' OR title ILIKE :like OR venue ILIKE :like
           OR province_code = ANY (:provinces))
      AND (CAST(:after AS text) IS NULL OR (starts_at, slug) > (
           SELECT a.starts_at, a.slug FROM meeting a WHERE a.slug = :after))
    ORDER BY starts_at, slug LIMIT :limit""")


def find(session: Session | Connection, slug: str, caller: Caller = ANONYMOUS) -> Row[Any]:
    """One meeting; a draft only for the hosts of its region. Raises `MeetingNotFound`."""
    row = session.execute(_FIND, {"slug": slug}).first()
    if row is None or (row.status == "draft" and not may_host(caller, row.province_code)):
        raise MeetingNotFound(slug)
    return row


def may_host(caller: Caller, province_code: str) -> bool:
    """Whether the caller organises the meetings of this province."""
    return caller.role in HOSTS and caller.may_see(province_code)


def quotas(session: Session, meeting_id: UUID) -> list[Row[Any]]:
    """All quotas of a meeting, the meeting's own first."""
    return list(session.execute(_QUOTAS, {"meeting_id": meeting_id}))


def page(
    session: Session, *, words: str = "", open_only: bool = True, after: str | None = None
) -> tuple[list[Row[Any]], str | None]:
    """Meetings by date, and the slug after which the next page begins.

    `words` may be part of a title, a venue, or the name of a province or of a kab/kota in it.
    """
    provinces = {region.code[:2] for region in regions.search(words) if region.level <= 2}
    values = {
        "words": words,
        "like": f"%{like_literal(words)}%",
        "provinces": sorted(provinces),
        "open_only": open_only,
        "after": after,
        "limit": PAGE + 1,
    }
    rows = list(session.execute(_LIST, values))
    return rows[:PAGE], rows[PAGE - 1].slug if len(rows) > PAGE else None
