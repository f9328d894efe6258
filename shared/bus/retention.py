"""Replay what was sent, and purge what is old."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.database import Database
from shared.events import Subscribers

# Ids are UUIDs of version 7, so the primary key is also the order of time. The bound is selected:
# uuidv7() is volatile, and bare it would be asked again for every row instead of the key.
CHUNK = 1000  # rows in one transaction: the hot path never waits for more

_REPLAY = text("""
    INSERT INTO delivery (event_id, subscriber, attempts, due_at)
    SELECT id, :subscriber, 0, now() FROM outbox
    WHERE sent_at IS NOT NULL AND type = ANY (CAST(:types AS text[]))
      AND (CAST(:event_id AS uuid) IS NULL OR id = CAST(:event_id AS uuid))
      AND (CAST(:since AS timestamptz) IS NULL
           OR id >= (SELECT uuidv7(CAST(:since AS timestamptz) - now())))
    FOR SHARE -- a purge must not take away what is about to be sent
    ON CONFLICT (event_id, subscriber) DO UPDATE
    SET replay = delivery.replay + 1, attempts = 0, due_at = now(), received_at = NULL
    RETURNING event_id""")

# An event goes when all its receipts have come; one still on its way stays, however old.
_PURGE_OUTBOX = text("""
    WITH old AS (
        SELECT id FROM outbox
        WHERE id < (SELECT uuidv7(make_interval(days => -:days))) AND sent_at IS NOT NULL
          AND NOT EXISTS (SELECT FROM delivery
                          WHERE delivery.event_id = outbox.id AND delivery.due_at IS NOT NULL)
        ORDER BY id LIMIT :chunk FOR UPDATE SKIP LOCKED
    ), copies AS (DELETE FROM delivery USING old WHERE delivery.event_id = old.id)
    DELETE FROM outbox USING old WHERE outbox.id = old.id RETURNING outbox.id""")

# Twice as long as an outbox keeps what is settled: a late copy still finds its row here. Only one
# whose receipts were lost for all that time could be handled twice.
_PURGE_INBOX = text("""
    DELETE FROM inbox WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM inbox WHERE received_at < now() - make_interval(days => 2 * :days)
        LIMIT :chunk FOR UPDATE SKIP LOCKED)) RETURNING event_id""")

_FORGET = text("""
    DELETE FROM failed_event
    WHERE CAST(envelope AS json) ->> 'subject' = ANY (CAST(:subjects AS text[]))""")


def forget(session: Session, subjects: Sequence[str]) -> None:
    """Drop the copies that could not be handled and are about these; nobody may retry them."""
    session.execute(_FORGET, {"subjects": list(subjects)})


def replay(
    session: Session,
    subscribers: Subscribers,
    subscriber: str,
    *,
    event_id: str | None = None,
    since: str | None = None,
) -> int:
    """Send events to one subscriber again, or for the first time; returns how many.

    One event by its id, or all that the subscriber hears since a time (ISO 8601, with zone). One
    that was handled before is handled anew: its copy carries the next `replay` number. Raises
    `ValueError` for a subscriber that shared/events/ does not name.
    """
    types = [cls.type for cls, names in subscribers.items() if subscriber in names]
    if not types:
        raise ValueError(f"nobody called {subscriber} hears anything")
    values = {"subscriber": subscriber, "types": types, "event_id": event_id, "since": since}
    return len(session.execute(_REPLAY, values).all())


def purge(database: Database, days: int) -> int:
    """Delete sent events older than `days` and inbox rows older than twice that; returns rows."""
    deleted = 0
    for statement in (_PURGE_OUTBOX, _PURGE_INBOX):
        while True:
            with database.sessions.begin() as session:
                rows = len(session.execute(statement, {"days": days, "chunk": CHUNK}).all())
            deleted += rows
            if rows < CHUNK:
                break
    return deleted
