"""Files that staff have brought, and not loaded yet."""

import sqlalchemy as sa
from alembic import op

revision = "main_bringing"
down_revision = "main_people"


def upgrade() -> None:
    op.create_table('intake_batch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=20), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('packed', sa.LargeBinary(), nullable=False),
    sa.Column('marks', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_intake_batch_organizer_id_organizer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intake_batch')),
    sa.UniqueConstraint('public_id', name=op.f('uq_intake_batch_public_id'))
    )
    op.create_index(op.f('ix_intake_batch_made_at'), 'intake_batch', ['made_at'])
    op.create_index(op.f('ix_intake_batch_organizer_id'), 'intake_batch', ['organizer_id'])
