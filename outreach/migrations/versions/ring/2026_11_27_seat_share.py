"""The seats that one network took at one workshop on one day."""

import sqlalchemy as sa
from alembic import op

revision = "ring_seat_share"
down_revision = "ring_hosts"


def upgrade() -> None:
    op.create_table('seat_share',
    sa.Column('bucket', sa.LargeBinary(length=16), nullable=False),
    sa.Column('workshop', sa.Integer(), nullable=False),
    sa.Column('is_widest', sa.Boolean(), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=False),
    sa.Column('is_over', sa.Boolean(), nullable=False),
    sa.Column('minute_from', sa.DateTime(), nullable=False),
    sa.Column('minute_seats', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('bucket', name=op.f('pk_seat_share'))
    )
    op.create_index(op.f('ix_seat_share_day'), 'seat_share', ['day'])
    op.create_index(op.f('ix_seat_share_workshop'), 'seat_share', ['workshop'])
