"""Sheets that offices have begun to bring in, with what staff answered about their rows."""

import sqlalchemy as sa
from alembic import op

revision = "main_import_drafts"
down_revision = "main_staff_names"


def upgrade() -> None:
    op.create_table('import_draft',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('public_id', sa.String(length=20), nullable=False),
        sa.Column('office_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=120), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('packed', sa.LargeBinary(), nullable=False),
        sa.Column('answers', sa.JSON(), nullable=False),
        sa.Column('loads', sa.JSON(), nullable=False),
        sa.Column('pending', sa.Integer(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('made_at', sa.DateTime(), nullable=False),
        sa.Column('changed_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_import_draft_office_id_office')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_import_draft')),
        sa.UniqueConstraint('public_id', name=op.f('uq_import_draft_public_id')),
    )
    op.create_index(op.f('ix_import_draft_made_at'), 'import_draft', ['made_at'])
    op.create_index(op.f('ix_import_draft_office_id'), 'import_draft', ['office_id'])
