"""The few workshops that are reconstructed are counted from their index alone.

With the month only, SQLite rather read a million others, as long as it had no statistics.
"""

import sqlalchemy as sa
from alembic import op

revision = "main_rebuilt_alone"
down_revision = "main_rebuilt"


def upgrade() -> None:
    op.drop_index('ix_workshop_rebuilt', 'workshop')
    op.create_index('ix_workshop_rebuilt', 'workshop',
        ['month', 'standing', 'kind_id', 'office_id'], unique=False,
        sqlite_where=sa.text('is_synthetic = 1'), postgresql_where=sa.text('is_synthetic'))
