"""Work started by the clock, or by a ring after a message was written."""

import time

from services.notifications import delivery, messages
from services.notifications.resources import bus, database
from services.notifications.rules import WorkClass

# Less than the supervisor's grace: a worker that is told to stop finishes its shift, and so stops
# between two messages.
SHIFT_S = 5.0
# Somebody sits before a page and waits for a code.
IN_ORDER: tuple[WorkClass, ...] = ("code", "transactional")


@bus.job("transactional", every=30)
def send_due() -> None:
    """Send what is due, and settle what dead workers left; rings again when there is more.

    The clock makes it the sweep, which finds retries, lost rings and leases that are over.
    """
    if not delivery.send_due(IN_ORDER, until=time.monotonic() + SHIFT_S):
        with database.sessions.begin() as session:
            bus.wake(session, send_due)


@bus.job("jobs", every=3600)
def purge_contents() -> None:
    """Remove what messages said, once its retention is over."""
    messages.purge_contents()


@bus.job("jobs", every=60)
def purge_codes() -> None:
    """Remove the codes whose time is over."""
    with database.sessions.begin() as session:
        messages.purge_codes(session)
