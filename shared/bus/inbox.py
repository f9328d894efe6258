"""Deliver: handle each event once, in sets, and tell the publisher.

One transaction holds the inbox rows and all that the handlers did, so an event is handled exactly
when its row is there. A batch that fails is taken apart, so that a poisoned event stops no other.
"""

from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from shared.bus.envelope import Envelope, unseal
from shared.bus.queues import SUSPECT, BrokerAway, Queues, TooSlow
from shared.database import Database
from shared.events import Event
from shared.tracing import span

log = structlog.get_logger()

Handler = Callable[[Session, list[Envelope[Any]]], None]

TRIES = 5  # of an event that fails alone; the publisher's resends space them out
UNFINISHED = "the handler did not come to an end: too slow, or its process died"


class NoHandler(LookupError):
    """Nothing in this process handles the event, though the contract says the service hears it."""


class Copy(NamedTuple):
    """One event as the relay sends it: the envelope stays text until somebody hears it."""

    event_id: str
    replay: int
    attempts: int  # how often it was sent, this time included
    type: str
    envelope: str


# Sorted, so that two workers with overlapping batches wait for each other instead of deadlocking.
_RECEIVE = text("""
    INSERT INTO inbox (event_id, replay)
    SELECT event_id, replay
    FROM unnest(CAST(:ids AS uuid[]), CAST(:replays AS int[])) AS copy(event_id, replay)
    ORDER BY event_id, replay
    ON CONFLICT DO NOTHING RETURNING event_id::text, replay""")

# What failed before has gone well now: this copy, or a later replay of it. A parked one stays until
# it is handled itself.
_RECOVERED = text("""
    DELETE FROM failed_event USING unnest(CAST(:ids AS uuid[]), CAST(:replays AS int[]))
        AS copy(event_id, replay)
    WHERE failed_event.event_id = copy.event_id
      AND (failed_event.replay < copy.replay
           OR failed_event.replay = copy.replay AND parked_at IS NULL)""")

_TRY = text("""
    INSERT INTO failed_event (event_id, replay, publisher, type, envelope, error)
    VALUES (:event_id, :replay, :publisher, :type, :envelope, :error)
    ON CONFLICT (event_id, replay) DO UPDATE
    SET attempts = failed_event.attempts + 1, error = excluded.error, last_failed_at = now()
    RETURNING attempts""")

_TELL = text("""
    UPDATE failed_event SET error = :error
    WHERE event_id = CAST(:event_id AS uuid) AND replay = :replay""")

_PARK = text("""
    UPDATE failed_event SET parked_at = now(), attempts = least(attempts, :tries)
    WHERE event_id = CAST(:event_id AS uuid) AND replay = :replay""")

_MENDED = text("""
    DELETE FROM failed_event WHERE event_id = CAST(:event_id AS uuid) AND replay = :replay""")

_PARKED = text("""
    SELECT event_id::text, replay, attempts, type, envelope FROM failed_event
    WHERE parked_at IS NOT NULL AND (CAST(:id AS uuid) IS NULL OR event_id = CAST(:id AS uuid))
      AND (event_id, replay) > (CAST(:after_id AS uuid), :after_replay)
    ORDER BY event_id, replay FOR UPDATE SKIP LOCKED LIMIT 1""")

_FAILED = text("""
    SELECT event_id, replay, publisher, type, error, attempts, first_failed_at, parked_at, envelope
    FROM failed_event ORDER BY first_failed_at""")


class Inbox:
    """The subscriber's side of one service."""

    def __init__(self, database: Database, queues: Queues) -> None:
        self._database = database
        self._queues = queues
        self.handlers: dict[type[Event], list[Handler]] = defaultdict(list)
        self.first: set[type[Event]] = set()  # of a batch these are handled before all others

    def deliver(self, publisher: str, copies: list[Copy]) -> None:
        """Handle a batch, then send the receipt for all of it that has committed.

        Raises when the database is away, or when the batch takes too long: without a receipt its
        copies come again, at last each alone.
        """
        settled = None if len(copies) == 1 else self._together(copies)
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

        Tries them all, then raises an `ExceptionGroup` of what handlers raised: those stay parked.
        """
        done, errors = 0, list[Exception]()
        after = {"after_id": UUID(int=0), "after_replay": -1}
        while True:
            with self._database.sessions.begin() as session:
                row = session.execute(_PARKED, {"id": event_id, **after}).first()
                if row is None:
                    break
                copy = Copy(*row)
                after = {"after_id": UUID(copy.event_id), "after_replay": copy.replay}
                try:
                    with session.begin_nested():
                        self._handle(session, [copy])
                        session.execute(_MENDED, _key(copy))
                    done += 1
                except Exception as error:  # noqa: BLE001 - told to the person who asked, below
                    errors.append(error)
        if errors:
            raise ExceptionGroup(f"{done} handled, {len(errors)} still fail", errors)
        return done

    def failed(self, session: Session) -> list[dict[str, Any]]:
        """The events that could not be handled so far, oldest first."""
        return [dict(row) for row in session.execute(_FAILED).mappings()]

    def _together(self, copies: list[Copy]) -> list[Copy] | None:
        """The whole batch in one transaction; None when something in it failed."""
        try:
            with self._database.sessions.begin() as session:
                self._handle_new(session, copies)
        except TooSlow:
            raise  # no time is left to try each alone
        except Exception as error:  # noqa: BLE001 - whatever a handler raises, each gets its own try
            _raise_if_away(error)
            log.warning("inbox.batch_taken_apart", events=len(copies), error=repr(error))
            return None
        return copies

    def _alone(self, publisher: str, copy: Copy) -> bool:
        """One event in a transaction of its own; True when it is settled: handled, or parked."""
        # Written down before: a handler that takes its worker with it cannot say so afterwards.
        suspect = copy.attempts >= SUSPECT
        if suspect and self._count_try(publisher, copy, UNFINISHED) > TRIES:
            return self._park(copy)
        try:
            with self._database.sessions.begin() as session:
                self._handle_new(session, [copy])
        except Exception as error:
            _raise_if_away(error)
            log.exception("event.failed", **_key(copy), type=copy.type)
            if suspect:
                self._tell(copy, error)
                return False
            return self._count_try(publisher, copy, repr(error)) >= TRIES and self._park(copy)
        return True

    def _handle_new(self, session: Session, copies: list[Copy]) -> None:
        keys = _columns(copies)
        new = {(event_id, replay) for event_id, replay in session.execute(_RECEIVE, keys)}
        if new:
            self._handle(session, [copy for copy in copies if (copy[0], copy[1]) in new])
        session.execute(_RECOVERED, keys)

    def _handle(self, session: Session, copies: list[Copy]) -> None:
        by_type: dict[type[Event], list[Envelope[Event]]] = defaultdict(list)
        for copy in copies:
            envelope = unseal(copy.type, copy.envelope)
            by_type[type(envelope.data)].append(envelope)
        for event_class, envelopes in sorted(
            by_type.items(), key=lambda item: item[0] not in self.first
        ):
            # One event is one journey; a batch belongs to many, and its rows carry their own.
            with span(envelopes[0].traceparent) if len(envelopes) == 1 else nullcontext():
                if not self.handlers.get(event_class):
                    # This release does not hear it yet: kept as failed, not forgotten.
                    raise NoHandler(event_class.type)
                for handler in self.handlers[event_class]:
                    handler(session, envelopes)
                log.info("event.handled", type=event_class.type, events=len(envelopes))

    def _count_try(self, publisher: str, copy: Copy, error: str) -> int:
        with self._database.sessions.begin() as session:
            values = {"publisher": publisher, "type": copy.type, "envelope": copy.envelope}
            tried = session.execute(_TRY, _key(copy) | values | {"error": error[:2000]})
            return int(tried.scalar_one())

    def _tell(self, copy: Copy, error: Exception) -> None:
        with self._database.sessions.begin() as session:
            session.execute(_TELL, _key(copy) | {"error": repr(error)[:2000]})

    def _park(self, copy: Copy) -> bool:
        """From now on only a person tries it again; it is settled, so that nobody sends it."""
        with self._database.sessions.begin() as session:
            session.execute(_RECEIVE, _columns([copy]))
            # What was counted before a try that is not made any more does not count.
            session.execute(_PARK, _key(copy) | {"tries": TRIES})
        log.error("event.parked", **_key(copy), type=copy.type)
        return True


def _key(copy: Copy) -> dict[str, Any]:
    return {"event_id": copy.event_id, "replay": copy.replay}


def _columns(copies: list[Copy]) -> dict[str, list[Any]]:
    return {"ids": [copy.event_id for copy in copies], "replays": [copy.replay for copy in copies]}


def _raise_if_away(error: Exception) -> None:
    """What is nobody's fault must not use up an event's tries.

    A database that is away (also one that refuses connections, which has no SQLSTATE, or that is
    starting or stopping: 57P..), and a row that another worker is just handling: lock timeout,
    deadlock.
    """
    if not isinstance(error, DBAPIError):
        return
    state = getattr(error.orig, "sqlstate", None)
    unreachable = isinstance(error, OperationalError) and state is None
    passing = state is not None and (
        state.startswith("57P") or state in {"53300", "55P03", "40P01"}
    )
    if error.connection_invalidated or unreachable or passing:
        raise error
