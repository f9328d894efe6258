"""Forgets: what messages said, and whom they were for.

Law 27/2022 on personal data lets us keep what its purpose needs, and no longer. So after
`keep_content_days`

- a message loses its contents, its reader's name, all of the address but its end, what its provider
  and officials said about it (both quote addresses), and what its receipts held. Left are facts
  that name nobody: when, by which rule, way, provider and region, how it ended, parts and cost;
- an address on the suppression list stays: to forget it would be to write there again. It goes when
  an official takes it off;
- that somebody does not want something (`preference`) stays for the same reason;
- whoever registered for a meeting that is over for so long is deleted from our copies, and whether
  they were there: nobody of them is reminded, thanked or told anything any more;
- an announcement that ended so long ago loses its text; its subject and its figures stay.

Of an official whose account is closed nothing but its id, role and region is kept (`people`).

A person who asks to be erased (`erase`) does not wait, and the end of the address goes too. That
it is done they hear by one last message: it is about their request, not about them, so the erasure
leaves it alone. It goes whole (`purge_answers`) once its few days are over, and with it the answers
to all other requests about data: one rule, and nobody has to know who was erased meanwhile.
"""

from collections.abc import Iterable

import structlog
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from services.notifications import messages, webhooks
from services.notifications.resources import database
from services.notifications.rules import DATA_REQUEST_ANSWERED, OWN_LINKS
from services.notifications.settings import settings
from services.notifications.silent_libraries import NEWS

log = structlog.get_logger()

CHUNK = 1000  # rows in one transaction of the purge

_REMEMBER_ERASED = text("""
    INSERT INTO erased_subject (about) SELECT unnest(CAST(:about AS text[])) AS about ORDER BY about
    ON CONFLICT DO NOTHING""")

# An event may have gone to several people, and a message is told from others by its event and its
# address: one that loses its address becomes its own event. That nothing comes twice is known from
# `erased_subject` here, and from `expires_at` after the retention.
#
# What a worker is just handing over can no longer be held back; it does not go again. The lists of
# links that went to the same addresses name the person as well. Rows are locked in the order of
# their ids, as far as workers let go of them.
_ERASE = text("""
    WITH mine AS (
        SELECT id, recipient FROM message WHERE about = ANY (CAST(:about AS text[]))
    ), theirs AS MATERIALIZED (
        -- By two indexes: with OR all messages would be read each time.
        SELECT id FROM message WHERE id = ANY (ARRAY(
            SELECT id FROM mine
            UNION SELECT links.id FROM mine
                JOIN message AS links ON lower(links.recipient) = lower(mine.recipient)
                WHERE links.rule = :own_links AND left(mine.recipient, 1) NOT IN ('', '…')))
        ORDER BY id FOR UPDATE
    ), erased AS (
        UPDATE message SET event_id = message.id, subject = NULL, text = NULL, html = NULL,
            recipient = '', person = NULL, parameters = NULL, attachments = NULL,
            fallbacks = NULL, unsubscribe = NULL,
            settle_until = NULL, state_reason = CASE
                WHEN state IN ('queued', 'claimed') THEN 'erased' ELSE state_reason END,
            state = CASE WHEN state IN ('queued', 'claimed') THEN 'suppressed' ELSE state END,
            lease_until = CASE WHEN state = 'claimed' THEN NULL ELSE lease_until END,
            expires_at = least(expires_at, now())
        FROM theirs WHERE message.id = theirs.id
        RETURNING message.id
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

# What is in somebody's hands is left for the next time; the index is `ix_message_answer`.
_PURGE_ANSWERS = text(f"""
    WITH old AS (
        SELECT id FROM message
        WHERE rule = '{DATA_REQUEST_ANSWERED.name}' AND recipient <> '' AND expires_at <= now()
          AND state NOT IN ('claimed', 'handing_over') AND settle_until IS NULL
        ORDER BY id LIMIT :chunk FOR UPDATE SKIP LOCKED
    ), emptied AS (
        UPDATE message SET event_id = message.id, subject = NULL, text = NULL, html = NULL,
            parameters = NULL, attachments = NULL, fallbacks = NULL, unsubscribe = NULL,
            person = NULL, recipient = '',
            state = CASE WHEN state = 'queued' THEN 'expired' ELSE state END
        FROM old WHERE message.id = old.id RETURNING message.id
    ), receipts AS (
        UPDATE receipt SET raw = NULL, detail = '' FROM emptied WHERE message_id = emptied.id
    ), attempts AS (
        UPDATE attempt SET detail = '', reply = '' FROM emptied WHERE message_id = emptied.id
    ), actions AS (
        UPDATE message_action SET note = '' FROM emptied WHERE message_id = emptied.id
    )
    SELECT id FROM emptied""")

# Also those that name no message of ours.
_PURGE_RECEIPTS = text("""
    UPDATE receipt SET raw = NULL, detail = ''
    WHERE id = ANY (ARRAY(
        SELECT id FROM receipt
        WHERE raw IS NOT NULL AND received_at < now() - make_interval(days => :days)
        ORDER BY received_at LIMIT :chunk FOR UPDATE SKIP LOCKED))
    RETURNING id""")

_PURGE_PARTICIPANTS = text("""
    DELETE FROM participant
    WHERE registration_id = ANY (ARRAY(
        SELECT registration_id FROM participant JOIN meeting ON slug = meeting_slug
        WHERE ends_at < now() - make_interval(days => :days)
        LIMIT :chunk FOR UPDATE OF participant SKIP LOCKED))
    RETURNING registration_id""")

# That of a participant goes with them; it may also have come without one.
_PURGE_ATTENDANCE = text("""
    DELETE FROM attendance
    WHERE id = ANY (ARRAY(
        SELECT id FROM attendance
        WHERE day < now() - make_interval(days => :days)
          AND NOT EXISTS (SELECT FROM participant
              WHERE participant.registration_id = attendance.registration_id)
        LIMIT :chunk FOR UPDATE SKIP LOCKED))
    RETURNING id""")

# While it is news, somebody may still be told of it (`silent_libraries.NEWS`).
_PURGE_SILENT = text("""
    DELETE FROM silent_library
    WHERE (library_id, month) IN (
        SELECT library_id, month FROM silent_library
        WHERE heard_at < now() - greatest(make_interval(days => :days), :news)
        LIMIT :chunk FOR UPDATE SKIP LOCKED)
    RETURNING library_id""").bindparams(news=NEWS)

_PURGE_ANNOUNCEMENTS = text("""
    UPDATE announcement SET body = '', body_en = ''
    WHERE id = ANY (ARRAY(
        SELECT id FROM announcement
        WHERE body <> '' AND finished_at < now() - make_interval(days => :days)
        LIMIT :chunk FOR UPDATE SKIP LOCKED))
    RETURNING id""")

# A code that is over is not sent either.
_PURGE_CODES = text("""
    UPDATE message SET subject = NULL, text = NULL, html = NULL, parameters = NULL,
        attachments = NULL, fallbacks = NULL, unsubscribe = NULL
    WHERE class = 'code' AND text IS NOT NULL AND expires_at <= now()""")


def erase(session: Session, about: Iterable[str]) -> None:
    """Delete recipients and contents of all messages about these; that they were sent stays.

    What is still queued is dropped, and what comes later is not written down. Nothing else may
    have been written before in the same transaction (see `messages.keep_writers_out`).
    """
    subjects = sorted(set(about))
    values = {"about": subjects, "own_links": OWN_LINKS.name}
    messages.keep_writers_out(session)
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


def purge_answers() -> int:
    """Empty the answers to requests about data whose time is over; returns how many messages."""
    return _in_chunks(_PURGE_ANSWERS)


def purge_copies() -> int:
    """Delete whom we know from meetings that are over for `keep_content_days`.

    Returns how many people they were. The texts of announcements go as well, and which libraries
    were silent.
    """
    purged = _in_chunks(_PURGE_PARTICIPANTS)
    attendance, texts = _in_chunks(_PURGE_ATTENDANCE), _in_chunks(_PURGE_ANNOUNCEMENTS)
    silent = _in_chunks(_PURGE_SILENT)
    log.info(
        "copies.purged", people=purged, attendance=attendance, announcements=texts, silent=silent
    )
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
