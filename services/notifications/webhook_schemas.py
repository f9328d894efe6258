"""Shapes of webhooks over HTTP, and what is typed into their form."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

DeliveryState = Literal["queued", "delivered", "failed", "cancelled"]
EndpointState = Literal["active", "paused", "failing", "disabled"]
# PostgreSQL refuses NUL.
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^\x00-\x1f]*$")
]
Name = Annotated[Words, Field(min_length=1)]
Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
TypeName = Annotated[str, StringConstraints(max_length=60)]


class EndpointForm(BaseModel):
    """What an official says of an endpoint."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    url: Url
    types: Annotated[list[TypeName], Field(min_length=1, max_length=50)]


class EndpointSummary(BaseModel):
    """An endpoint; its secret is told once, when it is made or changed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    url: str
    region_code: str = Field(description="It hears of this region; empty: of all")
    types: list[str]
    state: EndpointState
    disabled_reason: str = Field(description="`gone`, `failing`, or empty")
    failing_since: AwareDatetime | None
    secret_changed_at: AwareDatetime | None
    created_at: AwareDatetime


class EndpointWithSecret(EndpointSummary):
    """The only answer that holds the secret."""

    secret: str = Field(description="`whsec_...`; not shown again")


class EndpointList(BaseModel):
    """One page of endpoints; `next` is the `after` of the next page, if there is one."""

    items: list[EndpointSummary]
    next: UUID | None


class DeliverySummary(BaseModel):
    """One event on its way to one endpoint. `id` is that of `webhook-id`, after `msg_`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    event_id: UUID
    type: str
    state: DeliveryState
    attempts: int
    next_attempt_at: AwareDatetime
    delivered_at: AwareDatetime | None
    created_at: AwareDatetime


class DeliveryList(BaseModel):
    """One page of deliveries; `next` is the `after` of the next page, if there is one."""

    items: list[DeliverySummary]
    next: UUID | None


class WebhookAttemptDetail(BaseModel):
    """One try. `detail` is the beginning of the answer, or what went wrong on the way."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    status: int | None
    detail: str
    milliseconds: int
    ended_at: AwareDatetime


class DeliveryDetail(DeliverySummary):
    """One delivery with all its tries. Its payload is null once its retention is over."""

    payload: dict[str, Any] | None
    history: list[WebhookAttemptDetail]
