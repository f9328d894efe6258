"""tables"""

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
        "meeting",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("province_code", sa.Text(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", postgresql.ARRAY(sa.Date()), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_meeting")),
    )
    op.create_index(op.f("ix_meeting_province_code"), "meeting", ["province_code"], unique=False)
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
        "report_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "lease_until",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'done') = (file IS NOT NULL)", name=op.f("ck_report_job_file")
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_report_job_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_job")),
        sa.UniqueConstraint(
            "requested_by",
            "idempotency_key",
            name=op.f("uq_report_job_requested_by_idempotency_key"),
        ),
    )
    op.create_index("ix_report_job_created_at", "report_job", ["created_at"], unique=False)
    op.create_index(
        "ix_report_job_dedupe_key", "report_job", ["dedupe_key", "made_at"], unique=False
    )
    op.create_index(
        "ix_report_job_due",
        "report_job",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_index(
        "ix_report_job_requested_by_id", "report_job", ["requested_by", "id"], unique=False
    )
    op.create_table(
        "participant",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("meeting_slug", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(collation="C"), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("participant_type", sa.Text(), nullable=False),
        sa.Column("library_name", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("province_code", sa.Text(), nullable=False),
        sa.Column("regency_code", sa.Text(), nullable=True),
        sa.Column("district_code", sa.Text(), nullable=True),
        sa.Column("village_code", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('submitted', 'approved', 'rejected', 'cancelled')",
            name=op.f("ck_participant_status"),
        ),
        sa.ForeignKeyConstraint(
            ["meeting_slug"], ["meeting.slug"], name=op.f("fk_participant_meeting_slug")
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_participant")),
    )
    op.create_index(
        "ix_participant_meeting_slug_sort_name",
        "participant",
        ["meeting_slug", "sort_name"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_participant_meeting_slug_sort_name", table_name="participant")
    op.drop_table("participant")
    op.drop_index("ix_report_job_requested_by_id", table_name="report_job")
    op.drop_index(
        "ix_report_job_due",
        table_name="report_job",
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.drop_index("ix_report_job_dedupe_key", table_name="report_job")
    op.drop_index("ix_report_job_created_at", table_name="report_job")
    op.drop_table("report_job")
    op.drop_index(
        "ix_outbox_unsent", table_name="outbox", postgresql_where=sa.text("sent_at IS NULL")
    )
    op.drop_table("outbox")
    op.drop_index(op.f("ix_meeting_province_code"), table_name="meeting")
    op.drop_table("meeting")
    op.drop_index("ix_inbox_received_at", table_name="inbox", postgresql_using="brin")
    op.drop_table("inbox")
    op.drop_table("failed_event")
    op.drop_index(
        "ix_delivery_due", table_name="delivery", postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.drop_table("delivery")
    op.drop_table("clock")
    op.drop_table("canary")
