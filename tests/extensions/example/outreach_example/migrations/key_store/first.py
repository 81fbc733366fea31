"""Makes the table of the key store."""

import sqlalchemy as sa
from alembic import op

revision = "example_guests"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "example_guest",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
