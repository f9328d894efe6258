"""What tests of the organiser's pages share: a meeting, its guests, and signed-in hosts."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from asking import ask
from sqlalchemy import text
from uuid_utils.compat import uuid7

from services.registration import meetings
from services.registration.meetings import QuotaPlan
from services.registration.models import Meeting, Registration
from services.registration.registrations import new_code
from services.registration.resources import database, forms
from services.registration.settings import settings
from shared.security import Caller, issue_token

HOST = Caller("province", "Petugas Contoh", "host", "21")
NEIGHBOUR = Caller("province", "Petugas Tetangga", "neighbour", "14")
NATIONAL = Caller("national", "Petugas Nasional", "national")

numbers = count(1)


def open_meeting(*quotas: QuotaPlan, **changes: Any) -> Meeting:
    """A meeting of Kepulauan Riau in thirty days, of two days."""
    starts_at = (datetime.now(UTC) + timedelta(days=30)).replace(
        hour=1, minute=0, second=0, microsecond=0
    )
    facts = {
        "slug": f"tuan-rumah-{next(numbers)}",
        "title": "Pertemuan Contoh",
        "province_code": "21",
        "venue": "Gedung Contoh",
        "zone": "Asia/Jakarta",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(days=1, hours=8),
        "closes_at": starts_at - timedelta(days=7),
        "status": "published",
    }
    meeting = Meeting(**facts | changes)
    plans = list(quotas) or [QuotaPlan("meeting", "", 5000)]
    with database.sessions.begin() as session:
        (meetings.add if meeting.status == "draft" else meetings.publish)(session, meeting, plans)
    return meeting


def guests(meeting: Meeting, many: int, **changes: Any) -> list[UUID]:
    """So many who registered and hold a seat."""
    fields = {
        "meeting_id": meeting.id,
        "status": "approved",
        "email": "peserta@contoh.id",
        "language": "id",
        "participant_type": "village_library",
        "region_code": "21.01",
        "library_name": "Perpustakaan Contoh",
        "position": "Pengelola",
        "request_hash": "",
        "submitted_at": datetime.now(UTC) - timedelta(hours=1),
    } | changes
    people = [
        Registration(
            id=uuid7(),
            code=new_code(),
            name=f"Peserta Contoh {number:04}",
            person_key=str(uuid4()),
            idempotency_key=str(uuid4()),
            **fields,
        )
        for number in range(many)
    ]
    with database.sessions.begin() as session:
        session.add_all(people)
        if fields["status"] != "waiting":
            full = text(
                "UPDATE quota SET taken = taken + :many"
                " WHERE meeting_id = :id AND (kind, key) IN (('meeting', ''),"
                " ('participant_type', 'village_library'), ('region', '21.01'))"
            )
            session.execute(full, {"many": many, "id": meeting.id})
    return [person.id for person in people]


def told(meeting: Meeting, what: str) -> Counter[str]:
    """How often each registration's event of a kind was published."""
    query = text("""
        SELECT envelope->'data'->'registration'->>'registration_id', count(*) FROM outbox
        WHERE type = :type AND envelope->'data'->'registration'->'meeting'->>'slug' = :slug
        GROUP BY 1""")
    with database.sessions.begin() as session:
        values = {"type": f"id.sejawat.registration.{what}.v1", "slug": meeting.slug}
        return Counter({row[0]: row[1] for row in session.execute(query, values)})


def published(meeting: Meeting, what: str = "published") -> list[dict[str, Any]]:
    """The events of a meeting itself, oldest first."""
    query = text("""
        SELECT envelope->'data' FROM outbox
        WHERE type = :type AND envelope->'data'->'meeting'->>'slug' = :slug ORDER BY id""")
    with database.sessions.begin() as session:
        values = {"type": f"id.sejawat.meeting.{what}.v1", "slug": meeting.slug}
        return list(session.scalars(query, values))


def now(meeting: Meeting) -> Meeting:
    """The meeting as it is in the database."""
    with database.sessions.begin() as session:
        return session.get_one(Meeting, meeting.id)


def http(method: str, path: str, caller: Caller | None = HOST, **options: Any) -> Any:
    """One request to registration alone, as this caller."""
    from services.registration.app import app

    headers = dict(options.pop("headers", {}))
    if caller:
        token = issue_token(settings().token_private_key, caller, seconds=60)
        headers["Authorization"] = f"Bearer {token}"
    return ask(app, method, path, headers=headers, **options)


def post(path: str, caller: Caller = HOST, /, **fields: Any) -> Any:
    """A form as the page would send it."""
    return http("POST", path, caller, data={"form_token": forms.new_form()} | fields)


def form_of(page: str) -> dict[str, str]:
    """The simple fields of a page's form, as they stand there."""
    values = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page))
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?([^<]*)</textarea>', page)
    ticked = re.findall(
        r'<input type="(?:checkbox|radio)"[^>]* name="([^"]+)" value="([^"]*)"[^>]* checked', page
    )
    chosen = re.findall(
        r'<select[^>]* name="([^"]+)".*?<option value="([^"]*)" selected', page, re.DOTALL
    )
    boxes = set(re.findall(r'<input type="(?:checkbox|radio)"[^>]* name="([^"]+)"', page))
    plain = {name: value for name, value in values.items() if name not in boxes}
    return plain | dict(areas) | dict(ticked) | dict(chosen)
