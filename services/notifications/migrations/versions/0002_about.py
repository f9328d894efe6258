"""What a message is about, in which version, and whose data was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erased_subject",
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column(
            "erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("about", name=op.f("pk_erased_subject")),
    )
    op.add_column(
        "message", sa.Column("about", sa.Text(), server_default=sa.text("''"), nullable=False)
    )
    op.add_column("message", sa.Column("version", sa.Integer(), nullable=True))
    op.create_index("ix_message_about", "message", ["about", "version"], unique=False)
    op.create_index(
        "ix_message_code_contents",
        "message",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("class = 'code' AND text IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_message_code_contents",
        table_name="message",
        postgresql_where=sa.text("class = 'code' AND text IS NOT NULL"),
    )
    op.drop_index("ix_message_about", table_name="message")
    op.drop_column("message", "version")
    op.drop_column("message", "about")
    op.drop_table("erased_subject")
