"""Libraries that have not reported last month: said once for each step, for others to act on.

The first two steps remind the library while a report still comes in time; the last one tells its
kab/kota. What is said is written down in the same transaction, so a worker that dies says nothing
twice and forgets nobody.
"""

import json
from datetime import date, datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.reporting import completeness, library_links
from services.reporting.models import Library
from services.reporting.resources import bus
from shared.events import LibrarySilent

CHUNK = 500
# The day of the next month from which a step is due; the latest one that is due holds.
STEPS: dict[int, int] = {1: 3, 2: 7, 3: 10}
OVER = 20  # from this day on, last month is nobody's news
LAST = max(STEPS)  # the library itself gets no more messages

# While the sums are behind, who has reported looks silent: better an hour late than wrong.
_FIND = text(f"""
    SELECT * FROM library
    WHERE {completeness.SILENT} AND NOT EXISTS (
        SELECT FROM silent_notice AS said
        WHERE said.month = :first AND said.step = :step AND said.library_id = library.id
        OFFSET 0)
    AND NOT EXISTS (SELECT FROM delta WHERE written_at < now() - interval '10 minutes')
    ORDER BY id LIMIT :limit""")

# Of two workers the second waits here for the first, and then has nothing to say.
_SAY = text("""
    INSERT INTO silent_notice (month, step, library_id)
    SELECT :month, :step, CAST(id AS uuid)
    FROM json_array_elements_text(CAST(:ids AS json)) AS silent(id)
    ORDER BY id
    ON CONFLICT DO NOTHING RETURNING library_id""")


_PURGE = text("DELETE FROM silent_notice WHERE month < :month")


def due(now: datetime) -> tuple[date, int] | None:
    """The month that has ended and the step that is due for it, if any."""
    today = now.astimezone(completeness.CLOCK).date()
    steps = [step for step, day in STEPS.items() if day <= today.day < OVER]
    if not steps:
        return None
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1), max(steps)


def say(session: Session, month: date, step: int, chunk: int = CHUNK) -> int:
    """Say which libraries are silent, `chunk` at most; how many it looked at.

    A chunk that is not full was the last one.
    """
    values = completeness.values("", month, month) | {"step": step, "limit": chunk}
    found = session.scalars(select(Library).from_statement(_FIND), values).all()
    ids = [str(library.id) for library in found]
    new = session.execute(_SAY, {"month": month, "step": step, "ids": json.dumps(ids)})
    said = set(new.scalars())
    events = (_event(session, library, month, step) for library in found if library.id in said)
    bus.publish(session, *events)
    return len(found)


def purge(session: Session, now: datetime) -> None:
    """Delete what was said about months that are nobody's news any more."""
    this_month = now.astimezone(completeness.CLOCK).date().replace(day=1)
    session.execute(_PURGE, {"month": (this_month - timedelta(days=1)).replace(day=1)})


def _event(session: Session, library: Library, month: date, step: int) -> LibrarySilent:
    return LibrarySilent(
        library_id=library.id,
        name=library.name,
        region_code=library.region_code,
        month=month,
        step=step,
        deadline=completeness.deadline(month),
        link=library_links.link(session, library),
    )
