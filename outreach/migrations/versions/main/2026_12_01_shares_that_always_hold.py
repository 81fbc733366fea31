"""Parties beyond their share are reviewed, no seats are kept, and tickets register another person."""

import sqlalchemy as sa
from alembic import op

revision = "main_shares_that_always_hold"
down_revision = "main_joint"


def upgrade() -> None:
    op.execute('ALTER TABLE registration RENAME COLUMN needs_review TO is_beyond_share')
    op.add_column('registration', sa.Column('sharing', sa.String(length=20), nullable=False, server_default='open'))
    op.create_index(
        'ix_registration_beyond_share', 'registration', ['workshop_id'],
        sqlite_where=sa.text('is_beyond_share IS 1'), postgresql_where=sa.text('is_beyond_share IS true'),
    )
    op.drop_column('registration', 'claim')
    op.drop_index(op.f('ix_workshop_kept_until'), 'workshop')
    op.drop_column('workshop', 'kept_until')
