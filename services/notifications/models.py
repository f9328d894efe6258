"""Notifications' tables."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import BigInteger, Text

from shared.database import new_metadata


class Base(DeclarativeBase):
    """Notifications' own metadata; the bus adds its tables to it."""

    metadata = new_metadata()
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own form


class Message(Base):
    """One message to one recipient: what is to be sent, and how far it has come.

    Its identity is made by who wants it sent: the same (event, rule, recipient, channel) is the
    same message, however often the event comes.

    States: `queued` (due at `next_attempt_at`), `claimed` (a worker has it until `lease_until`),
    `handing_over` (committed just before the last byte: from here on the provider may have it),
    then `accepted`, `failed`, `expired`, or `unknown` when nobody can tell and it must not go
    twice. `delivered`, `read`, `bounced` and `suppressed` come from receipts.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("event_id", "rule", "recipient", "channel"),
        CheckConstraint(
            "state IN ('queued', 'claimed', 'handing_over', 'accepted', 'delivered', 'read', "
            "'bounced', 'failed', 'expired', 'suppressed', 'unknown')",
            "state",
        ),
        CheckConstraint(
            "class IN ('code', 'transactional', 'reminder', 'bulk', 'digest')", "class"
        ),
        CheckConstraint("channel IN ('email', 'sms')", "channel"),
        CheckConstraint(
            "(state IN ('claimed', 'handing_over')) = (lease_until IS NOT NULL)", "lease"
        ),
        # Each class has workers of its own, which take what is due in order.
        Index(
            "ix_message_due", "class", "next_attempt_at", postgresql_where=sql("state = 'queued'")
        ),
        Index("ix_message_lease", "lease_until", postgresql_where=sql("lease_until IS NOT NULL")),
        Index("ix_message_contents", "created_at", postgresql_where=sql("text IS NOT NULL")),
        Index(
            "ix_message_code_contents",
            "expires_at",
            postgresql_where=sql("class = 'code' AND text IS NOT NULL"),
        ),
        Index("ix_message_about", "about", "version"),
        # The beginning of an address is found in any database, whatever its collation.
        Index(
            "ix_message_recipient",
            literal_column("lower(recipient)").label("address"),
            postgresql_ops={"address": "text_pattern_ops"},
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)  # version 7: sorts by time
    event_id: Mapped[UUID]
    rule: Mapped[str]
    channel: Mapped[str]
    recipient: Mapped[str]  # an e-mail address, or a phone number (E.164); empty once erased
    about: Mapped[str] = mapped_column(server_default=sql("''"))  # the event's subject
    version: Mapped[int | None]  # of what it is about, when that has one
    work_class: Mapped[str] = mapped_column("class")
    region_code: Mapped[str]  # whose officials may see it
    language: Mapped[str]
    template: Mapped[str]
    subject: Mapped[str | None]  # e-mail only; these three are removed after their retention
    text: Mapped[str | None]
    html: Mapped[str | None]
    traceparent: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default=sql("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    lease_until: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    provider: Mapped[str | None]
    provider_reference: Mapped[str | None]
    expires_at: Mapped[datetime]  # later than this it would only confuse
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class ErasedSubject(Base):
    """A person whose data was deleted: what comes late about them is not written down."""

    __tablename__ = "erased_subject"

    about: Mapped[str] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Attempt(Base):
    """One try to hand a message over, written when it has ended; never changed.

    Outcomes: `accepted`; `retryable` and `permanent` refusals; `lost`, the worker died before the
    hand-over; `unknown`, the provider may have it. A worker that was stopped for longer than its
    lease may add what it knows about a try that was already written down as lost or unknown.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('accepted', 'retryable', 'permanent', 'lost', 'unknown')", "outcome"
        ),
        Index("ix_attempt_message_id", "message_id", "number"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"))
    number: Mapped[int]
    provider: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    outcome: Mapped[str]
    detail: Mapped[str]  # what happened on our side, for whoever looks into it
    reply: Mapped[str]  # the provider's own words
