"""Parties whose seats staff released as doubtful."""

import sqlalchemy as sa
from alembic import op

revision = "main_released"
down_revision = "main_fraud"


def upgrade() -> None:
    op.add_column('registration', sa.Column('is_released', sa.Boolean(), nullable=False, server_default=sa.false()))
