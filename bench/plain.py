"""The plain way to tell two services something: one Celery task for each event and subscriber.

Same insert, same Celery settings, same number of worker processes; a connection is kept per
process, as anybody would.
"""

import os
import sys
import time
from typing import Any

import psycopg
from uuid_utils.compat import uuid7

from bench.laboratory import TickLaboratory, wait_until
from bench.ticks import HEARERS, Ticked, database_url
from shared.bus.queues import Queues

_connections: dict[str, psycopg.Connection[Any]] = {}


def make_queues(service: str) -> Queues:
    """A Celery application with one task that inserts one row."""
    queues = Queues(f"plain.{service}", lambda: os.environ["REDIS_URL"])
    queues.consume([f"plain.{service}"])

    @queues.app.task(name="plain.keep", shared=False)  # type: ignore[untyped-decorator]
    def keep(number: int, event_id: str, text: str) -> None:
        assert text
        if service not in _connections:
            url = database_url(service).replace("+psycopg", "")
            _connections[service] = psycopg.connect(url, autocommit=True)
        _connections[service].execute(
            "INSERT INTO handled (number, event_id) VALUES (%s, %s)", (number, event_id)
        )

    return queues


def drain_plain(laboratory: TickLaboratory, tasks: int, processes: int) -> float:
    """Tasks per second, queued beforehand, from the first row written to the last."""
    senders = {service: make_queues(service) for service in HEARERS}
    for number in range(tasks // 2):
        for service, queues in senders.items():
            queue = f"plain.{service}"
            queues.send(queue, "plain.keep", number, str(uuid7()), Ticked(number=number).text)
    for service in HEARERS:
        laboratory.start(f"plain {service}", "bench.plain", service, str(processes))
    wait_until(lambda: any(laboratory.handled(service)[0] for service in HEARERS), "a first task")
    started = time.perf_counter()
    before = sum(laboratory.handled(service)[0] for service in HEARERS)
    wait_until(
        lambda: all(laboratory.handled(service)[0] == tasks // 2 for service in HEARERS),
        "the last task",
    )
    per_second = (tasks - before) / (time.perf_counter() - started)
    laboratory.stop_processes()
    return per_second


if __name__ == "__main__":
    make_queues(sys.argv[1]).app.worker_main(
        ["worker", "--concurrency", sys.argv[2], "--loglevel", "WARNING"]
    )
