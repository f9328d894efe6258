"""What other systems are told: every public event, written down for them when it comes."""

from typing import Any

from sqlalchemy.orm import Session

from services.notifications import jobs, webhook_types, webhooks
from services.notifications.resources import bus
from shared.bus import Envelope
from shared.events import RegistrationErased


def tell(session: Session, envelopes: list[Envelope[Any]]) -> None:
    """Write deliveries for the endpoints whose owners may see these events."""
    if webhooks.tell(session, envelopes):
        bus.wake(session, jobs.send_webhooks)


for event_class in webhook_types.TYPES:
    bus.on(event_class)(tell)


@bus.on(RegistrationErased)
def tell_erased(session: Session, envelopes: list[Envelope[RegistrationErased]]) -> None:
    """Have others forget whom they were told of."""
    if webhooks.tell_erased(session, envelopes):
        bus.wake(session, jobs.send_webhooks)
