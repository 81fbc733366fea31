"""Which workshops partner networks may show, and what those networks let us show of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "main_joint"
down_revision = "main_region_codes"


def upgrade() -> None:
    op.add_column(
        "workshop", sa.Column("is_shared", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table('partner_network',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('url', sa.String(length=500), nullable=False),
        sa.Column('host', sa.String(length=260), nullable=False),
        sa.Column('name', sa.String(length=80), nullable=False),
        sa.Column('public_key', sa.String(length=43), nullable=False),
        sa.Column('etag', sa.String(length=100), nullable=False),
        sa.Column('generated_at', sa.DateTime(), nullable=False),
        sa.Column('asked_at', sa.DateTime(), nullable=False),
        sa.Column('answered_at', sa.DateTime(), nullable=False),
        sa.Column('fault', sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_partner_network')),
        sa.UniqueConstraint('host', name=op.f('uq_partner_network_host')),
    )
    op.create_table('joint_workshop',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('network_id', sa.Integer(), nullable=False),
        sa.Column('uid', sa.String(length=200), nullable=False),
        sa.Column('state', sa.String(length=20), nullable=False),
        sa.Column('title', sa.JSON(), nullable=False),
        sa.Column('kind_code', sa.String(length=40), nullable=False),
        sa.Column('kind_name', sa.JSON(), nullable=False),
        sa.Column('starts_at', sa.DateTime(), nullable=False),
        sa.Column('ends_at', sa.DateTime(), nullable=False),
        sa.Column('zone', sa.String(length=40), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('city', sa.String(length=80), nullable=False),
        sa.Column('region', sa.String(length=6), nullable=False),
        sa.Column('country', sa.String(length=2), nullable=False),
        sa.Column('latitude', sa.Double(), nullable=True),
        sa.Column('longitude', sa.Double(), nullable=True),
        sa.Column('attendance', sa.String(length=20), nullable=False),
        sa.Column('place', sa.String(length=120), nullable=False),
        sa.Column('languages', sa.String(length=120), nullable=False),
        sa.Column('urls', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['network_id'], ['partner_network.id'], name=op.f('fk_joint_workshop_network_id_partner_network'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_joint_workshop')),
        sa.UniqueConstraint('network_id', 'uid', name=op.f('uq_joint_workshop_network_id_uid')),
    )
    op.create_index(op.f('ix_joint_workshop_ends_at'), 'joint_workshop', ['ends_at'])
