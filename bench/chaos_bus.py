"""2,000 events to two subscribers while everything between them is killed, flushed or restarted.

Workers and relays get `kill -9` five times each, Redis `FLUSHALL` twice and `kill -9` twice (it
comes back empty), PostgreSQL is restarted once. Figures: `lost` (committed, but not handled by
both), `doubled` (handled twice), and `recovery_s_max`: the longest time from a fault until every
event committed before it was handled by both.
"""

import random
import sys
import threading
import time
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bench.laboratory import TickLaboratory, print_figures, wait_until
from bench.ticks import HEARERS, SERVICES, Ticked

EVENTS = 2_000
SECONDS_BETWEEN = 3.0
FAULTS = (
    ["kill the workers"] * 5
    + ["kill the relays"] * 5
    + ["flush Redis"] * 2
    + ["kill Redis"] * 2
    + ["restart PostgreSQL"]
)


def run() -> None:
    """Publish and break things at the same time; then wait, count, and print one JSON object."""
    with TickLaboratory() as laboratory:
        laboratory.start_workers(processes=1, relays=2)
        publisher = threading.Thread(target=publish, args=(laboratory,))
        publisher.start()
        order = random.Random(2022).sample(FAULTS, len(FAULTS))  # noqa: S311 - the same each time
        broken_at = [break_one(laboratory, fault) for fault in order]
        publisher.join()
        wait_until(laboratory.settled, "the last receipt", 180)
        figures = count(laboratory, broken_at)
    print_figures("chaos-bus", faults=len(FAULTS), **figures)


def publish(laboratory: TickLaboratory) -> None:
    """Commit 2,000 events spread over the faults; what the database refuses is tried again."""
    bus = laboratory.buses["source"]
    pause = len(FAULTS) * SECONDS_BETWEEN / (EVENTS / 10)
    for first in range(0, EVENTS, 10):
        started = time.monotonic()
        done = False
        while not done:
            try:
                with bus.database.sessions.begin() as session:
                    numbers = range(first, first + 10)
                    bus.publish(session, *(Ticked(number=number) for number in numbers))
                done = True
            except DBAPIError as error:
                print(f"published again: {str(error).splitlines()[0]}", file=sys.stderr)
                time.sleep(0.1)
        time.sleep(max(0.0, pause - (time.monotonic() - started)))


def break_one(laboratory: TickLaboratory, fault: str) -> datetime:
    """One fault; returns when it struck, by the publisher's database clock."""
    time.sleep(SECONDS_BETWEEN)
    with laboratory.buses["source"].database.sessions.begin() as session:
        struck_at: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    print(f"{struck_at:%H:%M:%S} {fault}", file=sys.stderr)
    match fault:
        case "kill the workers":
            for name in SERVICES:
                laboratory.kill_tree(f"{name} worker")
        case "kill the relays":
            for name in ("source relay 0", "source relay 1"):
                laboratory.kill_tree(name)
        case "flush Redis":
            laboratory.buses["source"].queues.client.flushall()
        case "kill Redis":
            laboratory.redis.kill()
            time.sleep(1)
            laboratory.redis.start()
        case "restart PostgreSQL":
            laboratory.postgres.restart()
    return struck_at


def count(laboratory: TickLaboratory, broken_at: list[datetime]) -> dict[str, float]:
    """Compare what was committed with what each subscriber handled."""
    with laboratory.buses["source"].database.sessions.begin() as session:
        rows = session.execute(text("SELECT id, created_at FROM outbox"))
        committed = {row.id: row.created_at for row in rows}
    lost = doubled = 0
    recovery = 0.0
    for name in HEARERS:
        with laboratory.buses[name].database.sessions.begin() as session:
            handled = session.execute(text("SELECT event_id, handled_at FROM handled")).all()
        seen = {row.event_id: row.handled_at for row in handled}
        lost += len(committed.keys() - seen.keys())
        doubled += len(handled) - len(seen)
        for struck_at in broken_at:
            before = [seen[id_] for id_, at in committed.items() if at <= struck_at and id_ in seen]
            recovery = max(recovery, (max(before, default=struck_at) - struck_at).total_seconds())
    return {
        "events": len(committed),
        "lost": lost,
        "doubled": doubled,
        "recovery_s_max": round(recovery, 1),
    }


if __name__ == "__main__":
    run()
