"""Deliver: handle each event once, in sets, and tell the publisher.

One transaction holds the inbox rows and all that the handlers did, so an event is handled exactly
when its row is there. A batch that fails is taken apart, so that a poisoned event stops no other.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.bus.envelope import Envelope, unseal
from shared.bus.queues import BrokerAway, Queues
from shared.database import Database
from shared.events import Event
from shared.tracing import span

log = structlog.get_logger()

Handler = Callable[[Session, list[Envelope[Any]]], None]

TRIES = 5  # of an event that fails alone; the publisher's resends space them out


class Copy(NamedTuple):
    """One event as the relay sends it: the envelope stays text until somebody hears it."""

    event_id: str
    replay: int
    type: str
    envelope: str


# Sorted, so that two workers with overlapping batches wait for each other instead of deadlocking.
_RECEIVE = text("""
    INSERT INTO inbox (event_id, replay)
    SELECT event_id, replay
    FROM unnest(CAST(:ids AS uuid[]), CAST(:replays AS int[])) AS copy(event_id, replay)
    ORDER BY event_id, replay
    ON CONFLICT DO NOTHING RETURNING event_id::text, replay""")

_RECOVERED = text("""
    DELETE FROM failed_event USING unnest(CAST(:ids AS uuid[]), CAST(:replays AS int[]))
        AS copy(event_id, replay)
    WHERE failed_event.event_id = copy.event_id AND failed_event.replay = copy.replay""")

_FAIL = text("""
    INSERT INTO failed_event (event_id, replay, publisher, type, envelope, error)
    VALUES (:event_id, :replay, :publisher, :type, :envelope, :error)
    ON CONFLICT (event_id, replay) DO UPDATE
    SET attempts = failed_event.attempts + 1, error = excluded.error, last_failed_at = now()
    RETURNING attempts""")

_PARK = text("""
    UPDATE failed_event SET parked_at = now()
    WHERE event_id = CAST(:event_id AS uuid) AND replay = :replay""")

_PARKED = text("""
    SELECT event_id::text, replay, type, envelope FROM failed_event
    WHERE parked_at IS NOT NULL AND (CAST(:id AS uuid) IS NULL OR event_id = CAST(:id AS uuid))
    ORDER BY event_id FOR UPDATE SKIP LOCKED LIMIT 1""")

_FAILED = text("""
    SELECT event_id, replay, publisher, type, error, attempts, first_failed_at, parked_at, envelope
    FROM failed_event ORDER BY first_failed_at""")


class Inbox:
    """The subscriber's side of one service."""

    def __init__(self, database: Database, queues: Queues) -> None:
        self._database = database
        self._queues = queues
        self.handlers: dict[type[Event], list[Handler]] = defaultdict(list)

    def deliver(self, publisher: str, copies: list[Copy]) -> None:
        """Handle a batch, then send the receipt for all of it that has committed.

        Raises when the database is away: without a receipt the batch comes again.
        """
        settled = self._together(copies)
        if settled is None:
            settled = [copy for copy in copies if self._alone(publisher, copy)]
        if not settled:
            return
        try:
            keys = [(copy.event_id, copy.replay) for copy in settled]
            self._queues.send_receipt(publisher, keys)
        except BrokerAway as error:
            # The publisher sends the batch again, and then gets its receipt.
            log.warning("inbox.receipt_lost", publisher=publisher, error=str(error))

    def retry_parked(self, event_id: str | None = None) -> int:
        """Handle parked events once more, one or all; returns how many went well.

        Raises what the handler raises, so that the person who asked sees it.
        """
        done = 0
        while True:
            with self._database.sessions.begin() as session:
                row = session.execute(_PARKED, {"id": event_id}).first()
                if row is None:
                    return done
                copy = Copy(*row)
                self._handle(session, [copy])
                session.execute(_RECOVERED, _columns([(copy.event_id, copy.replay)]))
            done += 1

    def failed(self, session: Session) -> list[dict[str, Any]]:
        """The events that could not be handled so far, oldest first."""
        return [dict(row) for row in session.execute(_FAILED).mappings()]

    def _together(self, copies: list[Copy]) -> list[Copy] | None:
        """The whole batch in one transaction; None when something in it failed."""
        try:
            with self._database.sessions.begin() as session:
                self._handle_new(session, copies)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, each event gets its own try
            _raise_if_away(error)
            if len(copies) > 1:
                log.warning("inbox.batch_taken_apart", events=len(copies), error=repr(error))
            return None
        return copies

    def _alone(self, publisher: str, copy: Copy) -> bool:
        """One event in a transaction of its own; True when it is settled: handled, or parked."""
        try:
            with self._database.sessions.begin() as session:
                self._handle_new(session, [copy])
        except Exception as error:  # noqa: BLE001 - it becomes a row that a person sees
            _raise_if_away(error)
            return self._fail(publisher, copy, error)
        return True

    def _handle_new(self, session: Session, copies: list[Copy]) -> None:
        keys = [(copy.event_id, copy.replay) for copy in copies]
        new = {(event_id, replay) for event_id, replay in session.execute(_RECEIVE, _columns(keys))}
        if new:
            self._handle(session, [copy for copy in copies if (copy[0], copy[1]) in new])
            session.execute(_RECOVERED, _columns(list(new)))

    def _handle(self, session: Session, copies: list[Copy]) -> None:
        by_type: dict[type[Event], list[Envelope[Event]]] = defaultdict(list)
        for copy in copies:
            envelope = unseal(copy.type, copy.envelope)
            by_type[type(envelope.data)].append(envelope)
        for event_class, envelopes in by_type.items():
            # One event is one journey; a batch belongs to many, and its rows carry their own.
            with span(envelopes[0].traceparent) if len(envelopes) == 1 else nullcontext():
                for handler in self.handlers[event_class]:
                    handler(session, envelopes)
                log.info("event.handled", type=event_class.type, events=len(envelopes))

    def _fail(self, publisher: str, copy: Copy, error: Exception) -> bool:
        key = {"event_id": copy.event_id, "replay": copy.replay}
        with self._database.sessions.begin() as session:
            attempts = session.execute(
                _FAIL,
                {**key, "publisher": publisher, "type": copy.type}
                | {"envelope": copy.envelope, "error": repr(error)[:2000]},
            ).scalar_one()
            log.error("event.failed", **key, type=copy.type, attempts=attempts, exc_info=error)
            if attempts < TRIES:
                return False
            session.execute(_RECEIVE, _columns([(copy.event_id, copy.replay)]))
            session.execute(_PARK, key)
            return True


def _columns(keys: list[tuple[str, int]]) -> dict[str, list[Any]]:
    return {"ids": [event_id for event_id, _ in keys], "replays": [replay for _, replay in keys]}


def _raise_if_away(error: Exception) -> None:
    """A database that is away is nobody's fault: it must not use up an event's tries."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        raise error
