"""Seats kept for proven contacts, and the parties that claim one."""

import sqlalchemy as sa
from alembic import op

revision = "main_kept_seats"
down_revision = "main_declined"


def upgrade() -> None:
    op.add_column('registration', sa.Column('claim', sa.String(length=20), nullable=False, server_default='none'))
    op.add_column('workshop', sa.Column('kept_until', sa.DateTime(), nullable=True))
    is_kept = sa.text('kept_until IS NOT NULL')
    op.create_index(op.f('ix_workshop_kept_until'), 'workshop', ['kept_until'], sqlite_where=is_kept, postgresql_where=is_kept)
