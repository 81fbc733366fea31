"""Parties beyond the share of their network, which staff look at."""

import sqlalchemy as sa
from alembic import op

revision = "main_review"
down_revision = "main_audit_details"


def upgrade() -> None:
    op.add_column('registration', sa.Column('needs_review', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('registration', sa.Column('appears_confirmed', sa.Boolean(), nullable=False, server_default=sa.false()))
