"""What the handlers share: how a set of messages is written."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from services.notifications import jobs, messages
from services.notifications.intents import Intent
from services.notifications.models import Official
from services.notifications.resources import bus
from services.notifications.rules import Rule
from shared.bus import Envelope


def tell(session: Session, rule: Rule, intents: Iterable[Intent]) -> None:
    """Write messages down, and have them sent at once."""
    if messages.write(session, rule, intents):
        bus.wake(session, jobs.SENDS[rule.work_class])


def requesters(
    session: Session, envelopes: list[Envelope[Any]]
) -> list[tuple[Envelope[Any], Official]]:
    """Each with the account that ordered it; a disabled one, or an unknown one, hears nothing."""
    asked = {envelope.data.requested_by for envelope in envelopes}
    query = select(Official).where(cast(Official.account_id, String).in_(asked), Official.active)
    known = {str(one.account_id): one for one in session.scalars(query)}
    return [
        (envelope, known[envelope.data.requested_by])
        for envelope in envelopes
        if envelope.data.requested_by in known
    ]
