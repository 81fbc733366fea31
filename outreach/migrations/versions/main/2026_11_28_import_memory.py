"""Rows that offices imported, by which they are known again, and how each office reads sheets."""

import sqlalchemy as sa
from alembic import op

revision = "main_import_memory"
down_revision = "main_venue_merge"


def upgrade() -> None:
    op.create_table('imported_row',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('office_id', sa.Integer(), nullable=False),
        sa.Column('fingerprint', sa.String(length=64), nullable=False),
        sa.Column('workshop_id', sa.Integer(), nullable=False),
        sa.Column('said', sa.JSON(), nullable=False),
        sa.Column('imported_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_imported_row_office_id_office')),
        sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_imported_row_workshop_id_workshop'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_imported_row')),
        sa.UniqueConstraint('office_id', 'fingerprint', name=op.f('uq_imported_row_office_id_fingerprint')),
    )
    op.create_index(op.f('ix_imported_row_workshop_id'), 'imported_row', ['workshop_id'], unique=False)
    op.create_table('import_memory',
        sa.Column('office_id', sa.Integer(), nullable=False),
        sa.Column('columns', sa.JSON(), nullable=False),
        sa.Column('kinds', sa.JSON(), nullable=False),
        sa.Column('venues', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_import_memory_office_id_office')),
        sa.PrimaryKeyConstraint('office_id', name=op.f('pk_import_memory')),
    )
