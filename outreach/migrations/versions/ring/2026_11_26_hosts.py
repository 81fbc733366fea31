"""What all hosts sign with."""

import sqlalchemy as sa
from alembic import op

revision = "ring_hosts"
down_revision = "ring_network"


def upgrade() -> None:
    op.create_table('secret',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_secret'))
    )
