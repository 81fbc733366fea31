"""Venues that were merged into another, and what undoes it."""

import sqlalchemy as sa
from alembic import op

revision = "main_venue_merge"
down_revision = "main_change_notifications"


def upgrade() -> None:
    op.add_column('venue', sa.Column('merged_into_id', sa.Integer(), nullable=True))
    op.create_table('venue_merge',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kept_id', sa.Integer(), nullable=False),
    sa.Column('merged_id', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('undone_at', sa.DateTime(), nullable=True),
    sa.Column('kept_before', sa.JSON(), nullable=False),
    sa.Column('merged_before', sa.JSON(), nullable=False),
    sa.Column('kept_after', sa.JSON(), nullable=False),
    sa.Column('workshops', sa.JSON(), nullable=False),
    sa.Column('stops', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['kept_id'], ['venue.id'], name=op.f('fk_venue_merge_kept_id_venue')),
    sa.ForeignKeyConstraint(['merged_id'], ['venue.id'], name=op.f('fk_venue_merge_merged_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_venue_merge'))
    )
    op.create_index(op.f('ix_venue_merge_kept_id'), 'venue_merge', ['kept_id'])
