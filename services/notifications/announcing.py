"""Writes announcements down as messages, chunk by chunk, and brings them to their end.

A chunk's messages and the cursor behind them are one commit, so a worker that is killed leaves
nothing half done, and the next one goes on behind it. Of two workers at one announcement only one
moves the cursor.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from services.notifications import announcements, audience, contents, messages, segments
from services.notifications.announcement_schemas import Audience
from services.notifications.contents import Contents
from services.notifications.intents import Intent
from services.notifications.models import Announcement
from services.notifications.providers import registry
from services.notifications.providers.base import Channel
from services.notifications.resources import database
from services.notifications.rules import ANNOUNCEMENT, Rule
from shared import regions
from shared.tracing import new_traceparent
from shared.web.formats import Language

log = structlog.get_logger()

CHUNK = 500  # messages in one transaction
READ = 5000  # people looked up at once: the walk sorts them all each time

# The shortest first: a small one does not wait behind a large one.
_NEXT = text("""
    SELECT * FROM announcement WHERE state = 'writing' AND expires_at > now()
    ORDER BY recipients, started_at LIMIT 1""")

_MOVE = text("""
    UPDATE announcement SET cursor = :last
    WHERE id = :id AND state = 'writing' AND cursor = :cursor RETURNING id""")

_WRITTEN = text("UPDATE announcement SET written = written + :written WHERE id = :id")

_ALL_WRITTEN = text("""
    UPDATE announcement SET state = 'sending', cursor = NULL
    WHERE id = :id AND state = 'writing' AND cursor = :cursor""")

# One that is over by its date is done as well, wherever it stood.
_DONE = text("""
    UPDATE announcement SET state = 'done', finished_at = now()
    WHERE (state = 'sending' OR state IN ('writing', 'paused') AND expires_at <= now())
      AND NOT EXISTS (SELECT FROM message WHERE announcement_id = announcement.id
            AND message.state IN ('queued', 'claimed', 'handing_over'))
      AND NOT EXISTS (SELECT FROM message WHERE announcement_id = announcement.id
            AND message.state = 'unknown' AND settle_until IS NOT NULL)
    RETURNING id, written""")

_LINK = re.compile(r"(https://[^\s<>\"']*[^\s<>\"'.,;:!?)\]])")


def sweep(until: float) -> bool:
    """Let messages follow their announcements, and end those that have nothing left to send.

    False when the (monotonic) time was over first.
    """
    more = True
    while more:
        if time.monotonic() > until:
            return False
        with database.sessions.begin() as session:
            more = announcements.follow(session)
    with database.sessions.begin() as session:
        done = session.execute(_DONE).all()
    for row in done:
        log.info("announcement.done", announcement=str(row.id), messages=row.written)
    return True


def write_due(until: float, wake: Callable[[Session], None]) -> bool:
    """Write messages until there are none to write; False when the (monotonic) time was over.

    `wake` is told of each chunk in its transaction.
    """
    while True:
        with database.sessions.begin() as session:
            found = session.execute(_NEXT).first()
            people = _people(session, found) if found else []
        if found is None:
            return True
        cursor = found.cursor
        for place in range(0, len(people), CHUNK):
            if time.monotonic() > until:
                return False
            chunk = people[place : place + CHUNK]
            if not _write(found, cursor, chunk, wake):
                break  # paused, cancelled, or another worker's
            cursor = chunk[-1].key
        else:
            if len(people) < READ:
                _end(found, cursor)


def _people(session: Session, found: Row[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
    return audience.following(
        session,
        audience.Reach(found.region_code),
        Audience.model_validate(found.audience),
        found.channels,
        after=found.cursor,
        limit=READ,
    )


def _write(
    found: Row[*tuple[Any, ...]],
    cursor: str,
    chunk: Sequence[Row[*tuple[Any, ...]]],
    wake: Callable[[Session], None],
) -> bool:
    """Write one chunk, if it is still ours to write."""
    with database.sessions.begin() as session:
        messages.join_writers(session)
        moved = {"id": found.id, "cursor": cursor, "last": chunk[-1].key}
        if session.execute(_MOVE, moved).first() is None:
            return False
        intents = [_intent(found, person) for person in chunk]
        written = messages.write(session, _rule(found.channels), intents)
        session.execute(_WRITTEN, {"id": found.id, "written": written})
        wake(session)
    return True


def _end(found: Row[*tuple[Any, ...]], cursor: str) -> None:
    with database.sessions.begin() as session:
        session.execute(_ALL_WRITTEN, {"id": found.id, "cursor": cursor})
    log.info("announcement.written", announcement=str(found.id))


def _rule(channels: Sequence[Channel]) -> Rule:
    return replace(ANNOUNCEMENT, channels=tuple(channels))


def _intent(found: Row[*tuple[Any, ...]], person: Row[*tuple[Any, ...]]) -> Intent:
    language = language_for(found, person.language)
    return Intent(
        event_id=found.id,
        about=person.about,
        version=None,
        traceparent=new_traceparent(),
        email=person.email,
        phone=person.phone,
        language=language,
        region_code=person.region_code,
        expires_at=found.expires_at,
        values=values(found, language),
        announcement_id=found.id,
        person=person.name,
    )


def language_for(found: Any, language: str) -> Language:
    """The language of the whole message: the reader's, if the text is there in it."""
    return "en" if language == "en" and found.body_en else "id"


def values(found: Any, language: Language) -> dict[str, Any]:
    """What fills the template. Raises nothing: what an official typed is only ever text."""
    english = language == "en"
    body = found.body_en if english else found.body
    return {
        "subject": found.subject_en if english else found.subject,
        "text": body,
        "paragraphs": _paragraphs(body),
        "region": origin(found.region_code),
    }


def origin(region_code: str) -> str:
    """Whose announcement it is, in words."""
    region = regions.find(region_code)
    return region.label if region else "Indonesia"


def example(
    session: Session, found: Announcement, channel: Channel, language: Language
) -> Contents:
    """What somebody will read."""
    wording = contents.in_use(session, ANNOUNCEMENT.template)
    return wording.render(channel, language, values(found, language))


def cost(session: Session, found: Announcement, told: audience.Count) -> tuple[int, Decimal | None]:
    """Parts of all SMS, and rupiah at most; None when a channel in use has no price."""
    parts, rupiah, known = 0, Decimal(0), True
    for (channel, language), people in told.languages.items():
        each = 1
        if channel == "sms":
            said = example(session, found, channel, language_for(found, language)).text
            each = segments.count(said).parts
            parts += each * people
        if channel != "email":  # mail costs nothing by the piece
            price = _price(channel)
            known = known and price is not None
            rupiah += (price or 0) * each * people
    return parts, rupiah if known else None


def _price(channel: Channel) -> Decimal | None:
    """The highest price among the channel's providers, as any of them may be used."""
    prices = [provider.price for provider in registry.ways().get(channel, ())]
    known = [price for price in prices if price is not None]
    return max(known) if known and len(known) == len(prices) else None


@lru_cache(maxsize=16)
def _paragraphs(body: str) -> list[list[list[dict[str, str]]]]:
    """Paragraphs of lines of pieces; a piece with a `url` is a link."""
    return [
        [[_piece(piece) for piece in _LINK.split(line) if piece] for line in lines.split("\n")]
        for lines in body.split("\n\n")
    ]


def _piece(piece: str) -> dict[str, str]:
    return {"text": piece, "url": piece if _LINK.fullmatch(piece) else ""}
