"""Which version of a library the other services were told."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "library",
        sa.Column("told_version", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.create_index(
        "ix_library_untold",
        "library",
        ["id"],
        unique=False,
        postgresql_where=sa.text("told_version < version"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_library_untold",
        table_name="library",
        postgresql_where=sa.text("told_version < version"),
    )
    op.drop_column("library", "told_version")
