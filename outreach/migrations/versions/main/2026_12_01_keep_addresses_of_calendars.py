"""Keep addresses of calendars."""

import sqlalchemy as sa
from alembic import op

revision = "main_keep_addresses_of_calendars"
down_revision = "main_keep_the_queue_before_a_cha"


def upgrade() -> None:
    op.create_table('calendar_link',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('public_id', sa.String(length=20), nullable=False),
        sa.Column('office_id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=60), nullable=False),
        sa.Column('sealed_address', sa.LargeBinary(), nullable=False),
        sa.Column('address_mark', sa.String(length=64), nullable=False),
        sa.Column('is_daily', sa.Boolean(), nullable=False),
        sa.Column('added_at', sa.DateTime(), nullable=False),
        sa.Column('asked_at', sa.DateTime(), nullable=False),
        sa.Column('read_at', sa.DateTime(), nullable=True),
        sa.Column('etag', sa.String(length=200), nullable=False),
        sa.Column('last_modified', sa.String(length=60), nullable=False),
        sa.Column('fault', sa.String(length=60), nullable=False),
        sa.Column('taken', sa.JSON(), nullable=False),
        sa.Column('report', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_calendar_link_office_id_office')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_link')),
        sa.UniqueConstraint('office_id', 'address_mark', name=op.f('uq_calendar_link_office_id_address_mark')),
        sa.UniqueConstraint('public_id', name=op.f('uq_calendar_link_public_id')),
    )
    op.create_index(op.f('ix_calendar_link_office_id'), 'calendar_link', ['office_id'])
