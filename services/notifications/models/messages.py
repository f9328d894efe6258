"""What is sent, how it went, and what providers said about it later."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    func,
    literal_column,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, Numeric, TypeDecorator

from services.notifications.models.base import Base


class Finite(TypeDecorator[datetime]):
    """A time that is read as None when it is infinity, which Python has no word for."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """What is selected instead of the column."""
        return func.nullif(column, literal_column("timestamptz 'infinity'"))


# The parser takes "H.Ahmad" for the name of a machine; so what joins words goes first.
NAME_WORDS: ColumnElement[Any] = literal_column(
    """to_tsvector('simple'::regconfig, translate(person, '.,/-''@_', '       '))"""
)


class Message(Base):
    """One message to one recipient: what is to be sent, and how far it has come.

    Its identity is made by who wants it sent: the same (event, rule, recipient, channel) is the
    same message, however often the event comes.

    States: `queued` (due at `next_attempt_at`; one of a paused announcement is due at infinity),
    `claimed` (a worker has it until `lease_until`), `handing_over` (committed just before the last
    byte: from here on the provider may have it), then `accepted`, `failed`, `expired`, or
    `unknown` when nobody can tell. One that is unknown with `settle_until` is being looked up at
    its provider; without, it must not go twice. `delivered`, `read` and `bounced` come from
    receipts, `suppressed` from what the recipient or an earlier bounce said, `cancelled` from an
    official.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("event_id", "rule", "recipient", "channel"),
        CheckConstraint(
            "state IN ('queued', 'claimed', 'handing_over', 'accepted', 'delivered', 'read', "
            "'bounced', 'failed', 'expired', 'suppressed', 'cancelled', 'unknown')",
            "state",
        ),
        CheckConstraint(
            "class IN ('code', 'transactional', 'reminder', 'bulk', 'digest')", "class"
        ),
        CheckConstraint("channel IN ('email', 'whatsapp', 'sms')", "channel"),
        CheckConstraint(
            "(state IN ('claimed', 'handing_over')) = (lease_until IS NOT NULL)", "lease"
        ),
        # Each class has workers of its own, which take what is due in order.
        Index(
            "ix_message_due", "class", "next_attempt_at", postgresql_where=sql("state = 'queued'")
        ),
        CheckConstraint("settle_until IS NULL OR state = 'unknown'", "settle"),
        Index("ix_message_lease", "lease_until", postgresql_where=sql("lease_until IS NOT NULL")),
        Index(
            "ix_message_settle", "settle_until", postgresql_where=sql("settle_until IS NOT NULL")
        ),
        Index(
            "ix_message_announcement",
            "announcement_id",
            "state",
            postgresql_where=sql("announcement_id IS NOT NULL"),
        ),
        Index("ix_message_meeting_slug", "meeting_slug", "class"),
        # What still names somebody; older than its retention, it is masked.
        Index(
            "ix_message_named",
            "created_at",
            postgresql_where=sql("left(recipient, 1) NOT IN ('', '…')"),
        ),
        # Rare ones among very many; none of them is on the way of a message that arrives.
        Index(
            "ix_message_trouble",
            "state",
            "id",
            postgresql_where=sql(
                "state IN ('failed', 'expired', 'bounced', 'suppressed', 'cancelled', 'unknown')"
            ),
        ),
        Index(
            "ix_message_fallback_of",
            "fallback_of",
            postgresql_where=sql("fallback_of IS NOT NULL"),
        ),
        Index(
            "ix_message_code_contents",
            "expires_at",
            postgresql_where=sql("class = 'code' AND text IS NOT NULL"),
        ),
        Index(
            "ix_message_answer",
            "expires_at",
            postgresql_where=sql("rule = 'data-request-answered' AND recipient <> ''"),
        ),
        Index("ix_message_about", "about", "version"),
        # The beginning of an address is found in any database, whatever its collation.
        Index(
            "ix_message_recipient",
            literal_column("lower(recipient)").label("address"),
            postgresql_ops={"address": "text_pattern_ops"},
        ),
        # The beginning of any word of a name.
        Index("ix_message_person", NAME_WORDS, postgresql_using="gin"),
        # Most officials see one region, which is little among very much.
        Index(
            "ix_message_region_code",
            "region_code",
            "id",
            postgresql_ops={"region_code": "text_pattern_ops"},
        ),
        Index("ix_message_created_at", "created_at", postgresql_using="brin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)  # version 7: sorts by time
    event_id: Mapped[UUID]
    rule: Mapped[str]
    channel: Mapped[str]
    # An e-mail address, or a phone number (E.164); after its retention the end of it after "…",
    # empty once erased.
    recipient: Mapped[str]
    person: Mapped[str | None]  # whose address it is, as far as we were told; NULL once erased
    about: Mapped[str] = mapped_column(server_default=sql("''"))  # the event's subject
    version: Mapped[int | None]  # of what it is about, when that has one
    meeting_slug: Mapped[str | None]
    announcement_id: Mapped[UUID | None] = mapped_column(ForeignKey("announcement.id"))
    fallback_of: Mapped[UUID | None]  # the message on another channel that did not arrive
    work_class: Mapped[str] = mapped_column("class")
    region_code: Mapped[str]  # whose officials may see it
    zone: Mapped[str | None]  # the recipient's (an IANA name), for classes that keep hours
    language: Mapped[str]
    template: Mapped[str]
    template_version: Mapped[int | None]  # None: as it stands in the repository
    subject: Mapped[str | None]  # e-mail only; what follows is removed after its retention
    text: Mapped[str | None]
    html: Mapped[str | None]
    # What fills the slots of a template that WhatsApp has approved, in order.
    parameters: Mapped[list[str] | None] = mapped_column(JSONB)
    # Each: name, media_type, text.
    attachments: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB)
    # Other ways to tell the same, should this one fail, in order; each a dict of these columns:
    # channel, recipient, subject, text, html, parameters, attachments.
    fallbacks: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    unsubscribe: Mapped[str | None]  # the link of RFC 8058; None where nobody can unsubscribe
    parts: Mapped[int | None]  # of an SMS
    cost: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))  # rupiah, of all its attempts
    traceparent: Mapped[str]
    state: Mapped[str]
    state_reason: Mapped[str] = mapped_column(server_default=sql("''"))  # see words.REASONS
    attempts: Mapped[int] = mapped_column(server_default=sql("0"))
    # How often it was refused for now, or nobody knew; a provider that was away says nothing about
    # the message.
    refusals: Mapped[int] = mapped_column(server_default=sql("0"))
    next_attempt_at: Mapped[datetime | None] = mapped_column(
        Finite, nullable=False, server_default=sql("now()")
    )
    lease_until: Mapped[datetime | None]
    handed_over_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    settle_until: Mapped[datetime | None]
    provider: Mapped[str | None]
    provider_reference: Mapped[str | None]
    expires_at: Mapped[datetime]  # later than this it would only confuse
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Receipt(Base):
    """What a provider told about a message afterwards, as it came; verified before it is kept.

    Receipts are repeated, come out of order, and may come before the answer to the hand-over.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("provider", "digest"),
        Index("ix_receipt_message_id", "message_id"),
        Index("ix_receipt_raw", "received_at", postgresql_where=sql("raw IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    provider: Mapped[str]
    digest: Mapped[str]  # SHA-256 of what came, so that a repeated one is kept once
    message_id: Mapped[UUID | None]  # None: it names no message of ours
    state: Mapped[str]  # what it says: accepted, delivered, read, bounced or failed
    detail: Mapped[str]
    raw: Mapped[str | None]  # removed with the contents
    happened_at: Mapped[datetime | None]  # by the provider's clock
    received_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class MessageAction(Base):
    """What an official did with a message; never changed, but its note goes with the contents.

    Actions: `cancelled`, `retried`, and `replayed`, which made the message `other_id`.
    """

    __tablename__ = "message_action"
    __table_args__ = (
        CheckConstraint("action IN ('cancelled', 'retried', 'replayed')", "action"),
        Index("ix_message_action_message_id", "message_id"),
        Index(
            "ix_message_action_other_id", "other_id", postgresql_where=sql("other_id IS NOT NULL")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"))
    action: Mapped[str]
    actor: Mapped[str]  # the official's name
    subject: Mapped[str]  # id of the official's account
    note: Mapped[str] = mapped_column(server_default=sql("''"))
    other_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class ErasedSubject(Base):
    """A person whose data was deleted: what comes late about them is not written down."""

    __tablename__ = "erased_subject"

    about: Mapped[str] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))


class Attempt(Base):
    """One try to hand a message over, written when it has ended; never changed.

    Outcomes: `accepted`; `retryable`, `throttled` and `permanent` refusals; `lost`, the worker
    died before the hand-over; `unknown`, the provider may have it. A worker that was stopped for
    longer than its lease may add what it knows about a try that was already written down as lost
    or unknown.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('accepted', 'retryable', 'throttled', 'permanent', 'lost', 'unknown')",
            "outcome",
        ),
        # An outcome that is written a second time is the same one.
        Index("ix_attempt_message_id", "message_id", "number", "outcome", unique=True),
        Index("ix_attempt_ended_at", "ended_at", postgresql_using="brin"),
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
