"""How fast the bus drains, against the plain way: one Celery task per event and subscriber.

Figures: `events_per_s` (20,000 events committed beforehand, two subscribers, each handling inserts
one row, counted until the last receipt), `plain_per_s` (5,000 tasks queued beforehand, the same
insert, the same number of worker processes), their `ratio`; `publish_cost_ratio`; and
`idle_latency_p95_ms` from commit to handled on a quiet system.
"""

from bench.laboratory import TickLaboratory, percentile, print_figures
from bench.plain import drain_plain

EVENTS = 20_000
PLAIN_TASKS = 5_000
PROCESSES = 1  # of each of the two subscribers' workers


def run() -> None:
    """Measure, and print one JSON object."""
    with TickLaboratory() as laboratory:
        plain_per_s = drain_plain(laboratory, PLAIN_TASKS, PROCESSES)
        publish_cost = laboratory.publish_cost_ratio()
        laboratory.publish(EVENTS)
        laboratory.start_workers(PROCESSES)
        seconds = laboratory.drain()
        latencies = laboratory.idle_latencies(100)
    events_per_s = 2 * EVENTS / seconds
    print_figures(
        "bus",
        events=EVENTS,
        subscribers=2,
        events_per_s=round(events_per_s),
        plain_per_s=round(plain_per_s),
        ratio=round(events_per_s / plain_per_s, 1),
        publish_cost_ratio=round(publish_cost, 2),
        idle_latency_p50_ms=round(percentile(latencies, 50) * 1000, 1),
        idle_latency_p95_ms=round(percentile(latencies, 95) * 1000, 1),
    )


if __name__ == "__main__":
    run()
