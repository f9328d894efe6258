"""A meeting at a glance: its quotas, the kab/kota that nobody comes from, and who was there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from services.registration import meetings
from services.registration.models import AgendaSession, Meeting
from services.registration.words import PARTICIPANT_TYPES, QUOTA_KINDS
from shared import regions
from shared.regions import Region
from shared.security import Caller

PAGE = 50


@dataclass(frozen=True, slots=True)
class Bar:
    """One quota. `waiting` is how many wait for a seat that this quota counts."""

    kind: str
    label: str
    capacity: int
    taken: int
    waiting: int

    @property
    def left(self) -> int:
        """Free seats; none when a quota was overdrawn by hand."""
        return max(self.capacity - self.taken, 0)


@dataclass(frozen=True, slots=True)
class Missing:
    """A kab/kota without an approved participant; `asked` people wait for a decision or a seat."""

    region: Region
    asked: int


_QUOTAS = text("""
    SELECT kind, key, capacity, taken,
        (SELECT count(*) FROM registration
         WHERE registration.meeting_id = quota.meeting_id AND status = 'waiting'
           AND CASE kind WHEN 'meeting' THEN true
                         WHEN 'participant_type' THEN participant_type = key
                         ELSE left(region_code, 5) = key END) AS waiting
    FROM quota WHERE meeting_id = :meeting_id AND kind <> 'institution'
    ORDER BY quota.id""")

# There are as many as people: they are counted once for all, and only the fullest are shown. It is
# no join: of a meeting it has not seen yet the planner expects one person and one quota, and would
# compare each with each.
_INSTITUTIONS = text("""
    WITH told AS (
        SELECT institution AS key, library_name AS name, CAST(status = 'waiting' AS int) AS waits,
            CAST(NULL AS int) AS capacity, CAST(NULL AS int) AS taken, CAST(NULL AS bigint) AS id
        FROM registration WHERE meeting_id = :meeting_id
        UNION ALL
        SELECT key, NULL, 0, capacity, taken, id FROM quota
        WHERE meeting_id = :meeting_id AND kind = 'institution' AND taken >= capacity
    ), full_ones AS (
        SELECT key, min(name) AS name, sum(waits) AS waiting, min(capacity) AS capacity,
            min(taken) AS taken, min(id) AS id, substring(key FROM '[^@]*$') AS region_code
        FROM told GROUP BY key HAVING count(id) > 0
    )
    SELECT 'institution' AS kind, key, capacity, taken, name, waiting, count(*) OVER () AS total
    FROM full_ones
    WHERE :national OR region_code = :own OR region_code LIKE :below
    ORDER BY taken - capacity DESC, waiting DESC, id LIMIT :limit""")

_BY_REGENCY = text("""
    SELECT left(region_code, 5) AS code,
        count(*) FILTER (WHERE status = 'approved') AS approved,
        count(*) FILTER (WHERE status NOT IN ('approved', 'rejected', 'cancelled')) AS asked
    FROM registration WHERE meeting_id = :meeting_id GROUP BY 1""")

_PRESENT = text("""
    SELECT check_in.day, check_in.session_id, count(*) AS present
    FROM check_in JOIN registration ON registration.id = registration_id
    WHERE check_in.meeting_id = :meeting_id AND undone_at IS NULL
      AND (:national OR region_code = :own OR region_code LIKE :below)
    GROUP BY 1, 2""")

_PEOPLE = text("""
    SELECT registration.id, code, name, participant_type, region_code, library_name, check_in.at,
        check_in.id AS check_in_id
    FROM registration LEFT JOIN check_in
      ON registration_id = registration.id AND day = :day AND undone_at IS NULL
     AND session_id IS NOT DISTINCT FROM CAST(:session_id AS uuid)
    WHERE registration.meeting_id = :meeting_id AND status = 'approved'
      AND (:national OR region_code = :own OR region_code LIKE :below)
      AND (:only = '' OR (:only = 'present') = (check_in.at IS NOT NULL))
      AND (CAST(:after AS uuid) IS NULL OR (name, registration.id) > (
           SELECT a.name, a.id FROM registration a WHERE a.id = :after))
    ORDER BY name, registration.id LIMIT :limit""")


def quotas(session: Session, meeting: Meeting) -> list[Bar]:
    """The meeting's quotas but those of institutions."""
    return [_bar(row) for row in session.execute(_QUOTAS, {"meeting_id": meeting.id})]


def full_institutions(session: Session, caller: Caller, meeting: Meeting) -> tuple[list[Bar], int]:
    """The fullest institutions of the caller's region, at most `PAGE`, and how many are full."""
    values = {"meeting_id": meeting.id, "limit": PAGE, **_scope(caller)}
    rows = session.execute(_INSTITUTIONS, values).all()
    return [_bar(row) for row in rows], rows[0].total if rows else 0


def _bar(row: Row[Any]) -> Bar:
    return Bar(row.kind, _label(row), row.capacity, row.taken, row.waiting)


def _label(row: Row[Any]) -> str:
    match row.kind:
        case "region":
            return regions.get(row.key).name
        case "participant_type":
            return PARTICIPANT_TYPES[row.key][0]
        case "institution":
            return str(row.name or row.key.rpartition("@")[0])
        case _:
            return QUOTA_KINDS[row.kind]


def uncovered(session: Session, caller: Caller, meeting: Meeting) -> list[Missing]:
    """The kab/kota of the caller's region from which nobody comes yet."""
    counted = {row.code: row for row in session.execute(_BY_REGENCY, {"meeting_id": meeting.id})}
    return [
        Missing(region, counted[region.code].asked if region.code in counted else 0)
        for region in regions.children(meeting.province_code)
        if caller.may_see(region.code)
        and (region.code not in counted or not counted[region.code].approved)
    ]


def sessions(session: Session, meeting: Meeting) -> list[AgendaSession]:
    """The sessions that ask for attendance."""
    query = select(AgendaSession).where(
        AgendaSession.meeting_id == meeting.id, AgendaSession.check_in
    )
    return list(session.scalars(query.order_by(AgendaSession.starts_at, AgendaSession.id)))


def days(meeting: Meeting) -> Sequence[date]:
    """The days of a meeting at its venue."""
    return meetings.days(meeting.starts_at, meeting.ends_at, meeting.zone)


def present(
    session: Session, caller: Caller, meeting: Meeting
) -> dict[tuple[date, UUID | None], int]:
    """How many of the caller's region were there, by day and session; no session is the day."""
    rows = session.execute(_PRESENT, {"meeting_id": meeting.id, **_scope(caller)})
    return {(row.day, row.session_id): row.present for row in rows}


def attendance(  # noqa: PLR0913 - which list
    session: Session,
    caller: Caller,
    meeting: Meeting,
    *,
    day: date,
    session_id: UUID | None,
    only: str = "",
    after: UUID | None = None,
) -> tuple[list[Row[Any]], UUID | None]:
    """Approved people by name, and since when each is there; `only` is present or absent."""
    values = {
        "meeting_id": meeting.id,
        "day": day,
        "session_id": session_id,
        "only": only,
        "after": after,
        "limit": PAGE + 1,
    }
    rows = list(session.execute(_PEOPLE, values | _scope(caller)))
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def _scope(caller: Caller) -> dict[str, Any]:
    own = caller.region_code or "-"  # no region, no rows
    return {"national": caller.role == "national", "own": own, "below": f"{own}.%"}
