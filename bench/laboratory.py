"""Real engines and processes for a measurement, in a folder that is removed after it."""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import text

from bench.ticks import HEARERS, SERVICES, Ticked, make_bus
from shared.bus import Bus
from shared.local.postgres import Postgres
from shared.local.processes import ManagedProcess, Supervisor
from shared.local.redis import Redis

DEADLINE_S = 300


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def print_figures(name: str, **figures: Any) -> None:
    """The last line of every bench and chaos run: one JSON object."""
    print(json.dumps({"name": name, **figures}))


def wait_until(
    condition: Callable[[], bool], what: str, seconds: float = DEADLINE_S, every: float = 0.005
) -> float:
    """Poll `every` so many seconds; returns how long it took. Raises `TimeoutError`."""
    started = time.perf_counter()
    while not condition():
        if time.perf_counter() - started > seconds:
            raise TimeoutError(f"{what} did not happen within {seconds} s")
        time.sleep(every)
    return time.perf_counter() - started


class TickLaboratory:
    """PostgreSQL, Redis and the three services of `bench.ticks`; processes start when asked to."""

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="sejawat-bench-"))
        self.postgres = Postgres(self.folder / "postgres")
        self.redis = Redis(self.folder / "redis")
        self.supervisor = Supervisor()
        self.postgres.start()
        self.redis.start()
        os.environ["REDIS_URL"] = self.redis.url
        for name in SERVICES:
            url = self.postgres.ensure_database(name, name)
            os.environ[f"DATABASE_URL_{name.upper()}"] = url
        os.environ.update(SECRET_KEY="x" * 32, TOKEN_PUBLIC_KEY="{}")  # noqa: S106 - opens nothing
        self.buses: dict[str, Bus] = {name: make_bus(name) for name in SERVICES}
        for bus in self.buses.values():
            bus.metadata.create_all(bus.database.engine)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.supervisor.stop()
        for bus in self.buses.values():
            bus.database.engine.dispose()
        self.redis.stop()
        self.postgres.stop()
        if kind is None:
            shutil.rmtree(self.folder)
        else:
            print(f"logs are in {self.folder}", file=sys.stderr)

    def start(self, name: str, *command: str) -> None:
        """Start one supervised process, for example `start("left worker", "bench.ticks", ...)`."""
        log_file = self.folder / f"{name.replace(' ', '-')}.log"
        self.supervisor.start(
            ManagedProcess(name, [sys.executable, "-m", *command], log_file, cwd=Path.cwd())
        )

    def start_workers(self, processes: int, relays: int = 1) -> None:
        """The subscribers' workers, a worker and relays of the publisher.

        The publisher's relays come last, when every worker has sung: start-up is not measured.
        """
        for service in SERVICES:
            count = "1" if service == "source" else str(processes)
            self.start(f"{service} worker", "bench.ticks", service, "worker", "--processes", count)
        for service in HEARERS:
            self.start(f"{service} relay 0", "bench.ticks", service, "relay")
        wait_until(lambda: all(self._sung(service) for service in HEARERS), "the first song", 60)
        for number in range(relays):
            self.start(f"source relay {number}", "bench.ticks", "source", "relay")

    def kill_tree(self, name: str) -> None:
        """`kill -9` a process and its children, as a machine that loses power does."""
        # It may just be waiting to be started again, and a dead process is no fault.
        wait_until(lambda: self.supervisor.pid(name) is not None, f"{name} alive", 30)
        os.killpg(self.supervisor.pid(name) or 0, signal.SIGKILL)

    def stop_processes(self) -> None:
        """Stop all that was started, and forget what was handled."""
        self.supervisor.stop()
        for service in SERVICES:
            with self.buses[service].database.sessions.begin() as session:
                session.execute(text("TRUNCATE handled"))

    def _sung(self, service: str) -> bool:
        with self.buses[service].database.sessions.begin() as session:
            return bool(session.execute(_SUNG).scalar_one())

    def publish(self, count: int, first: int = 0) -> None:
        """Commit so many ticks, 500 in a transaction."""
        bus = self.buses["source"]
        for start in range(first, first + count, 500):
            with bus.database.sessions.begin() as session:
                numbers = range(start, min(start + 500, first + count))
                bus.publish(session, *(Ticked(number=number) for number in numbers))

    def handled(self, service: str) -> tuple[int, int]:
        """Rows that a subscriber wrote, and the distinct events among them."""
        with self.buses[service].database.sessions.begin() as session:
            row = session.execute(text("SELECT count(*), count(DISTINCT number) FROM handled"))
            return tuple(row.one())

    def settled(self) -> bool:
        """Everything is sent and every receipt has come."""
        with self.buses["source"].database.sessions.begin() as session:
            return not session.execute(_OPEN).scalar_one()

    def drain(self) -> float:
        """Seconds from the first event that is sent to the last receipt."""
        source = self.buses["source"].database
        wait_until(lambda: self._first_sent(source.sessions) is not None, "the first event")
        wait_until(self.settled, "the last receipt", every=0.05)
        with source.sessions.begin() as session:
            return float(session.execute(_SPAN).scalar_one())

    def _first_sent(self, sessions: Any) -> Any:
        with sessions.begin() as session:
            return session.execute(text("SELECT min(sent_at) FROM outbox")).scalar()

    def publish_cost_ratio(self, rounds: int = 400) -> float:
        """A transaction with one insert and `publish`, against the same without."""
        bus = self.buses["source"]

        def one(publish: bool, number: int) -> float:
            started = time.perf_counter()
            with bus.database.sessions.begin() as session:
                session.execute(_ROW, {"number": number})
                if publish:
                    bus.publish(session, Ticked(number=-1 - number))
            return time.perf_counter() - started

        # In turn, so that the machine's moods fall on both alike.
        times = [(one(False, n), one(True, n)) for n in range(rounds)]
        self._clear()
        without, with_publish = zip(*times, strict=True)
        return percentile(with_publish, 50) / percentile(without, 50)

    def idle_latencies(self, count: int) -> list[float]:
        """Seconds from commit to handled, for single events on a quiet system."""
        return [self._one_latency(1_000_000 + number) for number in range(count)]

    def _one_latency(self, number: int) -> float:
        bus = self.buses["source"]
        with bus.database.sessions.begin() as session:
            bus.publish(session, Ticked(number=number))
        started = time.perf_counter()

        with self.buses["left"].database.autocommit() as connection:
            while not connection.execute(_ARRIVED, {"number": number}).scalar_one():
                if time.perf_counter() - started > DEADLINE_S:
                    raise TimeoutError(f"tick {number} never arrived")
                time.sleep(0.001)
        latency = time.perf_counter() - started
        time.sleep(0.03)  # quiet between two: the receipt has come as well
        return latency

    def _clear(self) -> None:
        with self.buses["source"].database.sessions.begin() as session:
            session.execute(text("TRUNCATE outbox, delivery, handled"))


_SUNG = text("SELECT count(*) > 0 AND min(sung_at) > 'epoch' FROM canary")
_OPEN = text("""
    SELECT EXISTS (SELECT FROM outbox WHERE sent_at IS NULL)
        OR EXISTS (SELECT FROM delivery WHERE due_at IS NOT NULL)""")
_SPAN = text("""
    SELECT extract(epoch FROM (SELECT max(received_at) FROM delivery) - min(sent_at))
    FROM outbox""")
_ROW = text("INSERT INTO handled (number) VALUES (:number)")
_ARRIVED = text("SELECT EXISTS (SELECT FROM handled WHERE number = :number)")
