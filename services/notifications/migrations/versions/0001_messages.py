"""Messages, their attempts, and the tables of the bus."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "canary",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("sung_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("queue", name=op.f("pk_canary")),
    )
    op.create_table(
        "clock",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_clock")),
    )
    op.create_table(
        "delivery",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("subscriber", sa.Text(), nullable=False),
        sa.Column("replay", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "subscriber", name=op.f("pk_delivery")),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["subscriber", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "failed_event",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("replay", sa.SmallInteger(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "first_failed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_failed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "replay", name=op.f("pk_failed_event")),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.UUID(), nullable=False),
        sa.Column("replay", sa.SmallInteger(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("event_id", "replay", name=op.f("pk_inbox")),
    )
    op.create_index(
        "ix_inbox_received_at", "inbox", ["received_at"], unique=False, postgresql_using="brin"
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(state IN ('claimed', 'handing_over')) = (lease_until IS NOT NULL)",
            name=op.f("ck_message_lease"),
        ),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck_message_channel")),
        sa.CheckConstraint(
            "class IN ('code', 'transactional', 'reminder', 'bulk', 'digest')",
            name=op.f("ck_message_class"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'claimed', 'handing_over', 'accepted', 'delivered', 'read', 'bounced', 'failed', 'expired', 'suppressed', 'unknown')",
            name=op.f("ck_message_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint(
            "event_id",
            "rule",
            "recipient",
            "channel",
            name=op.f("uq_message_event_id_rule_recipient_channel"),
        ),
    )
    op.create_index(
        "ix_message_contents",
        "message",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("text IS NOT NULL"),
    )
    op.create_index(
        "ix_message_due",
        "message",
        ["class", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_message_lease",
        "message",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index(
        "ix_message_recipient",
        "message",
        [sa.literal_column("lower(recipient)").label("address")],
        unique=False,
        postgresql_ops={"address": "text_pattern_ops"},
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("envelope", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "ended_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'retryable', 'permanent', 'lost', 'unknown')",
            name=op.f("ck_attempt_outcome"),
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attempt_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_message_id", "attempt", ["message_id", "number"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_attempt_message_id", table_name="attempt")
    op.drop_table("attempt")
    op.drop_index(
        "ix_outbox_unsent", table_name="outbox", postgresql_where=sa.text("sent_at IS NULL")
    )
    op.drop_table("outbox")
    op.drop_index(
        "ix_message_recipient", table_name="message", postgresql_ops={"address": "text_pattern_ops"}
    )
    op.drop_index(
        "ix_message_lease",
        table_name="message",
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.drop_index(
        "ix_message_due", table_name="message", postgresql_where=sa.text("state = 'queued'")
    )
    op.drop_index(
        "ix_message_contents", table_name="message", postgresql_where=sa.text("text IS NOT NULL")
    )
    op.drop_table("message")
    op.drop_index("ix_inbox_received_at", table_name="inbox", postgresql_using="brin")
    op.drop_table("inbox")
    op.drop_table("failed_event")
    op.drop_index(
        "ix_delivery_due", table_name="delivery", postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.drop_table("delivery")
    op.drop_table("clock")
    op.drop_table("canary")
