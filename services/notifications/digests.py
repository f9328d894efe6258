"""Once a day one message to an official, instead of one for each thing that waits for them.

What waits is counted when the digest is written, from our own copies: there is nothing to collect,
and what was done meanwhile is not told.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from services.notifications import messages
from services.notifications.intents import for_official, language_of, one_line
from services.notifications.models import Official
from services.notifications.rules import PENDING_DIGEST
from services.notifications.schedules import Morning, Wake, identity, run_daily
from services.notifications.settings import settings
from shared import regions
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
    run_daily(PENDING_DIGEST, _write, wake, now)


def _write(session: Session, morning: Morning) -> int:
    waiting = session.execute(_WAITING, {"now": morning.now}).all()
    readers = session.scalars(select(Official).where(Official.active, Official.role.in_(READERS)))
    trace = new_traceparent()
    intents = [
        for_official(
            reader,
            event_id=identity(PENDING_DIGEST, reader.account_id, morning.due),
            about=str(reader.account_id),
            traceparent=trace,
            expires_at=morning.until,
            values=_values(reader, morning.zone, rows),
        )
        for reader in readers
        if (region := regions.find(reader.region_code)) and region.zone == morning.zone
        if (rows := [row for row in waiting if regions.is_within(row.place, region.code)])
    ]
    return messages.write(session, PENDING_DIGEST, intents)


def _values(reader: Official, zone: str, rows: Sequence[Row[Any]]) -> dict[str, Any]:
    """What a reader's digest says: the meetings for which somebody waits longest first."""
    language = language_of(reader)
    oldest = min(row.since for row in rows)
    return {
        "total": formats.number(sum(row.people for row in rows), lang=language),
        "oldest": formats.date(oldest, zone, lang=language),
        "meetings": [
            {
                "meeting": one_line(title),
                "people": formats.number(people, lang=language),
                "since": formats.date(since, zone, lang=language),
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
