"""Registrations of one network beyond its share, for staff to decide."""

import sqlalchemy as sa
from alembic import op

revision = "ring_burst"
down_revision = "ring_seat_share"


def upgrade() -> None:
    op.create_table('burst',
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('workshop', sa.Integer(), nullable=False),
    sa.Column('began_at', sa.DateTime(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('release_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_burst'))
    )
    op.create_index(op.f('ix_burst_day'), 'burst', ['day'])
    op.create_index(op.f('ix_burst_workshop'), 'burst', ['workshop'])
    op.create_table('seat_party',
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('bucket', sa.LargeBinary(length=16), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('key_id', 'bucket', name=op.f('pk_seat_party'))
    )
    op.create_index(op.f('ix_seat_party_bucket'), 'seat_party', ['bucket'])
    op.create_index(op.f('ix_seat_party_day'), 'seat_party', ['day'])
    op.add_column('seat_share', sa.Column('burst', sa.LargeBinary(length=16), nullable=True))
    op.add_column('key', sa.Column('burst', sa.LargeBinary(length=16), nullable=True))
    is_of_burst = sa.text('burst IS NOT NULL')
    op.create_index(
        op.f('ix_key_burst'), 'key', ['burst'], sqlite_where=is_of_burst, postgresql_where=is_of_burst
    )
