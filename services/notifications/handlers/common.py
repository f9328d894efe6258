"""What the handlers share: how a set of messages is written."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from services.notifications import jobs, messages
from services.notifications.intents import Intent
from services.notifications.resources import bus
from services.notifications.rules import Rule


def tell(session: Session, rule: Rule, intents: Iterable[Intent]) -> None:
    """Write messages down, and have them sent at once."""
    if messages.write(session, rule, intents):
        bus.wake(session, jobs.SENDS[rule.work_class])
