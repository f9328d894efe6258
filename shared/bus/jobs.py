"""Work that is not an event: started by the clock, or by a ring after somebody's commit.

A job takes no arguments and does whatever its tables say is due, so running it twice, late or in
two places is harmless. Celery only wakes it; a lost wake-up is made up for by the clock.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import text

from shared.bus.queues import Queues
from shared.database import Database

LOOK_S = 1.0  # the clock's resolution

_PLAN = text("""
    INSERT INTO clock (job, due_at)
    SELECT job, now() FROM unnest(CAST(:jobs AS text[])) AS planned(job)
    ON CONFLICT (job) DO NOTHING""")

# A release may drop a queue; nobody must wait for its song. But while releases overlap, an older
# relay must not forget what a newer one has just begun.
_FORGET = text("""
    DELETE FROM canary
    WHERE queue <> ALL (CAST(:queues AS text[])) AND sung_at < now() - interval '10 minutes'""")

# Not sung yet: until its worker has, a queue counts as silent.
_EXPECT = text("""
    INSERT INTO canary (queue, sung_at)
    SELECT queue, 'epoch' FROM unnest(CAST(:queues AS text[])) AS planned(queue)
    ON CONFLICT (queue) DO NOTHING""")

# The conditional update makes one of several relays the one that rings.
_DUE = text("""
    UPDATE clock SET due_at = now() + make_interval(secs => planned.every)
    FROM unnest(CAST(:jobs AS text[]), CAST(:every AS float[])) AS planned(job, every)
    WHERE clock.job = planned.job AND clock.due_at <= now() RETURNING clock.job""")


@dataclass(frozen=True, slots=True)
class Job:
    """`every` is in seconds; none means that only a ring starts it."""

    name: str
    queue: str
    every: float | None
    run: Callable[[], None]


class Jobs:
    """The jobs of one service."""

    def __init__(self, queues: Queues) -> None:
        self._queues = queues
        self._jobs: dict[str, Job] = {}
        self._looked = 0.0

    def __getitem__(self, name: str) -> Job:
        return self._jobs[name]

    @property
    def queues(self) -> set[str]:
        """The classes of work, each a queue."""
        return {job.queue for job in self._jobs.values()}

    def add(self, job: Job) -> None:
        """Register a job; its name is unique in the service."""
        if job.name in self._jobs:
            raise ValueError(f"two jobs are called {job.name}")
        self._jobs[job.name] = job

    def plan(self, database: Database) -> None:
        """Let each new clocked job be due at once; one that has its time keeps it."""
        with database.sessions.begin() as session:
            names = {"jobs": self._clocked()["jobs"], "queues": sorted(self.queues)}
            session.execute(_FORGET, names)
            session.execute(_PLAN, names)
            session.execute(_EXPECT, names)

    def due(self, database: Database) -> set[str]:
        """The clocked jobs whose time has come, each handed to one relay only."""
        if time.monotonic() - self._looked < LOOK_S:
            return set()
        self._looked = time.monotonic()
        with database.sessions.begin() as session:
            return set(session.execute(_DUE, self._clocked()).scalars())

    def ring(self, names: Iterable[str]) -> set[str]:
        """Wake the named jobs; returns those for which there was no room yet.

        Names that are not ours are dropped. Raises `BrokerAway`.
        """
        jobs = [self._jobs[name] for name in names if name in self._jobs]
        if not jobs:
            return set()
        room = self._queues.room(sorted({self.queue_name(job) for job in jobs}))
        waiting = set()
        for job in jobs:
            if room[self.queue_name(job)]:
                self._queues.send(self.queue_name(job), "bus.work", job.name)
            else:
                waiting.add(job.name)
        return waiting

    def queue_name(self, job: Job) -> str:
        """The queue's full name in Redis."""
        return f"{self._queues.service}.{job.queue}"

    def _clocked(self) -> dict[str, list[str] | list[float]]:
        clocked = [(job.name, job.every) for job in self._jobs.values() if job.every is not None]
        return {
            "jobs": [name for name, _ in clocked],
            "every": [float(every) for _, every in clocked],
        }
