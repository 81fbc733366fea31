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
    op.create_table(
        "example_letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("guest_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(), nullable=True),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("is_dead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["guest_id"], ["example_guest.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
