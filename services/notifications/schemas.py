"""Shapes over HTTP."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

State = Literal[
    "queued",
    "claimed",
    "handing_over",
    "accepted",
    "delivered",
    "read",
    "bounced",
    "failed",
    "expired",
    "suppressed",
    "cancelled",
    "unknown",
]


# PostgreSQL refuses NUL.
Beginning = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^\x00]*$")]
# Where a page of held addresses begins: channel, region and address of the one before it.
Held = Annotated[str, StringConstraints(max_length=300, pattern=r"^([a-z]+:[0-9.]*:[^\x00]+)?$")]


class MessageSummary(BaseModel):
    """A message in a list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: AwareDatetime
    rule: str
    channel: str
    recipient: str = Field(
        description="Empty once the person's data was deleted; its end after … once its retention "
        "is over"
    )
    person: str | None = Field(description="Whose address it is, as far as we were told")
    meeting_slug: str | None
    work_class: str = Field(serialization_alias="class")
    region_code: str
    language: str
    subject: str | None
    state: State
    attempts: int
    next_attempt_at: AwareDatetime | None = Field(
        description="Null: not before its announcement goes on"
    )
    accepted_at: AwareDatetime | None
    expires_at: AwareDatetime
    provider: str | None


class MessageList(BaseModel):
    """One page of messages; `next` is the `after` of the next page, if there is one."""

    items: list[MessageSummary]
    next: UUID | None


class AttemptDetail(BaseModel):
    """One try to hand a message over. `reply` is in the provider's own words."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    provider: str | None
    started_at: AwareDatetime
    ended_at: AwareDatetime
    outcome: Literal["accepted", "retryable", "throttled", "permanent", "lost", "unknown"]
    detail: str
    reply: str


class ReceiptDetail(BaseModel):
    """What the provider told afterwards."""

    model_config = ConfigDict(from_attributes=True)

    state: str
    detail: str
    happened_at: AwareDatetime | None
    received_at: AwareDatetime


class ActionDetail(BaseModel):
    """What an official did with it. `other_id` is the message that a replay made."""

    model_config = ConfigDict(from_attributes=True)

    action: Literal["cancelled", "retried", "replayed"]
    actor: str
    note: str
    other_id: UUID | None
    created_at: AwareDatetime


class MessageDetail(MessageSummary):
    """One message with all its tries.

    Its contents are null once their retention is over, and those of a code always.
    """

    event_id: UUID
    template: str
    template_version: int | None = Field(description="Null: as it stands in the repository")
    state_reason: str
    parts: int | None
    cost: Decimal | None = Field(description="Rupiah, of all its tries")
    fallback_of: UUID | None = Field(description="The message on another channel that failed")
    delivered_at: AwareDatetime | None
    provider_reference: str | None
    handed_over_at: AwareDatetime | None
    traceparent: str
    text: str | None = Field(description="Without what opens its links")
    html: str | None = Field(description="Without what opens its links")
    history: list[AttemptDetail]
    receipts: list[ReceiptDetail]
    actions: list[ActionDetail]
