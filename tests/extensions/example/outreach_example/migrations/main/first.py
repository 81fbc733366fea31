"""Makes the tables."""

import sqlalchemy as sa
from alembic import op

revision = "example_first"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "example_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workshop_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_example_line_workshop_id", "example_line", ["workshop_id"])
    op.create_table(
        "example_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
