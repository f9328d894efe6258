"""The way out that sends nothing: what there is without a gateway."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import structlog

from services.notifications.providers.base import Answer, Channel, Outgoing, Pace, Prepared

log = structlog.get_logger()


class LogOnly:
    """Writes to the log that a message would have been sent.

    Neither the number nor the text, which holds the person's own link, belongs into a log.
    """

    sender = ""
    width = 50
    pace = Pace()

    def __init__(
        self, channel: Channel, name: str = "log", weight: int = 1, price: Decimal | None = None
    ) -> None:
        self.channel = channel
        self.name = name
        self.weight = weight
        self.price = price

    def prepare(self, messages: Sequence[Outgoing]) -> Prepared:
        """Nothing is to be done."""
        return Prepared(ready=list(messages))

    def hand_over(self, messages: Sequence[Outgoing]) -> dict[UUID, Answer]:
        """Log them."""
        for message in messages:
            log.info(
                "message.logged",
                channel=message.channel,
                message=str(message.id),
                to=masked(message.recipient),
                template=message.template,
                characters=len(message.text),
            )
        return {message.id: Answer("accepted", reference=message.id.hex) for message in messages}

    def abandon(self, messages: Sequence[Outgoing]) -> None:
        """Nothing was done."""

    def close(self) -> None:
        """Nothing is open."""


def masked(number: str) -> str:
    """+6281234567890 -> +6281•••••7890."""
    return f"{number[:5]}{'•' * max(len(number) - 9, 3)}{number[-4:]}"
