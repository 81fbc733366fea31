"""The bulletin, its editions, who subscribes to it, and letters that belong to no registration."""

import sqlalchemy as sa
from alembic import op

revision = "main_bulletin"
down_revision = "main_month"


def upgrade() -> None:
    op.create_table('bulletin_edition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('title', sa.JSON(), nullable=False),
    sa.Column('happened', sa.JSON(), nullable=False),
    sa.Column('ahead', sa.JSON(), nullable=False),
    sa.Column('correction', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('edited_at', sa.DateTime(), nullable=False),
    sa.Column('edited_by_id', sa.Integer(), nullable=True),
    sa.Column('published_at', sa.DateTime(), nullable=True),
    sa.Column('published_by_id', sa.Integer(), nullable=True),
    sa.Column('frozen', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['edited_by_id'], ['organizer.id'], name=op.f('fk_bulletin_edition_edited_by_id_organizer')),
    sa.ForeignKeyConstraint(['published_by_id'], ['organizer.id'], name=op.f('fk_bulletin_edition_published_by_id_organizer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulletin_edition')),
    sa.UniqueConstraint('month', 'number', name=op.f('uq_bulletin_edition_month_number'))
    )
    op.create_table('subscriber',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('token', sa.LargeBinary(length=32), nullable=False),
    sa.Column('lang', sa.String(length=2), nullable=False),
    sa.Column('asked_at', sa.DateTime(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriber')),
    sa.UniqueConstraint('key_id', name=op.f('uq_subscriber_key_id')),
    sa.UniqueConstraint('token', name=op.f('uq_subscriber_token'))
    )
    op.create_table('circular',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('topic', sa.String(length=20), nullable=False),
    sa.Column('subscriber_id', sa.String(length=26), nullable=True),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('month', sa.Integer(), nullable=True),
    sa.Column('edition', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_circular_organizer_id_organizer'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_circular_subscriber_id_subscriber'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_circular'))
    )
    op.create_index(op.f('ix_circular_done_at_due_at'), 'circular', ['done_at', 'due_at'])
    op.create_index(op.f('ix_circular_subscriber_id'), 'circular', ['subscriber_id'])
