"""How far the journal of the main database has come."""

import sqlalchemy as sa
from alembic import op

revision = "ring_network"
down_revision = "ring_upkeep"


def upgrade() -> None:
    op.create_table('journal_mark',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('gone', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_journal_mark'))
    )
