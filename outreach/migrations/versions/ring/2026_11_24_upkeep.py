"""Asking for one's link, which master seals, and where the spare is."""

import sqlalchemy as sa
from alembic import op

revision = "ring_upkeep"
down_revision = "ring_first"


def upgrade() -> None:
    op.create_table('asked',
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('contact', sa.LargeBinary(length=16), nullable=False),
    sa.Column('asked_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_asked'))
    )
    with op.batch_alter_table('asked', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_asked_asked_at'), ['asked_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_asked_contact'), ['contact'], unique=False)

    op.create_table('generation',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('proof', sa.LargeBinary(length=16), nullable=False),
    sa.Column('since', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_generation'))
    )
    op.create_table('spare',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('saved_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_spare'))
    )


def downgrade() -> None:
    op.drop_table('spare')
    op.drop_table('generation')
    with op.batch_alter_table('asked', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_asked_contact'))
        batch_op.drop_index(batch_op.f('ix_asked_asked_at'))

    op.drop_table('asked')
