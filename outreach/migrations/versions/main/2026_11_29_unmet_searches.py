"""Counts of searches of the public that found nothing."""

import sqlalchemy as sa
from alembic import op

revision = "main_unmet_searches"
down_revision = "main_staff_language"


def upgrade() -> None:
    op.create_table('unmet_search',
        sa.Column('week', sa.Date(), nullable=False),
        sa.Column('region', sa.String(length=3), nullable=False),
        sa.Column('kind_id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('searches', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('week', 'region', 'kind_id', name=op.f('pk_unmet_search')),
    )
