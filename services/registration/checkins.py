"""Check-in: who is there, on a day or in a session, from devices that may be without a line."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import zxingcpp
from PIL import Image
from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import audit, meetings
from services.registration.attendance_schemas import Scan
from services.registration.audit import Change
from services.registration.models import CheckIn, Meeting, Registration
from services.registration.resources import bus
from shared.database import like_literal
from shared.events import AttendanceChanged
from shared.security import Caller
from shared.tracing import current_traceparent, trace_id

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # no meeting of ours was before
CANDIDATES = 20  # people shown for a name
PIXELS = 4_000_000  # of a picture to be decoded
QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
BEFORE, AFTER = timedelta(days=3), timedelta(days=7)  # the meeting, that helpers are at its door
RACES = 3  # times to look again for somebody whom another device took at the same moment

_read: dict[str, tuple[float, Row[Any]]] = {}  # slug -> good until, and the meeting

_TICKET = re.compile(r"/t/([^/?#\s]+)")


class CheckInNotFound(LookupError):
    """No check-in has this id, or none that the caller may see."""


class DoorClosed(Exception):
    """The caller helps at this meeting's door, but only around its days; see `is_crew`."""


class BadPicture(Exception):
    """No picture, or one that is too large."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The meeting, day and session that people are checked in for."""

    meeting: Row[Any]
    days: tuple[date, ...]
    sessions: list[Row[Any]]  # those with check-in, each with its `day`


# One statement for the whole list, on an autocommit connection. Rows go in in one order, so that
# two devices with the same people cannot deadlock; the unique index lets one of them win. What
# the other one did in the same moment this statement cannot see: `status` is null, and it is run
# again. The event is sealed before its registration is known, and gets the id put in here. Earlier
# check-ins are looked up one by one (LIMIT 1): the planner expects a hundred scans, and for so many
# would rather read the whole table.
_CHECK_IN = text("""
    WITH scan AS (
        SELECT * FROM jsonb_to_recordset(CAST(:scans AS jsonb)) AS s(
            place int, id uuid, code text, day date, session_id uuid, at timestamptz, device text,
            event_id uuid, envelope text)
    ), known AS (
        SELECT scan.*, registration.id AS registration_id, registration.name,
            registration.library_name, registration.region_code,
            CASE WHEN registration.id IS NULL THEN 'unknown'
                 WHEN registration.meeting_id <> :meeting_id THEN 'wrong_meeting'
                 WHEN registration.status <> 'approved' THEN 'not_approved'
                 WHEN scan.day <> ALL (CAST(:days AS date[])) THEN 'wrong_day'
                 WHEN scan.session_id IS NOT NULL AND NOT EXISTS (
                     SELECT FROM agenda_session
                     WHERE id = scan.session_id AND meeting_id = :meeting_id AND check_in
                       AND (starts_at AT TIME ZONE :zone)::date = scan.day) THEN 'wrong_day'
            END AS refused
        FROM scan LEFT JOIN registration ON registration.code = scan.code
    ), inserted AS (
        INSERT INTO check_in (id, meeting_id, registration_id, day, session_id, at, by, device)
        SELECT id, :meeting_id, registration_id, day, session_id, at, :by, device
        FROM (SELECT DISTINCT ON (registration_id, day, session_id) * FROM known
              WHERE refused IS NULL
              ORDER BY registration_id, day, session_id, at, place) AS one_of_each
        ORDER BY registration_id, day, session_id
        ON CONFLICT DO NOTHING
        RETURNING id, registration_id, at
    ), fresh AS (
        SELECT DISTINCT ON (id) known.* FROM known JOIN inserted USING (id, registration_id)
        ORDER BY id, known.at, place
    ), published AS (
        INSERT INTO outbox (id, type, envelope)
        SELECT event_id, :event_type,
            CAST(replace(envelope, :stand_in, registration_id::text) AS json)
        FROM fresh
    ), logged AS (
        INSERT INTO audit_entry (actor, actor_name, actor_role, action, noun, noun_id, region_code,
            after, trace_id)
        SELECT :actor, :by, :role, 'checked_in', 'registration', registration_id::text,
            region_code, jsonb_build_object('day', day, 'session_id', session_id), :trace_id
        FROM fresh
    )
    SELECT known.id, known.name, known.library_name AS library, known.refused,
        coalesce(inserted.id, own.id, live.id, first_scan.id) AS check_in_id,
        coalesce(inserted.at, own.at, live.at, first_scan.at) AS at,
        split_part(CASE WHEN first_scan.id IS NOT NULL THEN :by
                        ELSE coalesce(own.by, live.by) END, ' ', 1) AS by,
        CASE WHEN known.refused IS NOT NULL THEN known.refused
             WHEN inserted.id IS NOT NULL THEN 'checked_in'
             WHEN own.undone_at IS NOT NULL THEN 'undone'
             WHEN own.id IS NOT NULL THEN 'checked_in'
             WHEN live.id IS NOT NULL OR first_scan.id IS NOT NULL THEN 'already'
        END AS status
    FROM known
    LEFT JOIN inserted ON inserted.id = known.id
        AND inserted.registration_id = known.registration_id
    LEFT JOIN LATERAL (
        SELECT * FROM check_in WHERE id = known.id AND registration_id = known.registration_id
        LIMIT 1) AS own ON true
    LEFT JOIN LATERAL (
        SELECT * FROM check_in
        WHERE registration_id = known.registration_id AND day = known.day
          AND session_id IS NOT DISTINCT FROM known.session_id AND undone_at IS NULL
        LIMIT 1) AS live ON true
    LEFT JOIN fresh first_scan ON first_scan.registration_id = known.registration_id
        AND first_scan.day = known.day
        AND first_scan.session_id IS NOT DISTINCT FROM known.session_id
    ORDER BY known.place""")

_PEOPLE = text("""
    SELECT code, name, library_name AS library FROM registration
    WHERE meeting_id = :meeting_id AND status = 'approved' ORDER BY name, id""")

_SEARCH = text("""
    SELECT code, name, library_name AS library FROM registration
    WHERE meeting_id = :meeting_id AND status = 'approved' AND name ILIKE :like
    ORDER BY name, id LIMIT :limit""")

_COUNT = text("""
    SELECT (SELECT count(*) FROM check_in
            WHERE meeting_id = :meeting_id AND day = :day AND undone_at IS NULL
              AND session_id IS NOT DISTINCT FROM :session_id) AS present,
           (SELECT count(*) FROM registration
            WHERE meeting_id = :meeting_id AND status = 'approved') AS approved""")

_SESSIONS = text("""
    SELECT agenda_session.id, agenda_session.title, agenda_session.starts_at,
        (agenda_session.starts_at AT TIME ZONE meeting.zone)::date AS day
    FROM agenda_session JOIN meeting ON meeting.id = meeting_id
    WHERE meeting_id = :meeting_id AND check_in
    ORDER BY agenda_session.starts_at, agenda_session.id""")


def door(source: Session | Connection, slug: str, caller: Caller) -> Row[Any]:
    """The meeting to check in at.

    Raises `MeetingNotFound`, also when the caller is no crew, and `DoorClosed`.
    """
    meeting = meetings.find(source, slug)
    _admit(caller, meeting)
    return meeting


def busy_door(connection: Connection, slug: str, caller: Caller) -> Row[Any]:
    """As `door`, for scans, of which one follows another: a meeting is read every two seconds."""
    now = time.monotonic()
    until, meeting = _read.get(slug, (0.0, None))
    if meeting is None or until < now:
        meeting = meetings.find(connection, slug)
        _read[slug] = (now + 2, meeting)
    _admit(caller, meeting)
    return meeting


def is_crew(caller: Caller, meeting: Row[Any] | Meeting) -> bool:
    """Whether the caller may work at the meeting's door now.

    Who sees its province always may. Those of its kab/kota help each other at the door, whoever's
    people come in, so they get to know all of them: from `BEFORE` its first day to `AFTER` its
    last, and not all year.
    """
    return caller.may_see(meeting.province_code) or (_helps(caller, meeting) and _is_near(meeting))


def _admit(caller: Caller, meeting: Row[Any]) -> None:
    if not is_crew(caller, meeting):
        raise DoorClosed if _helps(caller, meeting) else meetings.MeetingNotFound(meeting.slug)


def _helps(caller: Caller, meeting: Row[Any] | Meeting) -> bool:
    return caller.region_code.startswith(f"{meeting.province_code}.")


def _is_near(meeting: Row[Any] | Meeting) -> bool:
    days = meetings.days(meeting.starts_at, meeting.ends_at, meeting.zone)
    here = datetime.now(ZoneInfo(meeting.zone)).date()
    return days[0] - BEFORE <= here <= days[-1] + AFTER


def desk(session: Session, slug: str, caller: Caller) -> Desk:
    """A door with its days and sessions. Raises as `door` does."""
    meeting = door(session, slug, caller)
    sessions = list(session.execute(_SESSIONS, {"meeting_id": meeting.id}))
    days = meetings.days(meeting.starts_at, meeting.ends_at, meeting.zone)
    return Desk(meeting, days, sessions)


def record(
    connection: Connection, caller: Caller, meeting: Row[Any], scans: Sequence[Scan]
) -> list[dict[str, Any]]:
    """Check in whom the scans name, each once; the results in their order, see `ScanResult`.

    `connection` commits each statement. The same scans again have the same results.
    """
    values = _values(caller, meeting, scans)
    rows: Sequence[Row[Any]] = []
    for _ in range(RACES):
        rows = connection.execute(_CHECK_IN, values).all()
        if all(row.status for row in rows):
            break
    bus.outbox.ring_now()
    return [_result(row) for row in rows]


def undo(session: Session, caller: Caller, meeting_id: UUID, check_in_id: UUID) -> CheckIn:
    """Take a check-in back; undone twice is undone once. Raises `CheckInNotFound`."""
    found = session.get(CheckIn, check_in_id, with_for_update=True)
    if found is None or found.meeting_id != meeting_id:
        raise CheckInNotFound(check_in_id)
    if found.undone_at:
        return found
    found.undone_at, found.undone_by = datetime.now(UTC), caller.name
    person = session.get_one(Registration, found.registration_id)
    said = {"day": found.day, "session_id": found.session_id}
    change = Change("registration", str(person.id), person.region_code, before=said)
    audit.record(session, caller, "undone", change)
    event = AttendanceChanged(
        registration_id=person.id,
        meeting_slug=session.get_one(Meeting, meeting_id).slug,
        **said,
        present=False,
        changed_at=found.undone_at,
    )
    bus.publish(session, event)
    return found


def find(session: Session, meeting_id: UUID, check_in_id: UUID) -> tuple[CheckIn, Registration]:
    """One check-in and whose it is. Raises `CheckInNotFound`."""
    found = session.get(CheckIn, check_in_id)
    if found is None or found.meeting_id != meeting_id:
        raise CheckInNotFound(check_in_id)
    return found, session.get_one(Registration, found.registration_id)


def people(session: Session, caller: Caller, meeting: Row[Any]) -> list[Row[Any]]:
    """Code, name and library of everybody who may come in; the log says who took them along."""
    found = list(session.execute(_PEOPLE, {"meeting_id": meeting.id}))
    told = Change("meeting", meeting.slug, meeting.province_code, after={"people": len(found)})
    audit.record_daily(session, caller, "attendees_sent", told)
    return found


def search(session: Session, meeting_id: UUID, words: str) -> list[Row[Any]]:
    """Who may come in and has this in the name; at most `CANDIDATES`."""
    values = {"meeting_id": meeting_id, "like": f"%{like_literal(words)}%", "limit": CANDIDATES}
    return list(session.execute(_SEARCH, values))


def count(session: Session, meeting_id: UUID, day: date, session_id: UUID | None) -> Row[Any]:
    """How many are `present`, of how many `approved`."""
    values = {"meeting_id": meeting_id, "day": day, "session_id": session_id}
    return session.execute(_COUNT, values).one()


def today(meeting: Row[Any], days: Sequence[date]) -> date:
    """The day of the meeting that is today, or the nearest one."""
    now = datetime.now(UTC).astimezone(ZoneInfo(meeting.zone)).date()
    return min(max(now, days[0]), days[-1])


def read_code(typed: str) -> str:
    """A ticket's code, however it was typed, or from the address in its QR; '' if it is none."""
    found = _TICKET.search(typed)
    plain = re.sub(r"[^0-9A-Z]", "", (found[1] if found else typed).upper())
    return f"{plain[:5]}-{plain[5:]}" if len(plain) in {10, 11} else ""


def decode(picture: bytes) -> str | None:
    """What a QR in a picture says; None when there is none. Raises `BadPicture`."""
    try:
        with Image.open(BytesIO(picture), formats=("JPEG",)) as image:
            if image.width * image.height > PIXELS:
                raise BadPicture
            found = zxingcpp.read_barcode(image.convert("L"), QR_ONLY)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadPicture from error
    return found.text if found else None


def _values(caller: Caller, meeting: Row[Any], scans: Sequence[Scan]) -> dict[str, Any]:
    now = datetime.now(UTC)
    stand_in = uuid7()
    return {
        "scans": json.dumps(
            [_scan(place, scan, meeting, stand_in, now) for place, scan in enumerate(scans)]
        ),
        "meeting_id": meeting.id,
        "zone": meeting.zone,
        "days": list(meetings.days(meeting.starts_at, meeting.ends_at, meeting.zone)),
        "stand_in": str(stand_in),
        "event_type": AttendanceChanged.type,
        "actor": caller.subject,
        "by": caller.name,
        "role": caller.role,
        "trace_id": trace_id(current_traceparent()),
    }


def _scan(
    place: int, scan: Scan, meeting: Row[Any], stand_in: UUID, now: datetime
) -> dict[str, Any]:
    event = AttendanceChanged(
        registration_id=stand_in,
        meeting_slug=meeting.slug,
        day=scan.day,
        session_id=scan.session_id,
        present=True,
        changed_at=now,
    )
    row = bus.outbox.row(event)
    return {
        "place": place,
        "id": str(scan.id),
        "code": read_code(scan.code),
        "day": str(scan.day),
        "session_id": scan.session_id and str(scan.session_id),
        "at": max(LONG_AGO, min(scan.at, now)).isoformat(),
        "device": scan.device,
        "event_id": str(row["id"]),
        "envelope": row["envelope"],
    }


def _result(row: Row[Any]) -> dict[str, Any]:
    ours = row.refused in {None, "not_approved", "wrong_day"}
    return {
        "id": row.id,
        "status": row.status or "unknown",  # its id is that of somebody else's scan
        "name": row.name if ours else None,
        "library": row.library if ours else None,
        "at": row.at,
        "by": row.by or None,
        "check_in_id": row.check_in_id if row.status in {"checked_in", "already"} else None,
    }
