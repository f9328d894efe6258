"""Work started by the clock, or by a ring after a message was written.

Each class of work has a queue, and so can have workers of its own: what is urgent never waits
behind what is much.
"""

import time
from collections.abc import Callable

from services.notifications import delivery, forgetting
from services.notifications.resources import bus, database
from services.notifications.rules import WorkClass

# Less than the supervisor's grace: a worker that is told to stop finishes its shift, and so stops
# between two messages.
SHIFT_S = 5.0
SWEEP_S = 30  # the clock finds retries, lost rings and leases that are over


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


@bus.job("jobs", every=3600)
def purge_contents() -> None:
    """Remove what messages said, once its retention is over."""
    forgetting.purge_contents()


@bus.job("jobs", every=60)
def purge_codes() -> None:
    """Remove the codes whose time is over."""
    with database.sessions.begin() as session:
        forgetting.purge_codes(session)


def _send(job: Callable[[], None], *work_classes: WorkClass) -> None:
    """Run a shift. If there is more than a batch, it calls the next one at its beginning.

    So another process may join; and when there is none, the next one follows.
    """

    def call_help() -> None:
        with database.sessions.begin() as session:
            bus.wake(session, job)

    delivery.send_due(work_classes, time.monotonic() + SHIFT_S, call_help)
