"""Keep the queue before a change."""

import sqlalchemy as sa
from alembic import op

revision = "main_keep_the_queue_before_a_cha"
down_revision = "main_takes_calls"


def upgrade() -> None:
    op.create_table(
        "kept_notice",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.String(length=26), nullable=False),
        sa.Column("is_made", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("trial_arm_id", sa.Integer(), nullable=True),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"], ["workshop_change.id"],
            name="fk_kept_notice_change_id_workshop_change", ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["registration.id"],
            name="fk_kept_notice_registration_id_registration",
            onupdate="CASCADE", ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("change_id", "notification_id", name="pk_kept_notice"),
    )  # fmt: skip
    op.create_index("ix_kept_notice_registration_id", "kept_notice", ["registration_id"])
    op.add_column("kept_answer", sa.Column("offered_until", sa.DateTime(), nullable=True))
    op.add_column(
        "kept_answer",
        sa.Column("was_notified", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "workshop_change",
        sa.Column("queue_before", sa.JSON(), server_default="{}", nullable=False),
    )
