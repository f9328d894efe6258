"""What every way out has in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

Channel = Literal["email", "whatsapp", "sms"]
CHANNELS: tuple[Channel, ...] = ("email", "whatsapp", "sms")  # in the usual order
Outcome = Literal["accepted", "retryable", "throttled", "permanent", "unknown"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message, as values. `number` counts its attempts and guards the claim."""

    id: UUID
    number: int
    channel: Channel
    work_class: str
    recipient: str
    language: str
    template: str
    text: str
    traceparent: str
    subject: str = ""
    html: str = ""
    parameters: Sequence[str] = ()  # of a template that WhatsApp has approved, in order
    attachments: Sequence[Mapping[str, str]] = ()  # each: name, media_type, text
    unsubscribe: str | None = None
    parts: int = 1  # of an SMS
    last_provider: str | None = None  # of the attempt before this one
    refusals: int = 0  # for now, before this attempt; its next pause depends on them


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt ended.

    `unknown`: the last byte was sent and no answer came. `away`: the provider cannot be reached at
    all, so there is no use in trying it with the next message. `failing`: it broke on this one,
    and is as good as away when that goes on. `dead_address`: nobody lives there, so nobody need be
    written to there again. `retry_after` is in seconds.
    """

    outcome: Outcome
    code: int | None = None
    reply: str = ""
    detail: str = ""
    reference: str = ""
    away: bool = False
    failing: bool = False
    dead_address: bool = False
    retry_after: float | None = None
    parts: int | None = None
    cost: Decimal | None = None  # rupiah


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of a round before its last bytes. What is in neither was not begun."""

    ready: list[Outgoing] = field(default_factory=list)
    answers: dict[UUID, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fate:
    """What a provider knows of a message that it was perhaps given.

    `state`: `accepted`, `delivered`, `read`, `bounced` or `failed`; `missing` when it never came.
    """

    state: Literal["accepted", "delivered", "read", "bounced", "failed", "missing"]
    detail: str = ""
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a provider may be used; None is no limit. Buckets are as large as one second's.

    `per_recipient` is in seconds between two messages to the same one.
    """

    per_second: float | None = None
    per_sender: float | None = None
    per_recipient: float | None = None


class Provider(Protocol):
    """One way out, in two steps, so that the hand-over can be marked between them.

    It takes up to `width` messages at once: their marks are one commit, and their waiting is one.
    """

    name: str
    channel: Channel
    sender: str  # the address or number that messages come from
    weight: int  # its share among those of its channel; 0 is a spare one
    width: int
    pace: Pace
    price: Decimal | None  # rupiah for one part

    def prepare(self, messages: Sequence[Outgoing]) -> Prepared:
        """Do all but the last byte of each."""

    def hand_over(self, messages: Sequence[Outgoing]) -> dict[UUID, Answer]:
        """Send the last bytes of what was prepared, and read the answers, one for each."""

    def abandon(self, messages: Sequence[Outgoing]) -> None:
        """Take back what was prepared: the provider must not have it."""

    def close(self) -> None:
        """Hang up."""


@runtime_checkable
class LooksUp(Protocol):
    """A provider that can be asked what became of a message, by our own reference."""

    name: str

    def look_up(self, message_id: UUID, recipient: str) -> Fate | None:
        """What it knows; None when it cannot say now."""
