"""The engine: takes what is due from PostgreSQL and hands it to a provider, once.

    queued -> claimed -> handing_over -> accepted
                 |            |-------> failed | queued again | unknown
                 |-> queued again

Two marks are committed before anything can go wrong behind them (`claims`). A round of messages
shares each of its commits: one for the marks, one for the outcomes. No transaction and no
connection to the database is open while a provider talks: a slow mail server must not use up what
everybody shares.
"""

import random
import time
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

import structlog

from services.notifications import breakers, claims, outcomes, throttle
from services.notifications.providers import registry
from services.notifications.providers.base import (
    CHANNELS,
    Answer,
    Channel,
    LooksUp,
    Outgoing,
    Prepared,
    Provider,
)
from services.notifications.resources import database
from services.notifications.rules import WorkClass

log = structlog.get_logger()


class Shift:
    """One run of the engine: some classes of work, until a (monotonic) time."""

    def __init__(
        self, work_classes: Sequence[WorkClass], until: float, call_help: Callable[[], None]
    ) -> None:
        self._work_classes = work_classes
        self._until = until
        self._call_help = call_help
        self._away: set[str] = set()  # providers that this shift leaves alone

    def run(self) -> bool:
        """Send what is due, until nothing is; False when the time was over first.

        A class is looked at again before each batch of those after it: a code that comes meanwhile
        waits for one batch at most.
        """
        look_up = [one.name for one in registry.providers() if isinstance(one, LooksUp)]
        claims.settle(self._work_classes, look_up)
        called = False
        while True:
            found = self._open()
            closed = [channel for channel in CHANNELS if not self._usable(channel, found)]
            batch = self._next(closed, claims.BATCH if found.whole - self._away else 1)
            if not batch.seen:
                return True
            if not called and len(batch.messages) == claims.BATCH:
                self._call_help()
                called = True
            if not self._send(batch.messages, found):
                return False

    def _open(self) -> breakers.Open:
        with database.sessions.begin() as session:
            return breakers.look(session, [provider.name for provider in registry.providers()])

    def _usable(self, channel: Channel, found: breakers.Open) -> list[Provider]:
        usable = (found.whole | found.half) - self._away
        return [p for p in registry.ways().get(channel, ()) if p.name in usable]

    def _next(self, away: Collection[str], most: int) -> claims.Batch:
        for work_class in self._work_classes:
            batch = claims.claim(work_class, away, most)
            if batch.seen:
                return batch
        return claims.Batch()

    def _send(self, batch: list[Outgoing], found: breakers.Open) -> bool:
        """Send a batch; False when the time is over, and the rest is put back."""
        waiting = batch
        while waiting:
            providers = self._routes(waiting, found)
            routed = [one for several in providers.values() for one in several]
            claims.release([one for one in waiting if one not in routed])
            waiting = []
            for provider, messages in providers.items():
                for place in range(0, len(messages), provider.width):
                    if time.monotonic() > self._until or provider.name in self._away:
                        waiting += messages[place:]
                        break
                    part = messages[place : place + provider.width]
                    if provider.name in found.half and not _probe(provider):
                        self._away.add(provider.name)
                        waiting += part
                    else:
                        waiting += self._round(provider, part)
            if time.monotonic() > self._until:
                claims.release(waiting)
                return False
        return True

    def _routes(
        self, messages: Sequence[Outgoing], found: breakers.Open
    ) -> dict[Provider, list[Outgoing]]:
        """Which provider takes which message: by weight, and not the one that just failed."""
        routes: dict[Provider, list[Outgoing]] = {}
        for message in messages:
            usable = [
                provider
                for provider in self._usable(message.channel, found)
                # One message is enough to see whether it is back.
                if provider.name in found.whole or provider not in routes
            ]
            others = [provider for provider in usable if provider.name != message.last_provider]
            choice = _weighted(others if message.number > 1 and others else usable)
            if choice:
                routes.setdefault(choice, []).append(message)
        return routes

    def _round(self, provider: Provider, messages: Sequence[Outgoing]) -> list[Outgoing]:
        """One round, from claimed to its outcomes; returns what was not begun."""
        started_at = datetime.now(UTC)
        admitted, waits = throttle.admit(provider, messages)
        claims.release([one for one in messages if one.id in waits], waits)
        if not admitted:
            return []
        prepared = _prepare(provider, admitted)
        answers = dict(prepared.answers)
        if prepared.ready:
            marked = _mark(provider, prepared.ready)
            if marked:
                answers |= provider.hand_over(marked)
        outcomes.record(provider, admitted, answers, started_at)
        if any(answer.away or answer.outcome == "throttled" for answer in answers.values()):
            self._away.add(provider.name)
        begun = answers.keys() | {one.id for one in prepared.ready}
        return [one for one in admitted if one.id not in begun]


def send_due(
    work_classes: Sequence[WorkClass], until: float, call_help: Callable[[], None] = lambda: None
) -> bool:
    """Send what is due, until nothing is; False when the (monotonic) time was over first.

    `call_help` is called once when there is more than a batch: another process may join.
    """
    return Shift(work_classes, until, call_help).run()


def _probe(provider: Provider) -> bool:
    with database.sessions.begin() as session:
        return breakers.probe(session, provider.name)


def _prepare(provider: Provider, messages: Sequence[Outgoing]) -> Prepared:
    try:
        return provider.prepare(messages)
    except Exception as error:  # one that breaks our own code must not stop its neighbours
        log.exception("message.not_prepared", messages=[str(one.id) for one in messages])
        provider.abandon(messages)
        if len(messages) == 1:
            return Prepared(answers={messages[0].id: Answer("retryable", detail=repr(error))})
    alone = [_prepare(provider, [one]) for one in messages]
    ready = [one for prepared in alone for one in prepared.ready]
    return Prepared(ready, {key: a for prepared in alone for key, a in prepared.answers.items()})


def _mark(provider: Provider, ready: list[Outgoing]) -> list[Outgoing]:
    """Commit the hand-over marks; what is no longer ours is taken back."""
    marked: set[UUID] = set()
    try:
        marked = claims.mark(ready, provider)
    finally:
        lost = [one for one in ready if one.id not in marked]
        provider.abandon(lost)
        for message in lost:
            log.warning("message.claim_lost", message=str(message.id), attempt=message.number)
    return [one for one in ready if one.id in marked]


def _weighted(providers: Sequence[Provider]) -> Provider | None:
    """One of them by weight; a spare one (weight 0) only when there is no other."""
    regular = [provider for provider in providers if provider.weight > 0] or list(providers)
    if not regular:
        return None
    weights = [provider.weight or 1 for provider in regular]
    return random.choices(regular, weights)[0]  # noqa: S311 - no secret
