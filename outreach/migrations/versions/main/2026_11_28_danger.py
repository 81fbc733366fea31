"""Workshops closed for danger at their venue, and texts that are sent at night too."""

import sqlalchemy as sa
from alembic import op

revision = "main_danger"
down_revision = "main_import_drafts"


def upgrade() -> None:
    op.add_column("workshop", sa.Column("danger_at", sa.DateTime(), nullable=True))
    op.add_column(
        "workshop", sa.Column("visibility_before_danger", sa.String(length=20), nullable=True)
    )
    op.add_column(
        "notice", sa.Column("is_urgent", sa.Boolean(), nullable=False, server_default=sa.false())
    )
