"""The first schema of proposals."""

import sqlalchemy as sa
from alembic import op

revision = "proposals_first_9099c33a"
down_revision = None


def upgrade() -> None:
    create_tables()


# `outreach db revision --first` writes what follows from the models.
def create_tables() -> None:
    op.create_table('proposals',
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('link', sa.LargeBinary(length=16), nullable=False),
    sa.Column('office', sa.String(length=40), nullable=False),
    sa.Column('answer', sa.String(length=20), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposals')),
    sa.UniqueConstraint('link', name=op.f('uq_proposals_link'))
    )
    op.create_index(op.f('ix_proposals_expires_on'), 'proposals', ['expires_on'], unique=False)
    op.create_index(op.f('ix_proposals_office'), 'proposals', ['office'], unique=False)
    op.create_table('proposals_letter',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('proposal_id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('answer', sa.String(length=20), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['proposal_id'], ['proposals.id'], name=op.f('fk_proposals_letter_proposal_id_proposals'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proposals_letter')),
    sa.UniqueConstraint('proposal_id', name=op.f('uq_proposals_letter_proposal_id'))
    )
