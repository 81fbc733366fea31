"""How many registrations came, from how many networks, and until when forms ask for a proof."""

import sqlalchemy as sa
from alembic import op

revision = "ring_save_rates"
down_revision = "ring_link_renewal"


def upgrade() -> None:
    op.create_table('save_rate',
    sa.Column('slot', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('network', sa.LargeBinary(length=16), nullable=False),
    sa.Column('saves', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('slot', 'network', name=op.f('pk_save_rate'))
    )
    op.create_table('save_hour',
    sa.Column('hour', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('saves', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('hour', name=op.f('pk_save_hour'))
    )
    op.create_table('save_brake',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_save_brake'))
    )
