"""Answers to the reconfirmation that a change reset, until it cannot be undone any more."""

import sqlalchemy as sa
from alembic import op

revision = "main_kept_answers"
down_revision = "main_approval_hold"


def upgrade() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.String(length=26), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_id"], ["workshop_change.id"],
            name="fk_kept_answer_change_id_workshop_change", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"],
            name="fk_kept_answer_registration_id_registration",
            ondelete="CASCADE", onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("change_id", "registration_id", name="pk_kept_answer"),
    )
    op.create_index("ix_kept_answer_registration_id", "kept_answer", ["registration_id"])
