"""The relay: carries what has committed from PostgreSQL to the subscribers' queues.

A copy is claimed and the claim committed *before* it is sent, with the time at which it will be
sent again unless its receipt has come. So nothing is locked while Redis answers, a receipt always
finds its row, and a copy lost anywhere (a killed relay, a flushed Redis, a killed worker) simply
comes due. Several relays at once are harmless: they skip each other's rows.
"""

import threading
import time
from collections import defaultdict
from typing import Any, NamedTuple

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared.bus.jobs import Jobs
from shared.bus.outbox import CHANNEL
from shared.bus.queues import SUSPECT, BrokerAway, Queues
from shared.database import Database
from shared.events import Subscribers

log = structlog.get_logger()

BATCH = 100  # events in a message: one message costs as much as some fifty rows
LOOK_S = 1.0  # an idle relay looks by itself this often, in case a ring was lost
GATHER_S = 0.05  # after less than a message, so that under load messages hold more than an event
QUICK_LOOK_S = 0.02  # at first after work, then ever more seldom, down to LOOK_S
FULL_LOOK_S = 0.1  # at least, while a full queue makes us wait
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
    )
    SELECT id::text, 0, 1, type, envelope::text FROM sent ORDER BY id""")

_CLAIM_DUE = text("""
    WITH due AS (
        SELECT event_id, subscriber FROM delivery
        WHERE subscriber = :subscriber AND due_at <= now() ORDER BY due_at
        LIMIT :batch FOR UPDATE SKIP LOCKED
    ), again AS (
        UPDATE delivery SET attempts = attempts + 1, due_at = now() + make_interval(
            secs => least(:resend * power(2, least(attempts, 10)), :most))
        FROM due WHERE delivery.event_id = due.event_id AND delivery.subscriber = due.subscriber
        RETURNING delivery.event_id, delivery.replay, delivery.attempts
    )
    SELECT outbox.id::text, again.replay, again.attempts, outbox.type, outbox.envelope::text
    FROM again JOIN outbox ON outbox.id = again.event_id ORDER BY outbox.id""")


# By key: a plan by join was made when the table was empty and scanned it when it was full.
_RECEIVED = text("""
    UPDATE delivery SET received_at = now(), due_at = NULL
    WHERE event_id = ANY (CAST(:ids AS uuid[])) AND subscriber = :subscriber AND replay = :replay
      AND received_at IS NULL""")


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
        self._types: dict[str, set[str]] = defaultdict(set)
        for event_type, subscriber in self._hears:
            self._types[subscriber].add(event_type)
        self._due_looks: dict[str, float] = defaultdict(float)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End `run()` after the step in hand, within a second."""
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
                rung = self._jobs.ring(rung)
                done = self.step()
            except BrokerAway as error:
                log.warning("relay.broker_away", error=str(error))
                wait = LOOK_S
                continue
            # After work, receipts and room come soon; the longer nothing comes, the later we look.
            longest = FULL_LOOK_S if done.full or rung else LOOK_S
            wait = 0.0 if done.moved else min(max(wait * 2, QUICK_LOOK_S), longest)
            if done.part:
                self._stopping.wait(GATHER_S)

    def step(self) -> "Step":
        """Read the receipts that have come, and send each subscriber a message or two.

        Raises `BrokerAway`.
        """
        received = self._take_receipts()
        room = self._room()
        sent = self._send_new(room) if not room or any(room.values()) else 0
        again = [self._send_due(subscriber) for subscriber in room if room[subscriber]]
        most = max([sent, *again])
        return Step(
            moved=bool(received or most),
            part=0 < most < BATCH,
            full=not all(room.values()),
        )

    def _take_receipts(self) -> int:
        copies: dict[tuple[str, int], list[str]] = defaultdict(list)
        for subscriber, keys in self._queues.take_receipts():
            for event_id, replay in keys:
                copies[subscriber, replay].append(event_id)
        if copies:
            with self._database.sessions.begin() as session:
                # In one order, so that two relays wait for each other instead of deadlocking.
                for (subscriber, replay), ids in sorted(copies.items()):
                    values = {"subscriber": subscriber, "replay": replay, "ids": ids}
                    session.execute(_RECEIVED, values)
        return len(copies)

    def _room(self) -> dict[str, int]:
        rooms = self._queues.room([f"{name}.events" for name in self._types])
        return dict(zip(self._types, rooms.values(), strict=True))

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
            rows = [list(row) for row in session.execute(_CLAIM_NEW, values)]
        for subscriber, types in self._types.items():
            batch = [row for row in rows if row[3] in types] if room[subscriber] else []
            if batch:
                self._send(subscriber, batch)
        return len(rows)

    def _send_due(self, subscriber: str) -> int:
        # Once a second is soon enough, unless there are more than went into one message.
        if time.monotonic() < self._due_looks[subscriber]:
            return 0
        values = {
            "subscriber": subscriber,
            "batch": BATCH,
            "resend": FIRST_RESEND_S,
            "most": LAST_RESEND_S,
        }
        with self._database.sessions.begin() as session:
            batch = [list(row) for row in session.execute(_CLAIM_DUE, values)]
        # One of these may be what kills or stalls its worker: then alone, to spare the others.
        suspects = [copy for copy in batch if copy[2] >= SUSPECT]
        for messages in ([copy for copy in batch if copy[2] < SUSPECT], *([s] for s in suspects)):
            if messages:
                self._send(subscriber, messages)
        self._due_looks[subscriber] = time.monotonic() + (0 if batch else LOOK_S)
        return len(batch)

    def _send(self, subscriber: str, batch: list[list[Any]]) -> None:
        # Should Redis go away just here, the claim runs out by itself and the copies come due.
        self._queues.send(f"{subscriber}.events", "bus.deliver", self._service, batch)


class Step(NamedTuple):
    """What a step of the relay found.

    Did anything move, was it sent in less than a whole message, is a queue too full to take more.
    """

    moved: bool
    part: bool
    full: bool
