"""What every way out has in common, and the one that sends nothing."""

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

import structlog

log = structlog.get_logger()

Outcome = Literal["accepted", "retryable", "permanent", "unknown"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message, as values. `number` counts its attempts and guards the claim."""

    id: UUID
    number: int
    channel: str
    work_class: str
    recipient: str
    language: str
    template: str
    subject: str
    text: str
    html: str
    traceparent: str


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt ended.

    `unknown`: the last byte was sent and no answer came. `away`: the provider itself cannot be
    reached, so there is no use in trying it with the next message.
    """

    outcome: Outcome
    code: int | None = None
    reply: str = ""
    detail: str = ""
    reference: str = ""
    away: bool = False


class Provider(Protocol):
    """One way out, in two steps, so that the hand-over can be marked between them."""

    name: str

    def prepare(self, message: Outgoing) -> Answer | None:
        """Do all but the last byte. An answer means that it ends here; None, that it may go on."""

    def hand_over(self) -> Answer:
        """Send the last byte of what was prepared, and read the answer."""

    def abandon(self) -> None:
        """Take back what was prepared: the provider must not have it."""


class LogOnly:
    """Writes to the log that a message would have been sent: what there is without a provider.

    Neither the number nor the text, which holds the person's own link, belongs into a log.
    """

    name = "log"

    def __init__(self) -> None:
        self._message: Outgoing | None = None

    def prepare(self, message: Outgoing) -> Answer | None:
        """Keep it."""
        self._message = message
        return None

    def hand_over(self) -> Answer:
        """Log it."""
        message, self._message = self._message, None
        if message is None:
            raise RuntimeError("nothing was prepared")
        log.info(
            "message.logged",
            channel=message.channel,
            message=str(message.id),
            to=masked(message.recipient),
            template=message.template,
            characters=len(message.text),
        )
        return Answer("accepted", reference=message.id.hex)

    def abandon(self) -> None:
        """Forget it."""
        self._message = None


def masked(number: str) -> str:
    """+6281234567890 -> +6281•••••7890."""
    return f"{number[:5]}{'•' * max(len(number) - 9, 3)}{number[-4:]}"
