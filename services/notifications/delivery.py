"""The engine: takes what is due from PostgreSQL and hands it to a provider, once.

    queued -> claimed -> handing_over -> accepted
                 |            |-------> failed | queued again | unknown
                 |-> queued again

Two marks are committed before anything can go wrong behind them (`claims`). A round of messages
shares each of its commits: one for the marks, one for the outcomes. No transaction and no
connection to the database is open while a provider talks: a slow mail server must not use up what
everybody shares. Nor must it use up time: each channel is handed its messages by a thread of its
own, and while a slow one has its hands full the others go on.
"""

import random
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError

from services.notifications import breakers, claims, outcomes, throttle
from services.notifications.providers import registry
from services.notifications.providers.base import (
    CHANNELS,
    Answer,
    Channel,
    Outgoing,
    Prepared,
    Provider,
)
from services.notifications.resources import database
from services.notifications.rules import WorkClass

log = structlog.get_logger()

# A provider whose pace is used up rests for long enough that what is claimed then is worth it, and
# the shift looks at what is more urgent while it does.
SHORTEST_REST_S = 0.5
LONGEST_REST_S = 0.25
NEXT_SHIFT_S = 4.0  # less than a shift: the next one lives to see its end; else the clock does
# How long a shift goes on for the other channels while one is still waiting for its provider: about
# as long as a provider may take. With what it begins then, less than a lease.
OVERTIME_S = 20.0


class Shift:
    """One run of the engine: some classes of work, until a (monotonic) time."""

    def __init__(
        self,
        work_classes: Sequence[WorkClass],
        until: float,
        call_help: Callable[[], None],
        call_all: Callable[[], None],
    ) -> None:
        self._work_classes = work_classes
        self._until = until
        self._call_help = call_help
        self._call_all = call_all
        self._called = False
        self._turned_away = False
        self._away: set[str] = set()  # providers that this shift leaves alone
        self._resting: dict[str, float] = {}  # those whose pace is used up, and until when
        self._busy: dict[Channel, Future[None]] = {}  # whose messages are being handed over

    def run(self) -> bool:
        """Send what is due, until nothing is; False when the time was over first.

        A class is looked at again before each batch of those after it: a code that comes meanwhile
        waits for one batch of its own channel at most.
        """
        claims.settle(self._work_classes, registry.providers())
        with ThreadPoolExecutor(len(CHANNELS)) as hands:
            while not self._is_over():
                try:
                    seen = self._begin(hands)
                except OperationalError:  # the database is away; what is under way still ends
                    if not self._busy:
                        raise
                    seen = False
                if self._busy:
                    self._collect()
                elif not seen and not self._rest():
                    return not self._resting
        self._collect()
        self._help()
        return False

    def _begin(self, hands: ThreadPoolExecutor) -> bool:
        """Give the channels that are free what is due; whether anything was."""
        found = self._look()
        closed = [channel for channel in CHANNELS if not self._usable(channel, found)]
        self._turn_away(closed)
        batch = self._next({*closed, *self._busy}, claims.BATCH if self._any_whole(found) else 1)
        if len(batch.messages) == claims.BATCH:
            self._help()
        now = time.monotonic()
        until = self._until if now < self._until else now + SHORTEST_REST_S
        for channel in CHANNELS:
            mine = [one for one in batch.messages if one.channel == channel]
            if mine:
                self._busy[channel] = hands.submit(self._send, mine, found, until)
        return batch.seen > 0

    def _collect(self) -> None:
        """Wait for the first channel that is done; for a while, as other work may be due."""
        wait(self._busy.values(), LONGEST_REST_S, FIRST_COMPLETED)
        done = [channel for channel, future in self._busy.items() if future.done()]
        for channel in done:
            self._busy.pop(channel).result()

    def _turn_away(self, closed: Collection[Channel]) -> None:
        """What somebody waits for does not wait for long behind a channel that is away."""
        if self._turned_away:  # once in a shift
            return
        self._turned_away = True
        for work_class in self._work_classes:
            patience = claims.PATIENCE_S.get(work_class)
            away = [one for one in closed if patience and _has_been_away(one, patience)]
            if away:
                claims.turn_away(work_class, away, closed)

    def _is_over(self) -> bool:
        """The time is over, and for the channels that are free as well."""
        over_by = time.monotonic() - self._until
        return over_by >= (OVERTIME_S if self._busy else 0)

    def _any_whole(self, found: breakers.Open) -> bool:
        """Whether any channel that is free can take more than a try."""
        return any(
            provider.name in found.whole
            for channel in CHANNELS
            if channel not in self._busy
            for provider in self._usable(channel, found)
        )

    def _help(self) -> None:
        if not self._called:
            self._call_help()
            self._called = True

    def _rest(self) -> bool:
        """Wait for a provider whose pace is used up; False when that is not for this shift."""
        now = time.monotonic()
        self._resting = {name: end for name, end in self._resting.items() if end > now}
        if not self._resting:
            return False
        end = min(self._resting.values())
        if end > self._until:
            if end < now + NEXT_SHIFT_S:
                self._help()
            return False
        time.sleep(min(end - now, LONGEST_REST_S))
        return True

    def _look(self) -> breakers.Open:
        with database.sessions.begin() as session:
            return breakers.look(session, [provider.name for provider in registry.providers()])

    def _usable(self, channel: Channel, found: breakers.Open) -> list[Provider]:
        usable = (found.whole | found.half) - self._left_alone()
        return [p for p in registry.ways().get(channel, ()) if p.name in usable]

    def _left_alone(self) -> set[str]:
        now = time.monotonic()
        resting = self._resting.copy()  # another channel's thread may be adding its own
        return self._away | {name for name, end in resting.items() if end > now}

    def _next(self, away: Collection[Channel], most: int) -> claims.Batch:
        for work_class in self._work_classes:
            batch = claims.claim(work_class, away, most)
            if batch.seen:
                return batch
        return claims.Batch()

    def _send(self, batch: list[Outgoing], found: breakers.Open, until: float) -> None:
        """Send one channel's batch; what nobody can take now, or not in time, is put back."""
        waiting = batch
        while waiting and time.monotonic() < until:
            routes = self._routes(waiting, found)
            routed = {one.id for several in routes.values() for one in several}
            claims.release([one for one in waiting if one.id not in routed])
            waiting = [
                left
                for provider, messages in routes.items()
                for left in self._send_by(provider, messages, found, until)
            ]
            if waiting:
                found = self._look()
        claims.release(waiting)

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

    def _send_by(
        self, provider: Provider, messages: list[Outgoing], found: breakers.Open, until: float
    ) -> list[Outgoing]:
        """Rounds of one provider; returns what was not begun."""
        if provider.name in found.half:
            return self._try_again(provider, messages, until)
        left: list[Outgoing] = []
        for place in range(0, len(messages), provider.width):
            if time.monotonic() >= until or provider.name in self._left_alone():
                return left + messages[place:]
            left += self._round(provider, messages[place : place + provider.width])
        return left

    def _try_again(
        self, provider: Provider, messages: list[Outgoing], until: float
    ) -> list[Outgoing]:
        """One round of one that was away; once it is back, the more urgent classes go on first."""
        if time.monotonic() >= until:
            return messages
        if not _probe(provider):  # somebody else tries it just now
            self._away.add(provider.name)
            return messages
        left = self._round(provider, messages)
        if provider.name not in self._left_alone():
            self._call_all()
        return left

    def _round(self, provider: Provider, messages: Sequence[Outgoing]) -> list[Outgoing]:
        """One round, from claimed to its outcomes; returns what was not begun."""
        started_at = datetime.now(UTC)
        admission = throttle.admit(provider, messages)
        claims.release([one for one in messages if one.id in admission.late], admission.late)
        if admission.pause:
            pause = max(admission.pause, SHORTEST_REST_S)
            self._resting[provider.name] = time.monotonic() + pause
        answers: dict[UUID, Answer] = {}
        ready: list[Outgoing] = []
        if admission.admitted:
            prepared = _prepare(provider, admission.admitted)
            ready = prepared.ready
            marked = _mark(provider, ready)
            answers = prepared.answers | (provider.hand_over(marked) if marked else {})
            outcomes.record(provider, admission.admitted, answers, started_at)
        if any(answer.away or answer.outcome == "throttled" for answer in answers.values()):
            self._away.add(provider.name)
        begun = answers.keys() | admission.late.keys() | {one.id for one in ready}
        return [one for one in messages if one.id not in begun]


def send_due(
    work_classes: Sequence[WorkClass],
    until: float,
    call_help: Callable[[], None] = lambda: None,
    call_all: Callable[[], None] = lambda: None,
) -> bool:
    """Send what is due, until nothing is; False when the (monotonic) time was over first.

    `call_help` is called once: when there is more than a batch, as another process may join, or
    when the time is over, as another shift has to follow. `call_all` is called when a provider is
    back: all classes have waited for it.
    """
    return Shift(work_classes, until, call_help, call_all).run()


def _has_been_away(channel: Channel, seconds: float) -> bool:
    names = [provider.name for provider in registry.ways().get(channel, ())]
    with database.sessions.begin() as session:
        return bool(names) and breakers.have_been_away(session, names, seconds)


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
    if not ready:
        return []
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
