"""A whole history is counted from an index that holds nothing else, and the few workshops that are
reconstructed are told by theirs alone.

With the month only, SQLite rather read a million others, as long as it had no statistics.
"""

import sqlalchemy as sa
from alembic import op

revision = "main_counted"
down_revision = "main_rebuilt"


def upgrade() -> None:
    counted = sa.text("standing IN ('published', 'held')")
    op.create_index('ix_workshop_month_kind_id_standing', 'workshop',
        ['month', 'kind_id', 'standing'], unique=False,
        sqlite_where=counted, postgresql_where=counted)
    op.drop_index('ix_workshop_rebuilt', 'workshop')
    op.create_index('ix_workshop_rebuilt', 'workshop',
        ['month', 'standing', 'kind_id', 'office_id'], unique=False,
        sqlite_where=sa.text('is_synthetic = 1'), postgresql_where=sa.text('is_synthetic'))
