"""Work started by the clock, or by a ring after a message was written.

Each class of work has a queue, and so can have workers of its own: what is urgent never waits
behind what is much.
"""

import time
from collections.abc import Callable, Iterable
from typing import cast

from sqlalchemy.orm import Session

from services.notifications import (
    announcing,
    delivery,
    digests,
    forgetting,
    schedules,
    silent_libraries,
    unknowns,
    webhook_sending,
)
from services.notifications.resources import bus, database
from services.notifications.rules import WorkClass

# Less than the supervisor's grace: a worker that is told to stop finishes its shift, and so stops
# between two messages.
SHIFT_S = 5.0
SWEEP_S = 15  # the clock finds retries, lost rings and leases that are over


@bus.job("code", every=SWEEP_S)
def send_codes() -> None:
    """Somebody sits before a page and waits."""
    _send(send_codes, "code")


@bus.job("transactional", every=SWEEP_S)
def send_transactional() -> None:
    """What follows from something that the recipient did or that was done to them; codes first."""
    _send(send_transactional, "code", "transactional")


@bus.job("reminder", every=SWEEP_S)
def send_reminders() -> None:
    """What comes by the calendar."""
    _send(send_reminders, "reminder")


@bus.job("bulk", every=SWEEP_S)
def send_bulk() -> None:
    """Announcements."""
    _send(send_bulk, "bulk")


@bus.job("bulk", every=SWEEP_S)
def write_announcements() -> None:
    """Write announcements down as messages, a slice at a time, and end those that are sent."""

    def have_sent(session: Session) -> None:
        bus.wake(session, send_bulk)

    until = time.monotonic() + SHIFT_S
    if not (announcing.sweep(until) and announcing.write_due(until, have_sent)):
        with database.sessions.begin() as session:
            bus.wake(session, write_announcements)


@bus.job("digest", every=SWEEP_S)
def send_digests() -> None:
    """Many things in one message."""
    _send(send_digests, "digest")


SENDS: dict[WorkClass, Callable[[], None]] = {
    "code": send_codes,
    "transactional": send_transactional,
    "reminder": send_reminders,
    "bulk": send_bulk,
    "digest": send_digests,
}


@bus.job("webhooks", every=5)  # the first retry comes soon
def send_webhooks() -> None:
    """Tell other systems; a slow one takes up this queue's workers and no others."""
    if not webhook_sending.send_due(time.monotonic() + SHIFT_S):
        with database.sessions.begin() as session:
            bus.wake(session, send_webhooks)


# With its look-ups, all is settled two minutes after a hand-over: its queue has nothing that takes
# long.
@bus.job("code", every=5)
def settle_unknown() -> None:
    """Ask gateways about messages of which nobody knows whether they have them."""
    again = unknowns.settle(time.monotonic() + SHIFT_S)
    if again:
        with database.sessions.begin() as session:
            ring(session, again)


@bus.job("jobs", every=60)
def run_schedules() -> None:
    """Write down the reminders, thanks and digests whose time has come."""
    digests.run_due(lambda session: bus.wake(session, send_digests))
    silent_libraries.run_due(lambda session: bus.wake(session, send_digests))
    until = time.monotonic() + SHIFT_S
    if not schedules.run_due(lambda session: bus.wake(session, send_reminders), until=until):
        with database.sessions.begin() as session:
            bus.wake(session, run_schedules)


@bus.job("jobs", every=3600)
def purge_contents() -> None:
    """Remove what messages and webhooks said, once its retention is over."""
    forgetting.purge_contents()
    forgetting.purge_answers()
    forgetting.purge_copies()
    forgetting.purge_webhooks()


@bus.job("jobs", every=60)
def purge_codes() -> None:
    """Remove the codes whose time is over."""
    with database.sessions.begin() as session:
        forgetting.purge_codes(session)


def ring(session: Session, work_classes: Iterable[str]) -> None:
    """Have what is due of these classes sent as soon as this session has committed."""
    for work_class in sorted(set(work_classes)):
        bus.wake(session, SENDS[cast("WorkClass", work_class)])


def _send(job: Callable[[], None], *work_classes: WorkClass) -> None:
    """Run a shift. If there is more than a batch, it calls the next one at its beginning.

    So another process may join; and when there is none, the next one follows. One that was called
    for nothing costs two statements.
    """

    def call_help() -> None:
        with database.sessions.begin() as session:
            bus.wake(session, job)

    def call_all() -> None:
        with database.sessions.begin() as session:
            for send in SENDS.values():
                bus.wake(session, send)

    delivery.send_due(work_classes, time.monotonic() + SHIFT_S, call_help, call_all)
