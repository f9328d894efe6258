"""Events in: own copies of meetings, participants, certificates and presence.

Order does not matter and repetition changes nothing: a registration carries its meeting's facts, a
meeting and a registration keep the highest version that was told, a certificate is revoked for
good, of two facts about presence the later one holds, and who was erased stays nameless.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reporting import libraries, readers, reports
from services.reporting.resources import bus
from shared.bus import Envelope
from shared.events import (
    AccountChanged,
    AttendanceChanged,
    CertificateIssued,
    CertificateRevoked,
    Event,
    LibraryChanged,
    MeetingCancelled,
    MeetingFacts,
    MeetingPublished,
    Participant,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationCorrected,
    RegistrationErased,
    RegistrationEvent,
    RegistrationImported,
    RegistrationRejected,
    RegistrationReturned,
    RegistrationSubmitted,
    RegistrationWaitlisted,
    SeatOffered,
)
from shared.names import plain_name

# What a registration event tells has its own version; these two are always the first.
FIRST: dict[type[Event], str] = {
    RegistrationSubmitted: "submitted",
    RegistrationImported: "approved",
}
LATER: tuple[type[RegistrationEvent], ...] = (
    RegistrationWaitlisted,
    RegistrationApproved,
    RegistrationReturned,
    RegistrationCorrected,
    RegistrationRejected,
    RegistrationCancelled,
    SeatOffered,
)

# Rows are locked in one order, also those that stay as they are: from here to the commit a meeting
# belongs to one batch, so its revisions come in the order in which their changes can be seen.
_KEEP_MEETINGS = text("""
    INSERT INTO meeting (slug, version, title, province_code, venue, zone, starts_at, ends_at, days)
    SELECT slug, version, title, province_code, venue, zone, starts_at, ends_at, days
    FROM jsonb_to_recordset(CAST(:meetings AS jsonb)) AS told(
        slug text, version int, title text, province_code text, venue text, zone text,
        starts_at timestamptz, ends_at timestamptz, days date[])
    ORDER BY slug
    ON CONFLICT (slug) DO UPDATE SET
        version = excluded.version, title = excluded.title, province_code = excluded.province_code,
        venue = excluded.venue, zone = excluded.zone, starts_at = excluded.starts_at,
        ends_at = excluded.ends_at, days = excluded.days, revision = meeting.revision + 1
    WHERE meeting.version < excluded.version""")

_CANCEL_MEETINGS = text("""
    UPDATE meeting SET status = 'cancelled', revision = revision + 1
    WHERE slug = ANY (CAST(:slugs AS text[])) AND status <> 'cancelled'""")

# Whoever writes participants shares it, an erasure has it alone: so it sees all that was written
# before it, and whoever writes after it sees the erasure.
_WRITERS = "hashtext('reporting.participant')"
_AMONG_WRITERS = text(f"SELECT pg_advisory_xact_lock_shared({_WRITERS})")
_ALONE = text(f"SELECT pg_advisory_xact_lock({_WRITERS})")

_TOLD = (
    *("meeting_slug", "name", "sort_name", "phone", "participant_type", "library_name"),
    *("position", "region_code", "province_code", "regency_code", "district_code", "village_code"),
)
_ERASED = {"name": "'—'", "sort_name": "''", "phone": "NULL", "position": "'—'"}


def _of(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in ("status", *_TOLD))


def _unless_erased() -> str:
    return ", ".join(
        f"CASE WHEN erased.registration_id IS NULL THEN told.{column} ELSE {_ERASED[column]} END"
        if column in _ERASED
        else f"told.{column}"
        for column in _TOLD
    )


# A replay mends what an earlier version of this service wrote wrongly, but a lower version never
# says more than the copy has.
_KEEP_PARTICIPANTS = text(f"""
    WITH kept AS (
        INSERT INTO participant (registration_id, version, status, {", ".join(_TOLD)})
        SELECT told.registration_id, version, status, {_unless_erased()}
        FROM jsonb_to_recordset(CAST(:participants AS jsonb)) AS told(
            registration_id uuid, version int, status text,
            {", ".join(f"{column} text" for column in _TOLD)})
        LEFT JOIN erased ON erased.registration_id = told.registration_id
        ORDER BY told.registration_id
        ON CONFLICT (registration_id) DO UPDATE
        SET (version, status, {", ".join(_TOLD)}) = ROW (excluded.version, {_of("excluded")})
        WHERE participant.version < excluded.version
           OR participant.version = excluded.version
              AND ({_of("participant")}) IS DISTINCT FROM ({_of("excluded")})
        RETURNING meeting_slug
    )
    UPDATE meeting SET revision = revision + 1 WHERE slug IN (SELECT meeting_slug FROM kept)""")

_REMEMBER_ERASED = text("""
    INSERT INTO erased (registration_id)
    SELECT unnest(CAST(:ids AS uuid[])) AS registration_id ORDER BY registration_id
    ON CONFLICT DO NOTHING""")

_ERASE_PARTICIPANTS = text(f"""
    WITH nameless AS (
        UPDATE participant SET {", ".join(f"{c} = {blank}" for c, blank in _ERASED.items())}
        WHERE registration_id = ANY (CAST(:ids AS uuid[])) RETURNING meeting_slug
    )
    UPDATE meeting SET revision = revision + 1 WHERE slug IN (SELECT meeting_slug FROM nameless)
    RETURNING slug""")

_ERASE_NUMBERS = text("""
    UPDATE certificate SET number = '' WHERE registration_id = ANY (CAST(:ids AS uuid[]))""")

_KEEP_CERTIFICATES = text("""
    INSERT INTO certificate (certificate_id, registration_id, number, revoked)
    SELECT certificate_id, told.registration_id,
        CASE WHEN erased.registration_id IS NULL THEN number ELSE '' END, revoked
    FROM jsonb_to_recordset(CAST(:certificates AS jsonb)) AS told(
        certificate_id uuid, registration_id uuid, number text, revoked bool)
    LEFT JOIN erased ON erased.registration_id = told.registration_id
    ORDER BY certificate_id
    ON CONFLICT (certificate_id) DO UPDATE SET revoked = true
    WHERE excluded.revoked AND NOT certificate.revoked""")

# Of two facts of one moment "present" holds: some order must, and it is the kinder mistake.
_KEEP_ATTENDANCE = text("""
    INSERT INTO attendance (registration_id, day, session_id, present, changed_at)
    SELECT registration_id, day, session_id, present, changed_at
    FROM jsonb_to_recordset(CAST(:facts AS jsonb)) AS told(
        registration_id uuid, day date, session_id uuid, present bool, changed_at timestamptz)
    ORDER BY registration_id, day, session_id
    ON CONFLICT (registration_id, day, session_id) DO UPDATE
    SET present = excluded.present, changed_at = excluded.changed_at
    WHERE (attendance.changed_at, attendance.present) < (excluded.changed_at, excluded.present)""")


@bus.on(MeetingPublished)
def keep_meetings(session: Session, envelopes: list[Envelope[MeetingPublished]]) -> None:
    """Copy the meetings' facts."""
    _keep_facts(session, (envelope.data.meeting for envelope in envelopes))


@bus.on(MeetingCancelled)
def cancel_meetings(session: Session, envelopes: list[Envelope[MeetingCancelled]]) -> None:
    """Copy that they do not take place, which is for good."""
    meetings = [envelope.data.meeting for envelope in envelopes]
    _keep_facts(session, meetings)
    session.execute(_CANCEL_MEETINGS, {"slugs": sorted({m.slug for m in meetings})})


def keep_first(session: Session, envelopes: list[Envelope[Any]]) -> None:
    """Copy who registered, or was on the paper list, which was the host's approval."""
    events = [envelope.data for envelope in envelopes]
    rows = [
        _row(event.registration_id, 1, FIRST[type(event)], event.meeting, event.participant)
        for event in events
    ]
    _keep(session, (event.meeting for event in events), rows)


def keep_changes(session: Session, envelopes: list[Envelope[Any]]) -> None:
    """Copy what became of registrations."""
    facts = [envelope.data.registration for envelope in envelopes]
    rows = [_row(f.registration_id, f.version, f.status, f.meeting, f.participant) for f in facts]
    _keep(session, (f.meeting for f in facts), rows)


for event_class in FIRST:
    bus.on(event_class)(keep_first)
for event_class in LATER:
    bus.on(event_class)(keep_changes)


@bus.on(CertificateIssued)
def keep_issued(session: Session, envelopes: list[Envelope[CertificateIssued]]) -> None:
    """Copy the certificates' numbers."""
    _keep_certificates(session, envelopes, revoked=False)


@bus.on(CertificateRevoked)
def keep_revoked(session: Session, envelopes: list[Envelope[CertificateRevoked]]) -> None:
    """Copy that certificates are no longer valid."""
    _keep_certificates(session, envelopes, revoked=True)


@bus.on(AttendanceChanged)
def keep_attendance(session: Session, envelopes: list[Envelope[AttendanceChanged]]) -> None:
    """Copy who was there, and when that was undone."""
    facts = sorted((e.data for e in envelopes), key=lambda fact: (fact.changed_at, fact.present))
    latest = {(fact.registration_id, fact.day, fact.session_id): fact for fact in facts}
    rows = [fact.model_dump(mode="json") for fact in latest.values()]
    session.execute(_KEEP_ATTENDANCE, {"facts": json.dumps(rows)})


@bus.on(RegistrationErased, first=True)  # it writes alone, and all others share
def forget(session: Session, envelopes: list[Envelope[RegistrationErased]]) -> None:
    """Take the person out of the copies and of the files; what is counted stays."""
    ids = {"ids": sorted({envelope.data.registration_id for envelope in envelopes})}
    session.execute(_ALONE)
    session.execute(_REMEMBER_ERASED, ids)
    session.execute(_ERASE_NUMBERS, ids)
    reports.withdraw(session, session.execute(_ERASE_PARTICIPANTS, ids).scalars().all())
    bus.forget(session, [envelope.subject for envelope in envelopes])


def _keep_certificates(session: Session, envelopes: list[Envelope[Any]], *, revoked: bool) -> None:
    keep_changes(session, envelopes)
    rows = {
        str(event.certificate_id): {
            "certificate_id": str(event.certificate_id),
            "registration_id": str(event.registration.registration_id),
            "number": event.number,
            "revoked": revoked,
        }
        for event in (envelope.data for envelope in envelopes)
    }
    session.execute(_KEEP_CERTIFICATES, {"certificates": json.dumps(list(rows.values()))})


def _keep(session: Session, meetings: Iterable[MeetingFacts], rows: list[dict[str, Any]]) -> None:
    session.execute(_AMONG_WRITERS)
    _keep_facts(session, meetings)
    highest = {row["registration_id"]: row for row in sorted(rows, key=lambda r: r["version"])}
    session.execute(_KEEP_PARTICIPANTS, {"participants": json.dumps(list(highest.values()))})


def _keep_facts(session: Session, facts: Iterable[MeetingFacts]) -> None:
    highest = {meeting.slug: meeting for meeting in sorted(facts, key=lambda m: m.version)}
    rows = [meeting.model_dump(mode="json") for meeting in highest.values()]
    session.execute(_KEEP_MEETINGS, {"meetings": json.dumps(rows)})


def _row(
    registration_id: UUID, version: int, status: str, meeting: MeetingFacts, person: Participant
) -> dict[str, Any]:
    parts = person.region_code.split(".")
    codes = [".".join(parts[:level]) if len(parts) >= level else None for level in range(1, 5)]
    levels = ("province_code", "regency_code", "district_code", "village_code")
    return {
        "registration_id": str(registration_id),
        "version": version,
        "status": status,
        "meeting_slug": meeting.slug,
        "name": person.name,
        "sort_name": plain_name(person.name),
        "phone": person.phone,
        "participant_type": person.participant_type,
        "library_name": person.library_name,
        "position": person.position,
        "region_code": person.region_code,
        **dict(zip(levels, codes, strict=True)),
    }


@bus.on(LibraryChanged)
def keep_libraries(session: Session, envelopes: list[Envelope[LibraryChanged]]) -> None:
    """Keep our own copy of the directory, without anybody's contact."""
    today = datetime.now(UTC).date()
    libraries.keep(session, (envelope.data for envelope in envelopes), today)


@bus.on(AccountChanged)
def keep_readers(session: Session, envelopes: list[Envelope[AccountChanged]]) -> None:
    """Keep what accounts may see, for the schedules of their owners."""
    readers.keep(session, (envelope.data for envelope in envelopes))
