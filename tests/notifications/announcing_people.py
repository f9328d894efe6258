"""People to announce something to, and announcements, for the tests of both."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import emptying
from notifications.mailroom import rows, send_due
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications import announcements, jobs
from services.notifications.announcement_schemas import AnnouncementForm
from services.notifications.api.announcements import begin
from services.notifications.models import Announcement
from services.notifications.resources import database
from shared.security import Caller

NATIONAL = Caller("national", "Petugas Nasional (contoh)")
KEPRI = Caller("province", "Petugas Kepri (contoh)", region_code="21")
BINTAN = Caller("regency", "Petugas Bintan (contoh)", region_code="21.01")
CLEAR = emptying.deleting(
    *(
        "message_action",
        "receipt",
        "attempt",
        "message",
        "announcement",
        "participant",
        "official",
        "meeting",
    ),
    *("preference", "suppression", "erased_subject", "provider_state", "rule_setting"),
)
TEXT = {"subject": "Bahan pertemuan", "body": "Bahan sudah ada.\n\nUnduh: https://contoh.id/bahan."}


def meeting(slug: str = "plm-21", province: str = "21") -> None:
    """A meeting of a province."""
    rows(
        "INSERT INTO meeting (slug, version, province_code, title, zone, starts_at, ends_at, facts)"
        " VALUES (:slug, 1, :province, 'Pertemuan Contoh', 'Asia/Jakarta', now(), now(), '{}')",
        slug=slug,
        province=province,
    )


def participant(**changes: Any) -> UUID:
    """Somebody who registered; returns the registration's id."""
    registration_id = uuid7()
    person = {
        "registration_id": str(registration_id),
        "meeting_slug": "plm-21",
        "version": 1,
        "status": "approved",
        "code": "AAAAA-AAAAA",
        "name": "Peserta Contoh",
        "email": f"{registration_id}@contoh.id",
        "phone": None,
        "language": "id",
        "participant_type": "village_library",
        "region_code": "21.01.01.2001",
        "library_name": "Perpustakaan Contoh",
        "own_link": "http://sejawat.contoh.id/registration/r/contoh",
        "since": datetime.now(UTC).isoformat(),
    }
    _insert("participant", person | changes)
    return UUID(str(registration_id))


def official(**changes: Any) -> None:
    """Somebody with an account."""
    account_id = uuid7()
    person = {
        "account_id": str(account_id),
        "version": 1,
        "name": "Pengelola Contoh",
        "email": f"{account_id}@contoh.id",
        "phone": None,
        "language": "id",
        "role": "library",
        "region_code": "21.01.01.2001",
        "active": True,
    }
    _insert("official", person | changes)


def many(number: int) -> None:
    """So many participants, by one statement."""
    participant(email="p0@contoh.id")
    columns = [row[0] for row in rows(_COLUMNS)]
    kept = ", ".join(one for one in columns if one not in {"registration_id", "email"})
    rows(
        f"INSERT INTO participant (registration_id, email, {kept}) "
        f"SELECT gen_random_uuid(), 'p' || n || '@contoh.id', {kept} "
        "FROM participant, generate_series(1, CAST(:last AS int)) AS n",
        last=number - 1,
    )


_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = 'participant'"


def draft(caller: Caller = KEPRI, **changes: Any) -> UUID:
    """A draft to all participants; fields of the audience find their place by their names."""
    names = ("kind", "region_code", "meeting", "statuses", "participant_types", "roles")
    wanted = {name: changes.pop(name) for name in names if name in changes}
    given = TEXT | {"channels": ["email"], "audience": {"kind": "participants"} | wanted}
    form = AnnouncementForm.model_validate(given | changes)
    draft_id = UUID(str(uuid7()))
    with database.sessions.begin() as session:
        announcements.create(session, caller, draft_id, form)
    return draft_id


def started(caller: Caller = KEPRI, **changes: Any) -> UUID:
    """One whose messages are still to be written."""
    found = draft(caller, **changes)
    act("start", found, caller)
    return found


def begin_as_seen(session: Session, caller: Caller, found: Announcement) -> None:
    """What an official does who looked at it just now."""
    begin(session, caller, found, found.version)


def act(action: str, announcement_id: UUID, caller: Caller = KEPRI) -> None:
    """What an official does with it."""
    steps = {
        "start": begin_as_seen,
        "pause": announcements.pause,
        "resume": announcements.resume,
        "cancel": announcements.cancel,
    }
    with database.sessions.begin() as session:
        steps[action](session, caller, announcements.find(session, caller, announcement_id))


def counted(announcement_id: UUID, caller: Caller = KEPRI) -> Any:
    """Whom it would reach."""
    with database.sessions.begin() as session:
        return announcements.count(session, announcements.find(session, caller, announcement_id))


def shown(announcement_id: UUID) -> Announcement:
    """It as it stands."""
    with database.sessions.begin() as session:
        return session.get_one(Announcement, announcement_id)


def write() -> None:
    """The job, until nothing is due."""
    jobs.write_announcements()
    while rows("SELECT FROM announcement WHERE state = 'writing' AND expires_at > now()"):
        jobs.write_announcements()  # the machine is busy: one slice was not enough


def at_noon() -> None:
    """It is day wherever the recipients live."""
    hour = datetime.now(UTC).hour
    offset = hour - 12  # POSIX: west of Greenwich is positive
    zone = f"Etc/GMT{offset:+d}" if offset else "Etc/GMT"
    rows(
        "UPDATE message SET zone = :zone, "
        "next_attempt_at = least(next_attempt_at, now()) "
        "WHERE state = 'queued' AND next_attempt_at < 'infinity'",
        zone=zone,
    )


def send() -> None:
    """The engine, by day."""
    at_noon()
    assert send_due("bulk")


def _insert(table: str, row: dict[str, Any]) -> None:
    rows(
        f"INSERT INTO {table} SELECT * FROM json_populate_record("
        f"NULL::{table}, CAST(:row AS json))",
        row=json.dumps(row),
    )
