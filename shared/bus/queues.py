"""Celery and Redis, as this project uses them: plain durable queues, JSON, no results.

Redis is the doorbell, PostgreSQL the memory: whatever is in these queues may vanish at any time
and comes again from the tables. That is why nothing here persists, schedules or counts down.
"""

import json
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any, cast

import redis
from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
from kombu.entity import Queue
from kombu.exceptions import OperationalError

# Messages a queue may hold before the relay waits. Redis stays small while a subscriber is away,
# and a resend cannot pile copies upon copies.
ROOM = 20
SUSPECT = 3  # a copy sent so often without a receipt is sent alone, and handled with care
RECEIPTS = 100  # read at a time, each for up to a batch of copies
SOFT_LIMIT_S = 50
HARD_LIMIT_S = 60

SETTINGS: dict[str, Any] = {
    # JSON only: a pickle from a broker is code from a stranger.
    "task_serializer": "json",
    "accept_content": ["json"],
    # Outcomes are rows in PostgreSQL; a result backend would be a second truth.
    "task_ignore_result": True,
    # A message is in the queue until its work has committed.
    "task_acks_late": True,
    # But one that killed its worker is not put back at once, to kill the next: it comes due again
    # in PostgreSQL, with a growing pause, and alone.
    "task_reject_on_worker_lost": False,
    # One message in hand: what waits in a busy child is lost time for an idle one.
    "worker_prefetch_multiplier": 1,
    # A task that hangs gives its worker back: first it may end its transaction by itself ...
    "task_soft_time_limit": SOFT_LIMIT_S,
    # ... then its process is killed, which PostgreSQL takes for a rollback.
    "task_time_limit": HARD_LIMIT_S,
    # The first SIGTERM lets the task in hand finish (60 s at most), the second one only so long.
    "worker_soft_shutdown_timeout": 10,
    # A worker without a broker waits for it; it never gives up.
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    # A task cut off by a lost broker goes on: its transaction decides, not its message.
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_enable_remote_control": False,  # a fanout exchange of its own, and nobody asks
    "worker_send_task_events": False,  # one more message for each task, and nobody listens
    "worker_hijack_root_logger": False,  # our own log lines are structured, and carry the trace
    "broker_transport_options": {
        # About five times the longest task: later copies are the relay's business anyway.
        "visibility_timeout": 300,
        # Half of kombu's own: what a killed worker had in hand is looked for every tenth time,
        # which is soon enough, as the relay sends its copy again anyway.
        "unacked_restore_interval": 5,
        # A broker that vanished without a word (cut line, moved host) is found out by the kernel,
        "socket_keepalive": True,
        # by an answer that does not come; longer than a worker's blocking read,
        "socket_timeout": 30,
        # by a connection that is not made, so that a commit never waits long for its doorbell,
        "socket_connect_timeout": 3,
        # and by a ping on a line that was quiet, before it is used.
        "health_check_interval": 25,
        # Publishing never waits for a broker that is away: the rows come due again.
        "max_retries": 0,
        "retry_on_timeout": False,  # for the same reason
    },
}


TooSlow = SoftTimeLimitExceeded  # raised inside a task that has run for SOFT_LIMIT_S


# What Celery and kombu import by name once a worker starts.
_LATE = (
    "celery.apps.worker",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.events.dumper",
    "celery.worker.components",
    "celery.worker.consumer",
    "kombu.transport.redis",
)


def preload() -> None:
    """Import now what a worker would only import when it starts: before a fork, it is shared."""
    for name in _LATE:
        import_module(name)


class BrokerAway(ConnectionError):
    """Redis cannot be reached; what was to be sent stays in PostgreSQL."""


class Queues:
    """One service's way into Redis. `url` is asked on first use."""

    def __init__(self, service: str, url: Callable[[], str]) -> None:
        self.service = service
        self._url = url

    @cached_property
    def app(self) -> Celery:
        """The Celery application. Not the current one: several services may share a process."""
        app = Celery(self.service, broker=self._url(), set_as_current=False)
        app.conf.update(SETTINGS)
        return app

    @cached_property
    def client(self) -> redis.Redis:
        """A plain client, for queue lengths and receipts."""
        return redis.Redis.from_url(
            self._url(), socket_timeout=3, socket_connect_timeout=3, decode_responses=True
        )

    def consume(self, names: list[str]) -> None:
        """Declare the queues that this service's worker reads."""
        self.app.conf.task_queues = [Queue(name) for name in names]  # type: ignore[no-untyped-call]

    def send(self, queue: str, task: str, *args: object) -> None:
        """Send one message. Raises `BrokerAway`."""
        try:
            self.app.send_task(task, args=args, queue=queue, retry=False)
        except (OperationalError, redis.RedisError, OSError) as error:
            raise BrokerAway(str(error)) from error

    def send_receipt(self, publisher: str, keys: list[tuple[str, int]]) -> None:
        """Tell a publisher which copies we have committed. Raises `BrokerAway`.

        A plain list, not a task: its relay, which looks at Redis anyway, reads it in bulk. It may
        be lost; then the copies come again and so does the receipt.
        """
        try:
            self.client.rpush(f"{publisher}.receipts", json.dumps([self.service, keys]))
        except (redis.RedisError, OSError) as error:
            raise BrokerAway(str(error)) from error

    def take_receipts(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """(subscriber, copies) pairs that have come for us, at most 100. Raises `BrokerAway`."""
        try:
            taken = self.client.lpop(f"{self.service}.receipts", RECEIPTS)
        except (redis.RedisError, OSError) as error:
            raise BrokerAway(str(error)) from error
        receipts = [json.loads(text) for text in cast("list[str] | None", taken) or ()]
        return [(subscriber, [(key[0], key[1]) for key in keys]) for subscriber, keys in receipts]

    def room(self, queues: list[str]) -> dict[str, int]:
        """How many more messages each queue may take. Raises `BrokerAway`."""
        pipeline = self.client.pipeline(transaction=False)
        for queue in queues:
            pipeline.llen(queue)
        try:
            lengths = pipeline.execute()
        except (redis.RedisError, OSError) as error:
            raise BrokerAway(str(error)) from error
        return {queue: max(ROOM - length, 0) for queue, length in zip(queues, lengths, strict=True)}
