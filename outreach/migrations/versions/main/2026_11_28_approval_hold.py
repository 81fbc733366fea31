"""Until when a decision of staff on an address can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "main_approval_hold"
down_revision = "main_danger"


def upgrade() -> None:
    op.add_column("registration", sa.Column("approval_hold_until", sa.DateTime(), nullable=True))
    op.create_index(
        "ix_registration_approval_hold_until", "registration", ["approval_hold_until"],
        sqlite_where=sa.text("approval_hold_until IS NOT NULL"),
        postgresql_where=sa.text("approval_hold_until IS NOT NULL"),
    )
