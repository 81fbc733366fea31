"""The public log of month revisions, and the files that each revision published."""

import sqlalchemy as sa
from alembic import op

revision = "main_revision_log"
down_revision = "main_trials_of_wording"


def upgrade() -> None:
    op.create_table('log_entry',
        sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('month', sa.Integer(), nullable=False),
        sa.Column('revision', sa.Integer(), nullable=False),
        sa.Column('leaf', sa.Text(), nullable=False),
        sa.Column('checkpoint', sa.Text(), nullable=False),
        sa.Column('verifier', sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint('position', name=op.f('pk_log_entry')),
        sa.UniqueConstraint('month', 'revision', name=op.f('uq_log_entry_month_revision'))
    )
    op.create_table('published_file',
        sa.Column('month', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('revision', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('content', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('month', 'revision', 'name', name=op.f('pk_published_file'))
    )
