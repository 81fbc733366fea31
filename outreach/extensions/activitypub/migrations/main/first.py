"""The first schema of activitypub."""

import sqlalchemy as sa
from alembic import op

revision = "activitypub_first_592bd61d"
down_revision = None


def upgrade() -> None:
    create_tables()


# `outreach db revision --first` writes what follows from the models.
def create_tables() -> None:
    op.create_table('activitypub_delivery',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('nonce', sa.String(length=32), nullable=False),
    sa.Column('activity', sa.String(length=20), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('subject', sa.String(length=500), nullable=False),
    sa.Column('follow_id', sa.String(length=500), nullable=False),
    sa.Column('inbox', sa.String(length=500), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_activitypub_delivery_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activitypub_delivery')),
    sa.UniqueConstraint('key', name=op.f('uq_activitypub_delivery_key'))
    )
    op.create_table('activitypub_event',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=26), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('event_changed_at', sa.DateTime(), nullable=False),
    sa.Column('pushed_at', sa.DateTime(), nullable=False),
    sa.Column('updated_at', sa.DateTime(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_activitypub_event_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activitypub_event')),
    sa.UniqueConstraint('uid', name=op.f('uq_activitypub_event_uid'))
    )
    op.create_index(op.f('ix_activitypub_event_office_id'), 'activitypub_event', ['office_id'], unique=False)
    op.create_table('activitypub_follower',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('actor', sa.String(length=500), nullable=False),
    sa.Column('inbox', sa.String(length=500), nullable=False),
    sa.Column('shared_inbox', sa.String(length=500), nullable=False),
    sa.Column('host', sa.String(length=253), nullable=False),
    sa.Column('gone_since', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_activitypub_follower_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activitypub_follower')),
    sa.UniqueConstraint('office_id', 'actor', name=op.f('uq_activitypub_follower_office_id_actor'))
    )
    op.create_index(op.f('ix_activitypub_follower_actor'), 'activitypub_follower', ['actor'], unique=False)
    op.create_index(op.f('ix_activitypub_follower_host'), 'activitypub_follower', ['host'], unique=False)
    op.create_table('activitypub_key',
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('public_key', sa.Text(), nullable=False),
    sa.Column('sealed_key', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_activitypub_key_office_id_office')),
    sa.PrimaryKeyConstraint('office_id', name=op.f('pk_activitypub_key'))
    )
