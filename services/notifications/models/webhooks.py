"""Other systems that want to hear of events, and what they were told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from services.notifications.models.base import Base


class WebhookEndpoint(Base):
    """An address of another system. It hears of its owner's region only."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (Index("ix_webhook_endpoint_region_code", "region_code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str]
    name: Mapped[str]
    region_code: Mapped[str]
    types: Mapped[list[str]] = mapped_column(JSONB)  # public names, see webhook_types.TYPES
    secret: Mapped[str]  # encrypted; "whsec_..." when opened
    former_secret: Mapped[str | None]  # signs beside the new one for a day after a change
    secret_changed_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(server_default=sql("true"))
    failing_since: Mapped[datetime | None]
    slow: Mapped[bool] = mapped_column(server_default=sql("false"))  # its last answer took long
    disabled_reason: Mapped[str] = mapped_column(server_default=sql("''"))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class WebhookDelivery(Base):
    """One event on its way to one endpoint: at least once, with the event's id to tell repeats."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        CheckConstraint("state IN ('queued', 'delivered', 'failed', 'cancelled')", "state"),
        # An endpoint's own, as a slow one must not stand before the others.
        Index(
            "ix_webhook_delivery_due",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=sql("state = 'queued'"),
        ),
        Index(
            "ix_webhook_delivery_lease",
            "lease_until",
            postgresql_where=sql("lease_until IS NOT NULL"),
        ),
        Index("ix_webhook_delivery_endpoint_id", "endpoint_id", "id"),
        Index("ix_webhook_delivery_about", "about"),
        Index("ix_webhook_delivery_created_at", "created_at", postgresql_using="brin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoint.id"))
    event_id: Mapped[UUID]
    type: Mapped[str]
    about: Mapped[str]  # the event's subject, to forget it by
    # In its own order, for whoever reads it; removed after its retention.
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(server_default=sql("'queued'"))
    attempts: Mapped[int] = mapped_column(server_default=sql("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    lease_until: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class WebhookAttempt(Base):
    """One try to tell an endpoint; never changed."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (Index("ix_webhook_attempt_delivery_id", "delivery_id", "number"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_delivery.id"))
    number: Mapped[int]
    status: Mapped[int | None]  # HTTP; None without an answer
    detail: Mapped[str]
    milliseconds: Mapped[int]
    ended_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
