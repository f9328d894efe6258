"""Whom there is to tell: own copies of meetings, participants, presence and officials.

Order does not matter and repetition changes nothing: a meeting, a registration and an account keep
the highest version that was told, of two facts about presence the later one holds, and who was
erased stays away.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.notifications import messages
from services.notifications.rules import ALL, Schedule
from shared.events import AccountChanged, AttendanceChanged, MeetingFacts, Participant

# What comes before a meeting, and says when and where it is.
BEFORE = [
    rule.name for rule in ALL if isinstance(rule.trigger, Schedule) and not rule.trigger.after_end
]
CHUNK = 200  # people read and told in one transaction: whoever waits for it waits for a second
_NIL = UUID(int=0)  # before every other
_NOBODY = {"name": "", "email": None, "phone": None}

_KEEP_MEETINGS = text("""
    INSERT INTO meeting (slug, version, province_code, title, zone, starts_at, ends_at, facts)
    SELECT facts ->> 'slug', CAST(facts ->> 'version' AS int), facts ->> 'province_code',
        facts ->> 'title', facts ->> 'zone', CAST(facts ->> 'starts_at' AS timestamptz),
        CAST(facts ->> 'ends_at' AS timestamptz), facts
    FROM jsonb_array_elements(CAST(:meetings AS jsonb)) AS told(facts)
    ORDER BY facts ->> 'slug'
    ON CONFLICT (slug) DO UPDATE SET
        version = excluded.version, province_code = excluded.province_code,
        title = excluded.title, zone = excluded.zone, starts_at = excluded.starts_at,
        ends_at = excluded.ends_at, facts = excluded.facts
    WHERE meeting.version < excluded.version
    RETURNING new.slug, (old.starts_at, old.ends_at, old.zone, old.facts ->> 'venue')
        IS DISTINCT FROM (new.starts_at, new.ends_at, new.zone, new.facts ->> 'venue') AS moved""")

_CANCEL_MEETINGS = text("""
    UPDATE meeting SET cancelled = true
    WHERE slug = ANY (CAST(:slugs AS text[])) AND NOT cancelled RETURNING slug""")

# Whoever comes to a meeting whose time or place changed is told so at once. A reminder that waits
# for the morning still says the old ones, so it goes no more, nor does one that a worker puts back.
# It gives its identity away, with those that failed before it, and its run is open again: so
# `schedules` writes it anew, for its time and with the new facts, and nobody's who has read theirs.
# It is a statement of its own, or it would not see what was written while the one before waited for
# the meeting's row.
_GIVE_UP = text("""
    WITH given_up AS (
        UPDATE message SET event_id = id, state_reason = 'overtaken',
            expires_at = least(expires_at, now()),
            state = CASE state WHEN 'queued' THEN 'expired' ELSE state END
        WHERE meeting_slug = ANY (CAST(:slugs AS text[])) AND class = 'reminder'
          AND rule = ANY (CAST(:before AS text[]))
          AND state IN ('queued', 'claimed', 'handing_over')
        RETURNING old.event_id, rule, meeting_slug
    ), failed AS (
        UPDATE message SET event_id = message.id FROM given_up
        WHERE message.event_id = given_up.event_id AND message.rule = given_up.rule
          AND message.state IN ('failed', 'bounced', 'suppressed')
    )
    DELETE FROM schedule_run USING given_up
    WHERE schedule_run.rule = given_up.rule AND about = meeting_slug""")

_COLUMNS = (
    *("meeting_slug", "version", "status", "code", "name", "email", "phone", "language"),
    *("participant_type", "region_code", "library_name", "own_link"),
)
_LIST = ", ".join(_COLUMNS)

_KEEP_PARTICIPANTS = text(f"""
    INSERT INTO participant (registration_id, since, {_LIST})
    SELECT registration_id, since, {_LIST}
    FROM jsonb_populate_recordset(NULL::participant, CAST(:participants AS jsonb)) AS told
    WHERE NOT EXISTS (SELECT FROM erased_subject WHERE about = CAST(registration_id AS text))
    ORDER BY registration_id
    ON CONFLICT (registration_id) DO UPDATE SET
        since = CASE participant.status WHEN excluded.status THEN participant.since
            ELSE excluded.since END,
        ({_LIST}) = ROW ({", ".join(f"excluded.{column}" for column in _COLUMNS)})
    WHERE participant.version < excluded.version""")

_ERASE = text("""
    WITH gone AS (
        DELETE FROM participant WHERE registration_id = ANY (CAST(:ids AS uuid[]))
    )
    DELETE FROM attendance WHERE registration_id = ANY (CAST(:ids AS uuid[]))""")

# Of two facts of one moment "present" holds: some order must, and it is the kinder mistake.
_KEEP_ATTENDANCE = text("""
    INSERT INTO attendance (registration_id, day, session_id, present, changed_at)
    SELECT registration_id, day, session_id, present, changed_at
    FROM jsonb_to_recordset(CAST(:facts AS jsonb)) AS told(
        registration_id uuid, day date, session_id uuid, present bool, changed_at timestamptz)
    WHERE NOT EXISTS (SELECT FROM erased_subject WHERE about = CAST(registration_id AS text))
    ORDER BY registration_id, day, session_id
    ON CONFLICT (registration_id, day, session_id) DO UPDATE
    SET present = excluded.present, changed_at = excluded.changed_at
    WHERE (attendance.changed_at, attendance.present) < (excluded.changed_at, excluded.present)""")

_KEEP_OFFICIALS = text("""
    INSERT INTO official
    SELECT * FROM jsonb_populate_recordset(NULL::official, CAST(:officials AS jsonb)) AS told
    ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE
    SET (version, name, email, phone, language, role, region_code, active) = ROW (excluded.version,
        excluded.name, excluded.email, excluded.phone, excluded.language, excluded.role,
        excluded.region_code, excluded.active)
    WHERE official.version < excluded.version""")

# Without a link of their own are those who were entered afterwards from a paper list: nobody of
# them waits for a message.
_COMING = text("""
    SELECT * FROM participant
    WHERE meeting_slug = :slug AND status = 'approved' AND own_link <> ''
      AND (NOT :attended OR EXISTS (
          SELECT FROM attendance
          WHERE attendance.registration_id = participant.registration_id AND present))
      AND registration_id > CAST(:after AS uuid)
    ORDER BY registration_id LIMIT :chunk""")


def keep_meetings(session: Session, facts: Iterable[MeetingFacts]) -> None:
    """Copy meetings; reminders that wait with an older time or place are given up."""
    highest = {one.slug: one for one in sorted(facts, key=lambda one: one.version)}
    rows = [one.model_dump(mode="json") for one in highest.values()]
    messages.join_writers(session)
    kept = session.execute(_KEEP_MEETINGS, {"meetings": json.dumps(rows)}).all()
    _give_up(session, [row.slug for row in kept if row.moved])


def cancel_meetings(session: Session, facts: Sequence[MeetingFacts]) -> None:
    """Copy that meetings do not take place, which is for good; nobody is reminded of them."""
    keep_meetings(session, facts)
    slugs = sorted({one.slug for one in facts})
    _give_up(session, session.execute(_CANCEL_MEETINGS, {"slugs": slugs}).scalars().all())


def participant(  # noqa: PLR0913 - what an event says of a registration
    registration_id: UUID,
    *,
    version: int,
    status: str,
    code: str,
    meeting: MeetingFacts,
    person: Participant,
    since: datetime,
    own_link: str = "",
) -> dict[str, Any]:
    """A row for `keep_participants`. `since` is when the event said that this is its status."""
    return {
        **person.model_dump(mode="json", exclude={"position"}),
        "registration_id": str(registration_id),
        "meeting_slug": meeting.slug,
        "version": version,
        "status": status,
        "code": code,
        "since": since.isoformat(),
        "own_link": own_link,
    }


def keep_participants(session: Session, rows: list[dict[str, Any]]) -> None:
    """Copy registrations; of whom we were told to forget nothing is kept."""
    highest = {row["registration_id"]: row for row in sorted(rows, key=lambda r: r["version"])}
    messages.join_writers(session)
    session.execute(_KEEP_PARTICIPANTS, {"participants": json.dumps(list(highest.values()))})


def erase(session: Session, registration_ids: Iterable[str]) -> None:
    """Delete people's copies; `forgetting.erase` comes first and keeps them away.

    What they said they do not want stays (`preferences`): it holds an address and a no. It is the
    one thing that must outlive the rest, or the next list with that address would write to them
    against their word; and a colleague may read the same mailbox.
    """
    session.execute(_ERASE, {"ids": sorted(set(registration_ids))})


def keep_attendance(session: Session, events: Iterable[AttendanceChanged]) -> None:
    """Copy who was there, and when that was undone."""
    facts = sorted(events, key=lambda fact: (fact.changed_at, fact.present))
    latest = {(fact.registration_id, fact.day, fact.session_id): fact for fact in facts}
    rows = [fact.model_dump(mode="json") for fact in latest.values()]
    messages.join_writers(session)
    session.execute(_KEEP_ATTENDANCE, {"facts": json.dumps(rows)})


def keep_officials(session: Session, events: Iterable[AccountChanged]) -> None:
    """Copy accounts; of one that is closed only that it is: nobody is told anything there."""
    highest = {one.account_id: one for one in sorted(events, key=lambda one: one.version)}
    rows = [
        one.model_dump(mode="json") | ({} if one.active else _NOBODY) for one in highest.values()
    ]
    session.execute(_KEEP_OFFICIALS, {"officials": json.dumps(rows)})


def coming(session: Session, slug: str, *, attended: bool, after: str = "") -> Sequence[Row[Any]]:
    """The next chunk of who comes to a meeting, or was there, after a registration's id.

    Their seats are certain. Fewer than `CHUNK` are the last ones.
    """
    values = {"slug": slug, "attended": attended, "after": after or str(_NIL), "chunk": CHUNK}
    return session.execute(_COMING, values).all()


def _give_up(session: Session, slugs: Sequence[str]) -> None:
    if slugs:
        session.execute(_GIVE_UP, {"slugs": list(slugs), "before": BEFORE})
