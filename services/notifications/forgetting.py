"""Forgets: what messages said, and whom they were for."""

from collections.abc import Iterable

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notifications.resources import database
from services.notifications.rules import OWN_LINKS
from services.notifications.settings import settings

log = structlog.get_logger()

CHUNK = 1000  # rows in one transaction of the purge

# Writers share it, an erasure has it alone: so it sees all that was written before it, and whoever
# writes after it sees the erasure.
_WRITERS = "hashtext('notifications.message')"
_ALONE = text(f"SELECT pg_advisory_xact_lock({_WRITERS})")

_REMEMBER_ERASED = text("""
    INSERT INTO erased_subject (about) SELECT unnest(CAST(:about AS text[])) AS about ORDER BY about
    ON CONFLICT DO NOTHING""")

# What a worker is just handing over can no longer be held back; it does not go again. The lists of
# links that went to the same addresses name the person as well.
_ERASE = text("""
    WITH mine AS (
        SELECT id, recipient FROM message WHERE about = ANY (CAST(:about AS text[]))
    ), erased AS (
        UPDATE message SET subject = NULL, text = NULL, html = NULL, recipient = '', person = NULL,
            parameters = NULL, attachments = NULL, fallbacks = NULL, unsubscribe = NULL,
            settle_until = NULL, state_reason = CASE
                WHEN state IN ('queued', 'claimed') THEN 'erased' ELSE state_reason END,
            state = CASE WHEN state IN ('queued', 'claimed') THEN 'suppressed' ELSE state END,
            lease_until = CASE WHEN state = 'claimed' THEN NULL ELSE lease_until END,
            expires_at = least(expires_at, now())
        WHERE id IN (SELECT id FROM mine)
           OR rule = :own_links AND lower(recipient) IN (
                  SELECT lower(recipient) FROM mine WHERE recipient <> '')
        RETURNING id
    )
    UPDATE attempt SET detail = '', reply = '' FROM erased WHERE message_id = erased.id""")

# Nothing that is still to be sent loses its contents.
_PURGE = text("""
    UPDATE message SET subject = NULL, text = NULL, html = NULL, parameters = NULL,
        attachments = NULL, fallbacks = NULL, unsubscribe = NULL
    WHERE id = ANY (ARRAY(
        SELECT id FROM message
        WHERE text IS NOT NULL AND created_at < now() - make_interval(days => :days)
          AND state NOT IN ('queued', 'claimed', 'handing_over')
        ORDER BY created_at LIMIT :chunk FOR UPDATE SKIP LOCKED))
    RETURNING id""")

# A code that is over is not sent either.
_PURGE_CODES = text("""
    UPDATE message SET subject = NULL, text = NULL, html = NULL, parameters = NULL,
        attachments = NULL, fallbacks = NULL, unsubscribe = NULL
    WHERE class = 'code' AND text IS NOT NULL AND expires_at <= now()""")


def erase(session: Session, about: Iterable[str]) -> None:
    """Delete recipients and contents of all messages about these; that they were sent stays.

    What is still queued is dropped, and what comes later is not written down.
    """
    values = {"about": sorted(set(about)), "own_links": OWN_LINKS.name}
    session.execute(_ALONE)
    session.execute(_REMEMBER_ERASED, values)
    session.execute(_ERASE, values)


def purge_contents() -> int:
    """Remove what messages said after `keep_content_days`; who was told when stays."""
    purged = 0
    values = {"days": settings().keep_content_days, "chunk": CHUNK}
    while True:
        with database.sessions.begin() as session:
            rows = len(session.execute(_PURGE, values).all())
        purged += rows
        if rows < CHUNK:
            log.info("contents.purged", messages=purged)
            return purged


def purge_codes(session: Session) -> None:
    """Remove the codes whose time is over, sent or not."""
    session.execute(_PURGE_CODES)
