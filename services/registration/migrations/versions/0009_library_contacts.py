"""Libraries are found by their address or number, by whoever asks for a code."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LIVES = "merged_into IS NULL"


def upgrade() -> None:
    op.create_index(
        "ix_library_email",
        "library",
        [sa.literal_column("lower(email)")],
        unique=False,
        postgresql_where=sa.text(f"email IS NOT NULL AND {LIVES}"),
    )
    op.create_index(
        "ix_library_phone",
        "library",
        ["phone"],
        unique=False,
        postgresql_where=sa.text(f"phone IS NOT NULL AND {LIVES}"),
    )


def downgrade() -> None:
    op.drop_index("ix_library_phone", table_name="library")
    op.drop_index("ix_library_email", table_name="library")
