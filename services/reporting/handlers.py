"""Events in: own copies of meetings and participants.

Order does not matter and repetition changes nothing: a registration carries its meeting's facts, a
meeting keeps the highest version it has seen, a participant is known by the registration's id.
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.reporting.resources import bus
from shared.bus import Envelope
from shared.events import (
    MeetingFacts,
    MeetingPublished,
    RegistrationImported,
    RegistrationSubmitted,
)
from shared.names import plain_name

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

_TOLD = (
    *("meeting_slug", "name", "sort_name", "phone", "participant_type", "library_name"),
    *("position", "region_code", "province_code", "regency_code", "district_code", "village_code"),
)


def _of(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in _TOLD)


# A replay mends what an earlier version of this service wrote wrongly, but never the status: later
# facts than the registration decide that.
_KEEP_PARTICIPANTS = text(f"""
    WITH kept AS (
        INSERT INTO participant (registration_id, status, {", ".join(_TOLD)})
        SELECT registration_id, :status, {_of("told")}
        FROM jsonb_to_recordset(CAST(:participants AS jsonb)) AS told(
            registration_id uuid, {", ".join(f"{column} text" for column in _TOLD)})
        ORDER BY registration_id
        ON CONFLICT (registration_id) DO UPDATE SET ({", ".join(_TOLD)}) = ROW ({_of("excluded")})
        WHERE ({_of("participant")}) IS DISTINCT FROM ({_of("excluded")})
        RETURNING meeting_slug
    )
    UPDATE meeting SET revision = revision + 1 WHERE slug IN (SELECT meeting_slug FROM kept)""")


@bus.on(MeetingPublished)
def keep_meetings(session: Session, envelopes: list[Envelope[MeetingPublished]]) -> None:
    """Copy the meetings' facts."""
    _keep_facts(session, (envelope.data.meeting for envelope in envelopes))


@bus.on(RegistrationSubmitted)
def keep_submitted(session: Session, envelopes: list[Envelope[RegistrationSubmitted]]) -> None:
    """Copy who registered; the host has not decided yet."""
    _keep(session, "submitted", [envelope.data for envelope in envelopes])


@bus.on(RegistrationImported)
def keep_imported(session: Session, envelopes: list[Envelope[RegistrationImported]]) -> None:
    """Copy who was on the paper list; being on it was the host's approval."""
    _keep(session, "approved", [envelope.data for envelope in envelopes])


def _keep(
    session: Session, status: str, events: list[RegistrationSubmitted] | list[RegistrationImported]
) -> None:
    _keep_facts(session, (event.meeting for event in events))
    rows = {str(event.registration_id): _row(event) for event in events}
    session.execute(
        _KEEP_PARTICIPANTS, {"status": status, "participants": json.dumps(list(rows.values()))}
    )


def _keep_facts(session: Session, facts: Iterable[MeetingFacts]) -> None:
    highest = {meeting.slug: meeting for meeting in sorted(facts, key=lambda m: m.version)}
    rows = [meeting.model_dump(mode="json") for meeting in highest.values()]
    session.execute(_KEEP_MEETINGS, {"meetings": json.dumps(rows)})


def _row(event: RegistrationSubmitted | RegistrationImported) -> dict[str, Any]:
    person = event.participant
    parts = person.region_code.split(".")
    codes = [".".join(parts[:level]) if len(parts) >= level else None for level in range(1, 5)]
    levels = ("province_code", "regency_code", "district_code", "village_code")
    return {
        "registration_id": str(event.registration_id),
        "meeting_slug": event.meeting.slug,
        "name": person.name,
        "sort_name": plain_name(person.name),
        "phone": person.phone,
        "participant_type": person.participant_type,
        "library_name": person.library_name,
        "position": person.position,
        "region_code": person.region_code,
        **dict(zip(levels, codes, strict=True)),
    }
