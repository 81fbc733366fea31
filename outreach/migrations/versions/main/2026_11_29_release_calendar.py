"""Release calendar: when a revision is released, what was promised, and who opened a month early."""

import sqlalchemy as sa
from alembic import op

revision = "main_release_calendar"
down_revision = "main_revision_log"


def upgrade() -> None:
    op.add_column('month_revision', sa.Column('released_at', sa.DateTime(), nullable=True))
    op.add_column('month_revision', sa.Column('scheduled_at', sa.DateTime(), nullable=True))
    op.add_column('month_revision', sa.Column('public_cause', sa.String(length=10), nullable=True))
    op.add_column('month_revision', sa.Column('counted', sa.JSON(), nullable=True))
    op.create_index('ix_month_revision_release', 'month_revision', ['month', 'released_at'])
    op.create_table('early_access',
        sa.Column('month', sa.Integer(), nullable=False),
        sa.Column('organizer_id', sa.Integer(), nullable=False),
        sa.Column('first_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_early_access_organizer_id_organizer'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('month', 'organizer_id', name=op.f('pk_early_access'))
    )
