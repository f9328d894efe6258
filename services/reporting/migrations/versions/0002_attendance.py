"""Every state of a registration, presence, certificates, and whose data was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attendance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
        sa.UniqueConstraint(
            "registration_id",
            "day",
            "session_id",
            name=op.f("uq_attendance_registration_id_day_session_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_table(
        "certificate",
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate")),
    )
    op.create_index(
        op.f("ix_certificate_registration_id"), "certificate", ["registration_id"], unique=False
    )
    op.create_table(
        "erased",
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column(
            "erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_erased")),
    )
    op.add_column(
        "meeting",
        sa.Column("status", sa.Text(), server_default=sa.text("'published'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_meeting_status"), "meeting", "status IN ('published', 'cancelled')"
    )
    op.add_column(
        "participant",
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
    )
    op.drop_constraint(op.f("ck_participant_status"), "participant", type_="check")
    op.create_check_constraint(
        op.f("ck_participant_status"),
        "participant",
        "status IN ('submitted', 'needs_correction', 'approved', 'waiting', 'offered', 'rejected', 'cancelled')",
    )
    op.create_index(
        "ix_participant_meeting_slug_status",
        "participant",
        ["meeting_slug", "status"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index("ix_participant_meeting_slug_status", table_name="participant")
    op.execute(
        "UPDATE participant SET status = 'submitted' WHERE status IN ('needs_correction', 'waiting', 'offered')"
    )
    op.drop_constraint(op.f("ck_participant_status"), "participant", type_="check")
    op.create_check_constraint(
        op.f("ck_participant_status"),
        "participant",
        "status IN ('submitted', 'approved', 'rejected', 'cancelled')",
    )
    op.drop_column("participant", "version")
    op.drop_constraint(op.f("ck_meeting_status"), "meeting", type_="check")
    op.drop_column("meeting", "status")
    op.drop_table("erased")
    op.drop_index(op.f("ix_certificate_registration_id"), table_name="certificate")
    op.drop_table("certificate")
    op.drop_table("attendance")
