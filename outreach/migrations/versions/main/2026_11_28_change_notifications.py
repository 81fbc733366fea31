"""What people were told of a workshop, seats on hold, and changes that can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "main_change_notifications"
down_revision = "main_ways_in"


def upgrade() -> None:
    op.add_column("workshop", sa.Column("held_seats", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("workshop", sa.Column("hold_until", sa.DateTime(), nullable=True))
    for table, name in (
        ("workshop", "facts"),
        ("workshop", "withheld_facts"),
        ("registration", "known_facts"),
        ("notice", "facts"),
    ):
        op.add_column(table, sa.Column(name, sa.LargeBinary(length=8), nullable=True))
    op.create_index(
        "ix_workshop_hold_until", "workshop", ["hold_until"],
        sqlite_where=sa.text("hold_until IS NOT NULL"),
        postgresql_where=sa.text("hold_until IS NOT NULL"),
    )
    op.create_table(
        "workshop_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workshop_id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(length=26), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("changes_facts", sa.Boolean(), nullable=False),
        sa.Column("approved_count", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workshop_id"], ["workshop.id"],
            name="fk_workshop_change_workshop_id_workshop", ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_workshop_change"),
    )
    op.create_index("ix_workshop_change_workshop_id", "workshop_change", ["workshop_id"])
    op.create_index("ix_workshop_change_batch", "workshop_change", ["batch"])
    op.create_index("ix_workshop_change_made_at", "workshop_change", ["made_at"])
