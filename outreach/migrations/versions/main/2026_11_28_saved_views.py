"""Searches of the list of workshops that staff keep under a name."""

import sqlalchemy as sa
from alembic import op

revision = "main_saved_views"
down_revision = "main_websub"


def upgrade() -> None:
    op.create_table('saved_view',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('organizer_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=40), nullable=False),
        sa.Column('query', sa.String(length=600), nullable=False),
        sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_saved_view_organizer_id_organizer'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_view')),
        sa.UniqueConstraint('organizer_id', 'name', name=op.f('uq_saved_view_organizer_id_name')),
    )
