"""Changes of venues and stops of tours that can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "main_place_changes"
down_revision = "main_kept_answers"


def upgrade() -> None:
    op.create_table(
        "place_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(length=26), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=True),
        sa.Column("stop_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("drafts", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venue.id"],
            name="fk_place_change_venue_id_venue", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"], ["stop.id"], name="fk_place_change_stop_id_stop", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_place_change"),
        sa.UniqueConstraint("batch", name="uq_place_change_batch"),
    )
    op.create_index("ix_place_change_made_at", "place_change", ["made_at"])
