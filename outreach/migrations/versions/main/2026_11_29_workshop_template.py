"""Templates of workshops: the fields of the form that an office keeps under a name."""

import sqlalchemy as sa
from alembic import op

revision = "main_workshop_template"
down_revision = "main_roster"


def upgrade() -> None:
    op.create_table('workshop_template',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('office_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=60), nullable=False),
        sa.Column('fields', sa.Text(), nullable=False),
        sa.Column('saved_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_workshop_template_office_id_office'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_workshop_template')),
        sa.UniqueConstraint('office_id', 'name', name=op.f('uq_workshop_template_office_id_name')),
    )
