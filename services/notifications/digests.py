"""Once a day one message to an official, instead of one for each thing that waits for them.

What waits is counted when the digest is written, from our own copies: there is nothing to collect,
and what was done meanwhile is not told.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from services.notifications import messages
from services.notifications.intents import Intent, one_line
from services.notifications.models import Official
from services.notifications.resources import database
from services.notifications.rules import CLOSES, PENDING_DIGEST, Daily
from services.notifications.schedules import Wake, identity, put_run, skip_run, take_run
from services.notifications.settings import settings
from shared import regions
from shared.events import Language
from shared.tracing import new_traceparent
from shared.web import formats

# Who decides, and who helps to. The national office would get one for the whole country each day,
# and decides about none of it.
READERS = ("province", "regency")

# By kab/kota: an official of a province has all of its own.
_WAITING = text("""
    SELECT slug, title, left(region_code, 5) AS place, count(*) AS people, min(since) AS since
    FROM participant JOIN meeting ON slug = meeting_slug
    WHERE status = 'submitted' AND NOT cancelled AND ends_at > :now
    GROUP BY slug, title, place""")


def run_due(wake: Wake, now: datetime | None = None) -> None:
    """Write down today's digests of each zone whose time has come; `wake` has them sent."""
    now = now or datetime.now(UTC)
    for zone in formats.ZONES.values():
        with database.sessions.begin() as session:
            if _run(session, zone, now):
                wake(session)


def _run(session: Session, zone: str, now: datetime) -> bool:
    trigger = PENDING_DIGEST.trigger
    hour = trigger.hour if isinstance(trigger, Daily) else CLOSES
    today = now.astimezone(ZoneInfo(zone)).date()
    due, until = (datetime.combine(today, time(at), ZoneInfo(zone)) for at in (hour, CLOSES))
    messages.join_writers(session)
    if now < due or (run := take_run(session, PENDING_DIGEST, zone, due)) is None:
        return False
    if now >= until:
        skip_run(session, run)
        return False
    intents = _intents(session, zone, now, due, until)
    written = messages.write(session, PENDING_DIGEST, intents)
    put_run(session, run, written, cursor="", done=True)
    return written > 0


def _intents(
    session: Session, zone: str, now: datetime, due: datetime, until: datetime
) -> list[Intent]:
    waiting = session.execute(_WAITING, {"now": now}).all()
    readers = session.scalars(select(Official).where(Official.active, Official.role.in_(READERS)))
    trace = new_traceparent()
    return [
        Intent(
            event_id=identity(PENDING_DIGEST, reader.account_id, due),
            about=str(reader.account_id),
            version=None,
            traceparent=trace,
            email=reader.email,
            phone=reader.phone,
            language=_language(reader.language),
            region_code=reader.region_code,
            expires_at=until,
            values=_values(reader, rows),
            person=reader.name,
        )
        for reader in readers
        if (region := regions.find(reader.region_code)) and region.zone == zone
        if (rows := [row for row in waiting if regions.is_within(row.place, region.code)])
    ]


def _values(reader: Official, rows: Sequence[Row[Any]]) -> dict[str, Any]:
    """What a reader's digest says: the meetings for which somebody waits longest first."""
    language = _language(reader.language)
    oldest = min(row.since for row in rows)
    return {
        "name": one_line(reader.name),
        "total": formats.number(sum(row.people for row in rows), lang=language),
        "oldest": formats.date(oldest, _zone(reader), lang=language),
        "meetings": [
            {
                "meeting": one_line(title),
                "people": formats.number(people, lang=language),
                "since": formats.date(since, _zone(reader), lang=language),
                "link": f"{settings().base_url}/registration/desk/{slug}",
            }
            for since, slug, title, people in _by_meeting(rows)
        ],
        "desk_link": f"{settings().base_url}/registration/desk",
    }


def _by_meeting(rows: Iterable[Row[Any]]) -> list[tuple[datetime, str, str, int]]:
    parts: dict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows:
        parts[row.slug, row.title].append(row)
    return sorted(
        (min(row.since for row in some), slug, title, sum(row.people for row in some))
        for (slug, title), some in parts.items()
    )


def _zone(reader: Official) -> str:
    return regions.get(reader.region_code).zone


def _language(code: str) -> Language:
    return "en" if code == "en" else "id"
