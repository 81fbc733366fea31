"""Texts that an office keeps for its messages to the people of a workshop."""

import sqlalchemy as sa
from alembic import op

revision = "main_message_text"
down_revision = "main_workshop_template"


def upgrade() -> None:
    op.create_table('message_text',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('office_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=60), nullable=False),
        sa.Column('paragraph', sa.JSON(), nullable=False),
        sa.Column('saved_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_message_text_office_id_office'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_message_text')),
        sa.UniqueConstraint('office_id', 'name', name=op.f('uq_message_text_office_id_name')),
    )
