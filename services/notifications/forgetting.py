"""Forgets: what messages said, and whom they were for.

Law 27/2022 on personal data lets us keep what its purpose needs, and no longer. So after
`keep_content_days`

- a message loses its contents, its reader's name, all of the address but its end, what its provider
  and officials said about it (both quote addresses), and what its receipts held. Left are facts
  that name nobody: when, by which rule, way, provider and region, how it ended, parts and cost;
- an address on the suppression list stays: to forget it would be to write there again. It goes when
  an official takes it off;
- that somebody does not want something (`preference`) stays for the same reason.

A person who asks to be erased (`erase`) does not wait, and the end of the address goes too.
"""

from collections.abc import Iterable

import structlog
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from services.notifications import webhooks
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

# An event may have gone to several people, and a message is told from others by its event and its
# address: one that loses its address becomes its own event. That nothing comes twice is known from
# `erased_subject` here, and from `expires_at` after the retention.
#
# What a worker is just handing over can no longer be held back; it does not go again. The lists of
# links that went to the same addresses name the person as well.
_ERASE = text("""
    WITH mine AS (
        SELECT id, recipient FROM message WHERE about = ANY (CAST(:about AS text[]))
    ), erased AS (
        UPDATE message SET event_id = id, subject = NULL, text = NULL, html = NULL,
            recipient = '', person = NULL, parameters = NULL, attachments = NULL,
            fallbacks = NULL, unsubscribe = NULL,
            settle_until = NULL, state_reason = CASE
                WHEN state IN ('queued', 'claimed') THEN 'erased' ELSE state_reason END,
            state = CASE WHEN state IN ('queued', 'claimed') THEN 'suppressed' ELSE state END,
            lease_until = CASE WHEN state = 'claimed' THEN NULL ELSE lease_until END,
            expires_at = least(expires_at, now())
        WHERE id IN (SELECT id FROM mine)
           OR rule = :own_links AND lower(recipient) IN (
                  SELECT lower(recipient) FROM mine WHERE left(recipient, 1) NOT IN ('', '…'))
        RETURNING id
    ), receipts AS (
        UPDATE receipt SET raw = NULL, detail = '' FROM erased WHERE message_id = erased.id
    ), actions AS (
        UPDATE message_action SET note = '' FROM erased WHERE message_id = erased.id
    ), suppressed AS (
        UPDATE suppression SET detail = '' FROM mine WHERE address = lower(mine.recipient)
    )
    UPDATE attempt SET detail = '', reply = '' FROM erased WHERE message_id = erased.id""")

# Nothing that is still to be sent loses its contents.
_PURGE = text("""
    WITH old AS (
        SELECT id FROM message
        WHERE left(recipient, 1) NOT IN ('', '…')
          AND created_at < now() - make_interval(days => :days)
          AND state NOT IN ('queued', 'claimed', 'handing_over') AND settle_until IS NULL
        ORDER BY created_at LIMIT :chunk FOR UPDATE SKIP LOCKED
    ), purged AS (
        UPDATE message SET event_id = message.id, subject = NULL, text = NULL, html = NULL,
            parameters = NULL, attachments = NULL, fallbacks = NULL, unsubscribe = NULL,
            person = NULL, recipient = '…' || CASE channel
                WHEN 'email' THEN coalesce(substring(recipient FROM '@[^@]*$'), '')
                ELSE right(recipient, 3) END
        FROM old WHERE message.id = old.id RETURNING message.id
    ), attempts AS (
        UPDATE attempt SET detail = '', reply = '' FROM purged WHERE message_id = purged.id
    ), actions AS (
        UPDATE message_action SET note = '' FROM purged WHERE message_id = purged.id
    )
    SELECT id FROM purged""")

# Also those that name no message of ours.
_PURGE_RECEIPTS = text("""
    UPDATE receipt SET raw = NULL, detail = ''
    WHERE id = ANY (ARRAY(
        SELECT id FROM receipt
        WHERE raw IS NOT NULL AND received_at < now() - make_interval(days => :days)
        ORDER BY received_at LIMIT :chunk FOR UPDATE SKIP LOCKED))
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
    subjects = sorted(set(about))
    values = {"about": subjects, "own_links": OWN_LINKS.name}
    session.execute(_ALONE)
    session.execute(_REMEMBER_ERASED, values)
    session.execute(_ERASE, values)
    webhooks.forget(session, subjects)


def purge_contents() -> int:
    """Remove what messages and receipts said after `keep_content_days`, and whom they named.

    Returns of how many messages. What was sent when, how, and at what cost stays.
    """
    purged = _in_chunks(_PURGE)
    log.info("contents.purged", messages=purged, receipts=_in_chunks(_PURGE_RECEIPTS))
    return purged


def _in_chunks(statement: TextClause) -> int:
    """Each chunk is a short transaction, and leaves alone what somebody else has locked."""
    done, values = 0, {"days": settings().keep_content_days, "chunk": CHUNK}
    while True:
        with database.sessions.begin() as session:
            rows = len(session.execute(statement, values).all())
        done += rows
        if rows < CHUNK:
            return done


def purge_webhooks() -> int:
    """Remove what other systems were told after `keep_content_days`; that they were told stays."""
    purged = 0
    while True:
        with database.sessions.begin() as session:
            rows = webhooks.purge(session, settings().keep_content_days, CHUNK)
        purged += rows
        if rows < CHUNK:
            return purged


def purge_codes(session: Session) -> None:
    """Remove the codes whose time is over, sent or not."""
    session.execute(_PURGE_CODES)
