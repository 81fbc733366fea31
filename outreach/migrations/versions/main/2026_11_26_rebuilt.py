"""The few workshops that are reconstructed are found by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "main_rebuilt"
down_revision = "main_leases"


def upgrade() -> None:
    op.create_index('ix_workshop_rebuilt', 'workshop', ['month'], unique=False,
        sqlite_where=sa.text('is_synthetic = 1'), postgresql_where=sa.text('is_synthetic'))
