"""The event bus: an outbox and an inbox in PostgreSQL, Celery and Redis in between.

    publish  ->  outbox  ->  relay  ->  Redis  ->  deliver  ->  inbox + handlers
                    ^                                  |
                    +----------- receipt --------------+

`publish()` writes in the caller's transaction, the relay carries batches, `deliver` handles each
event once and answers with a receipt. What has no receipt is sent again, so Redis may lose
everything at any moment. Reading order: outbox, relay, inbox; then jobs, queues, retention.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import MetaData, text
from sqlalchemy.orm import Session

from shared.bus.envelope import Envelope
from shared.bus.inbox import Copy, Handler, Inbox
from shared.bus.jobs import Job, Jobs
from shared.bus.outbox import Outbox
from shared.bus.queues import BrokerAway, Queues
from shared.bus.relay import Relay
from shared.bus.retention import forget, purge, replay
from shared.bus.tables import add_bus_tables
from shared.database import Database
from shared.events import SUBSCRIBERS, Event, Subscribers

__all__ = ["BrokerAway", "Bus", "Envelope", "Job"]

CANARY_S = 10.0
PURGE_S = 3600.0

H = TypeVar("H", bound=Callable[..., None])


class Bus:
    """One service's place on the bus. Building it opens nothing."""

    def __init__(  # noqa: PLR0913 - what a service is made of, named once
        self,
        service: str,
        database: Database,
        metadata: MetaData,
        redis_url: Callable[[], str],
        *,
        subscribers: Subscribers = SUBSCRIBERS,
        keep_days: Callable[[], int] = lambda: 30,
    ) -> None:
        add_bus_tables(metadata)
        self.service = service
        self.metadata = metadata
        self.subscribers = subscribers
        self.database = database
        self.queues = Queues(service, redis_url)
        self.outbox = Outbox(service, database)
        self.inbox = Inbox(database, self.queues)
        self.jobs = Jobs(self.queues)
        self.publish = self.outbox.publish
        self._add_queue("events")
        self._add(Job("purge_bus", "jobs", PURGE_S, lambda: self._purge(keep_days())))

    def on(self, event_class: type[Event], *, first: bool = False) -> Callable[[Handler], Handler]:
        """Handle an event: `@bus.on(RegistrationSubmitted) def f(session, envelopes): ...`.

        The handler gets a list of one type, in one transaction, each event once; the order is
        not promised. Types of one batch share the transaction: one that is `first` comes before
        all others, for what has to take a lock before they do.
        """
        if self.service not in self.subscribers.get(event_class, ()):
            raise ValueError(f"shared/events/ does not say that {self.service} hears it")

        def register(handler: Handler) -> Handler:
            self.inbox.handlers[event_class].append(handler)
            if first:
                self.inbox.first.add(event_class)
            return handler

        return register

    def job(self, queue: str, *, every: float | None = None) -> Callable[[H], H]:
        """Do what is due: `@bus.job("reports", every=30)`, and on `wake`."""

        def register(function: H) -> H:
            self._add(Job(function.__name__, queue, every, function))
            return function

        return register

    def wake(self, session: Session, job: Callable[..., None]) -> None:
        """Start a job as soon as this session has committed."""
        self.outbox.ring(session, self.jobs[job.__name__].name)

    def replay(self, session: Session, subscriber: str, **which: Any) -> int:
        """See `retention.replay`."""
        self.outbox.ring(session, "outbox")
        return replay(session, self.subscribers, subscriber, **which)

    def forget(self, session: Session, subjects: Sequence[str]) -> None:
        """See `retention.forget`."""
        forget(session, subjects)

    def relay(self) -> Relay:
        """The relay and clock of this service, to be run in a process of its own."""
        return Relay(self.service, self.database, self.queues, self.subscribers, self.jobs)

    def queue_names(self) -> list[str]:
        """Every queue that this service's worker reads."""
        return [f"{self.service}.{queue}" for queue in sorted(self.jobs.queues)]

    def worker(self, arguments: list[str]) -> None:
        """Run the Celery worker until it is told to stop, with Celery's own arguments."""
        self.queues.consume(self.queue_names())
        app = self.queues.app

        @app.task(name="bus.deliver", shared=False)  # type: ignore[untyped-decorator]
        def deliver(publisher: str, copies: list[list[Any]]) -> None:
            self.inbox.deliver(publisher, [Copy(*copy) for copy in copies])

        @app.task(name="bus.work", shared=False)  # type: ignore[untyped-decorator]
        def work(job: str) -> None:
            self.jobs[job].run()

        app.worker_main(["worker", *arguments])

    def _add(self, job: Job) -> None:
        if job.queue not in self.jobs.queues:
            self._add_queue(job.queue)
        self.jobs.add(job)

    def _add_queue(self, queue: str) -> None:
        self.jobs.add(Job(f"canary {queue}", queue, CANARY_S, partial(self._sing, queue)))

    def _sing(self, queue: str) -> None:
        with self.database.sessions.begin() as session:
            session.execute(_SING, {"queue": queue})

    def _purge(self, days: int) -> None:
        purge(self.database, days)


# It came all the way: clock, relay, Redis, worker, database. Its age is the worker's health.
_SING = text("""
    INSERT INTO canary (queue, sung_at) VALUES (:queue, now())
    ON CONFLICT (queue) DO UPDATE SET sung_at = excluded.sung_at""")
