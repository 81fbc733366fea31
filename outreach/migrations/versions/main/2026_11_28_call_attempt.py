"""What came of each call to a person."""

import sqlalchemy as sa
from alembic import op

revision = "main_call_attempt"
down_revision = "main_place_changes"


def upgrade() -> None:
    op.create_table(
        "call_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.String(length=26), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("organizer_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("again_at", sa.DateTime(), nullable=True),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.Column("notification_ids", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"],
            name="fk_call_attempt_registration_id_registration", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"],
            name="fk_call_attempt_organizer_id_organizer", ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_call_attempt"),
        sa.UniqueConstraint(
            "registration_id", "number", name="uq_call_attempt_registration_id_number"
        ),
    )
    op.create_index("ix_call_attempt_organizer_id", "call_attempt", ["organizer_id"])
    op.create_index(
        "ix_call_attempt_is_final_registration_id", "call_attempt", ["is_final", "registration_id"],
        sqlite_where=sa.text("is_final"), postgresql_where=sa.text("is_final"),
    )
