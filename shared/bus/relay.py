"""The relay: carries what has committed from PostgreSQL to the subscribers' queues.

A copy is claimed and the claim committed *before* it is sent, with the time at which it will be
sent again unless its receipt has come. So nothing is locked while Redis answers, a receipt always
finds its row, and a copy lost anywhere (a killed relay, a flushed Redis, a killed worker) simply
comes due. Several relays at once are harmless: they skip each other's rows.
"""

import threading
from collections import defaultdict
from typing import Any

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared.bus.jobs import Jobs
from shared.bus.outbox import CHANNEL
from shared.bus.queues import BrokerAway, Queues
from shared.database import Database
from shared.events import Subscribers

log = structlog.get_logger()

BATCH = 100  # events in a message: one message costs as much as some fifty rows
LOOK_S = 1.0  # an idle relay looks by itself this often, in case a ring was lost
FIRST_RESEND_S = 10  # without a receipt; doubles up to
LAST_RESEND_S = 30  # so that all is well again within a minute of the last fault

_CLAIM_NEW = text("""
    WITH fresh AS (
        SELECT id FROM outbox WHERE sent_at IS NULL ORDER BY id
        LIMIT :batch FOR UPDATE SKIP LOCKED
    ), sent AS (
        UPDATE outbox SET sent_at = now() FROM fresh WHERE outbox.id = fresh.id
        RETURNING outbox.id, outbox.type, outbox.envelope
    ), copies AS (
        INSERT INTO delivery (event_id, subscriber, attempts, due_at)
        SELECT sent.id, hears.subscriber, hears.room::int,
               now() + make_interval(secs => CASE WHEN hears.room THEN :resend ELSE 0 END)
        FROM sent JOIN unnest(
            CAST(:types AS text[]), CAST(:subscribers AS text[]), CAST(:room AS boolean[])
        ) AS hears(type, subscriber, room) USING (type)
        RETURNING event_id, subscriber, attempts
    )
    SELECT copies.subscriber, copies.attempts, sent.id::text, 0, sent.type, sent.envelope::text
    FROM sent LEFT JOIN copies ON copies.event_id = sent.id ORDER BY sent.id""")

_CLAIM_DUE = text("""
    WITH due AS (
        SELECT event_id, subscriber FROM delivery
        WHERE subscriber = :subscriber AND due_at <= now() ORDER BY due_at
        LIMIT :batch FOR UPDATE SKIP LOCKED
    ), again AS (
        UPDATE delivery SET attempts = attempts + 1, due_at = now() + make_interval(
            secs => least(:resend * power(2, least(attempts, 10)), :most))
        FROM due WHERE delivery.event_id = due.event_id AND delivery.subscriber = due.subscriber
        RETURNING delivery.event_id, delivery.replay
    )
    SELECT outbox.id::text, again.replay, outbox.type, outbox.envelope::text
    FROM again JOIN outbox ON outbox.id = again.event_id ORDER BY outbox.id""")


class Relay:
    """One service's relay and clock; `run()` until `stop()`."""

    def __init__(
        self,
        service: str,
        database: Database,
        queues: Queues,
        subscribers: Subscribers,
        jobs: Jobs,
    ) -> None:
        self._service = service
        self._database = database
        self._queues = queues
        self._jobs = jobs
        self._hears = [(c.type, s) for c, names in subscribers.items() for s in names]
        self._subscribers = sorted({s for _, s in self._hears})
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End `run()` after the batch in hand."""
        self._stopping.set()

    def run(self) -> None:
        """Relay until stopped, through restarts of PostgreSQL and Redis."""
        while not self._stopping.is_set():
            try:
                with self._database.raw_connection() as listening:
                    listening.execute(f"LISTEN {CHANNEL}")
                    self._jobs.plan(self._database)
                    self._serve(listening)
            except (psycopg.OperationalError, OperationalError) as error:
                log.warning("relay.database_away", error=str(error).splitlines()[0])
                self._stopping.wait(0.5)

    def _serve(self, listening: psycopg.Connection[Any]) -> None:
        # Look first: there may be work from before we listened.
        wait, rung = 0.0, set[str]()
        while not self._stopping.is_set():
            rung |= {note.payload for note in listening.notifies(timeout=wait, stop_after=1)}
            rung |= self._jobs.due(self._database)
            try:
                self._jobs.ring(rung)
                waiting = self.drain()
            except BrokerAway as error:
                log.warning("relay.broker_away", error=str(error))
                wait = LOOK_S
                continue
            rung.clear()
            # A full queue is looked at again soon, but ever less often while nothing moves.
            wait = min(max(wait, 0.01) * 2, LOOK_S) if waiting else LOOK_S

    def drain(self) -> bool:
        """Send what is waiting; True when full queues made us leave some. Raises `BrokerAway`."""
        while True:
            room = self._room()
            if room and not any(room.values()):
                return True
            sent = self._send_new(room)
            sent += sum(self._send_due(subscriber) for subscriber in room if room[subscriber])
            if not sent:
                return not all(room.values())

    def _room(self) -> dict[str, int]:
        rooms = self._queues.room([f"{name}.events" for name in self._subscribers])
        return dict(zip(self._subscribers, rooms.values(), strict=True))

    def _send_new(self, room: dict[str, int]) -> int:
        values = {
            "batch": BATCH,
            "resend": FIRST_RESEND_S,
            "types": [event_type for event_type, _ in self._hears],
            "subscribers": [subscriber for _, subscriber in self._hears],
            # A full queue must not hold up the others: its copies wait in the table.
            "room": [room[subscriber] > 0 for _, subscriber in self._hears],
        }
        with self._database.sessions.begin() as session:
            rows = session.execute(_CLAIM_NEW, values).all()
        copies: dict[str, list[list[Any]]] = defaultdict(list)
        for subscriber, attempts, *copy in rows:
            if attempts:
                copies[subscriber].append(copy)
        for subscriber, batch in copies.items():
            self._send(subscriber, batch)
        return len(rows)

    def _send_due(self, subscriber: str) -> int:
        values = {
            "subscriber": subscriber,
            "batch": BATCH,
            "resend": FIRST_RESEND_S,
            "most": LAST_RESEND_S,
        }
        with self._database.sessions.begin() as session:
            batch = [list(row) for row in session.execute(_CLAIM_DUE, values)]
        if batch:
            self._send(subscriber, batch)
        return len(batch)

    def _send(self, subscriber: str, batch: list[list[Any]]) -> None:
        # Should Redis go away just here, the claim runs out by itself and the copies come due.
        self._queues.send(f"{subscriber}.events", "bus.deliver", self._service, batch)
