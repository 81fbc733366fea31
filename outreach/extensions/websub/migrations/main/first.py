"""The first schema of websub."""

import sqlalchemy as sa
from alembic import op

revision = "websub_first_bf777cc7"
down_revision = None


def upgrade() -> None:
    create_tables()


# `outreach db revision --first` writes what follows from the models.
def create_tables() -> None:
    op.create_table('websub_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('nonce', sa.String(length=32), nullable=False),
    sa.Column('mode', sa.String(length=20), nullable=False),
    sa.Column('topic', sa.String(length=700), nullable=False),
    sa.Column('callback', sa.String(length=500), nullable=False),
    sa.Column('host', sa.String(length=253), nullable=False),
    sa.Column('sealed_secret', sa.LargeBinary(), nullable=True),
    sa.Column('lease_seconds', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_websub_request')),
    sa.UniqueConstraint('key', name=op.f('uq_websub_request_key'))
    )
    op.create_index(op.f('ix_websub_request_host'), 'websub_request', ['host'], unique=False)
    op.create_table('websub_subscription',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('topic', sa.String(length=700), nullable=False),
    sa.Column('callback', sa.String(length=500), nullable=False),
    sa.Column('host', sa.String(length=253), nullable=False),
    sa.Column('sealed_secret', sa.LargeBinary(), nullable=True),
    sa.Column('expires_at', sa.DateTime(), nullable=False),
    sa.Column('sent_digest', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_websub_subscription')),
    sa.UniqueConstraint('key', name=op.f('uq_websub_subscription_key'))
    )
    op.create_index(op.f('ix_websub_subscription_host'), 'websub_subscription', ['host'], unique=False)
    op.create_index(op.f('ix_websub_subscription_topic'), 'websub_subscription', ['topic'], unique=False)
    op.create_table('websub_topic',
    sa.Column('address', sa.String(length=700), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('looked_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('address', name=op.f('pk_websub_topic'))
    )
