"""The commands that every service has: `python -m services.<name> api | worker | relay | ...`."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
import uvicorn
from pydantic import ValidationError

from shared.bus import Bus
from shared.bus.queues import preload
from shared.forks import Forks
from shared.logs import configure_logs
from shared.migrate import migrate
from shared.settings import ServiceSettings

log = structlog.get_logger()

# The gateway and whatever ends TLS: in our network, as docker/Caddyfile has it.
PROXIES = "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
BEHIND = 10  # on one machine, whoever waits for a page goes before who waits for a mail


def main(
    bus: Bus,
    settings: Callable[[], ServiceSettings],
    database_url: Callable[[], str],
    more: Mapping[str, Callable[[], None]] | None = None,
    beforehand: Mapping[str, Callable[[], None]] | None = None,
) -> None:
    """Run one command of a service, as the command line says.

    `more` are its own commands, `beforehand` those that make what settings need.
    """
    beforehand = beforehand or {}
    arguments = _parser(bus.service, {**(more or {}), **beforehand}).parse_args()
    if arguments.command in beforehand:
        beforehand[arguments.command]()
        return
    try:
        configure_logs(bus.service, as_json=settings().log_json)
    except ValidationError as error:
        sys.exit(_lacking(error))
    commands: dict[str, Callable[[], None]] = {
        "api": lambda: _api(bus.service, arguments.port, arguments.processes),
        "worker": lambda: _worker(bus, arguments.processes, arguments.queues),
        "relay": lambda: _relay(bus),
        "all": lambda: _all(bus, arguments),
        "migrate": lambda: migrate(bus.service, database_url()),
        "replay": lambda: _replay(bus, arguments),
        "failed": lambda: _failed(bus),
        "retry": lambda: _retry(bus, arguments.event),
        **(more or {}),
    }
    commands[arguments.command]()


def _lacking(error: ValidationError) -> str:
    lines = [
        ": ".join([*(str(part).upper() for part in item["loc"]), item["msg"]])
        for item in error.errors()
    ]
    return (
        f"The settings in the environment are not right: {'; '.join(lines)}. docs/operating.md "
        "tells them; those of a copy that runs by `make run` are given by `. .data/env`."
    )


def _parser(service: str, more: Mapping[str, Callable[[], None]]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}")
    commands = parser.add_subparsers(dest="command", required=True)
    api = commands.add_parser("api", help="serve HTTP")
    api.add_argument("--port", type=int, default=8000)
    worker = commands.add_parser("worker", help="handle events and jobs (Celery)")
    worker.add_argument("--queues", help="only these, e.g. events,jobs; all without it")
    everything = commands.add_parser("all", help="relay and workers of one machine, forked")
    everything.add_argument(
        "--worker", action="append", required=True, help="a worker's queues; once for each worker"
    )
    for several in (api, worker, everything):
        several.add_argument("--processes", type=int, default=1)
    commands.add_parser("relay", help="carry committed events to their subscribers")
    commands.add_parser("migrate", help="bring the database up to date")
    again = commands.add_parser("replay", help="send events to a subscriber again")
    again.add_argument("subscriber")
    again.add_argument("--event", type=UUID, help="one event, by its id")
    again.add_argument(
        "--since", type=_moment, help="all since this time, e.g. 2026-08-09T00:00:00+07:00"
    )
    commands.add_parser("failed", help="list the events that could not be handled, as JSON lines")
    retry = commands.add_parser("retry", help="handle parked events once more")
    retry.add_argument("--event", type=UUID, help="one event, by its id; all without it")
    for name, command in more.items():
        commands.add_parser(name, help=command.__doc__)
    return parser


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a time: {text!r}") from error
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"a time without its zone: {text!r}")
    return moment


def _api(service: str, port: int, processes: int) -> None:
    uvicorn.run(
        f"services.{service}.app:standalone",
        host="0.0.0.0",  # noqa: S104 - behind the gateway, in a container of its own
        port=port,
        workers=processes,
        access_log=False,
        log_config=None,
        proxy_headers=True,
        # Of the addresses that X-Forwarded-For lists, the last one that is no proxy of ours; with
        # "*" it would be the first one, which anybody can make up.
        forwarded_allow_ips=PROXIES,
    )


def _worker(bus: Bus, processes: int, queues: str | None) -> None:
    names = [f"{bus.service}.{queue}" for queue in queues.split(",")] if queues else None
    bus.database.plan_afresh()
    unknown = set(names or ()) - set(bus.queue_names())
    if unknown:
        sys.exit(f"no such queue: {', '.join(sorted(unknown))}; there are {bus.queue_names()}")
    # Names tell hosts apart; gossip and mingle are talk among workers that nobody needs here.
    bus.worker(
        [
            *("--concurrency", str(processes), "--loglevel", "WARNING"),
            *("--hostname", f"{bus.service}-{queues or 'all'}@%h".replace(",", "-")),
            *("--queues", ",".join(names or bus.queue_names())),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ]
    )


def _all(bus: Bus, arguments: argparse.Namespace) -> None:
    works: dict[str, Callable[[], None]] = {"relay": lambda: _relay(bus)}
    for queues in arguments.worker:
        works[f"worker {queues}"] = partial(_worker, bus, arguments.processes, queues)
    preload()
    os.nice(BEHIND)
    Forks(bus.service, works).run()


def _relay(bus: Bus) -> None:
    bus.database.plan_afresh()
    bus.database.commit_lazily()
    relay = bus.relay()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: relay.stop())
    relay.run()


def _replay(bus: Bus, arguments: argparse.Namespace) -> None:
    event, since = arguments.event, arguments.since
    if not (event or since):
        sys.exit("replay needs --event or --since, so that nobody sends everything by mistake")
    try:
        with bus.database.sessions.begin() as session:
            sent = bus.replay(
                session,
                arguments.subscriber,
                event_id=str(event) if event else None,
                since=since.isoformat() if since else None,
            )
    except ValueError as error:
        sys.exit(str(error))
    if event and not sent:
        sys.exit(f"{arguments.subscriber} was never sent an event {event}, or it is purged")
    log.info("replay", subscriber=arguments.subscriber, events=sent)


def _failed(bus: Bus) -> None:
    with bus.database.sessions.begin() as session:
        for row in bus.inbox.failed(session):
            print(json.dumps(row, default=str))  # noqa: T201 - the command's output


def _retry(bus: Bus, event: UUID | None) -> None:
    try:
        retried = bus.inbox.retry_parked(str(event) if event else None)
    except ExceptionGroup as failed:
        log.exception("retry.failed")
        sys.exit(str(failed))
    if event and not retried:
        sys.exit(f"no event {event} is parked")
    log.info("retry", events=retried)
