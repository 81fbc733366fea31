"""The first schema of follow."""

import sqlalchemy as sa
from alembic import op

revision = "follow_first_710b8652"
down_revision = None


def upgrade() -> None:
    create_tables()


# `outreach db revision --first` writes what follows from the models.
def create_tables() -> None:
    op.create_table('follow',
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('recipient', sa.LargeBinary(length=16), nullable=False),
    sa.Column('link', sa.LargeBinary(length=16), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.String(length=20), nullable=False),
    sa.Column('workshop', sa.Integer(), nullable=True),
    sa.Column('is_confirmed', sa.Boolean(), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=False),
    sa.Column('news_since', sa.DateTime(), nullable=False),
    sa.Column('quiet_until', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follow')),
    sa.UniqueConstraint('link', name=op.f('uq_follow_link'))
    )
    op.create_index(op.f('ix_follow_expires_on'), 'follow', ['expires_on'], unique=False)
    op.create_index(op.f('ix_follow_recipient'), 'follow', ['recipient'], unique=False)
    op.create_index(op.f('ix_follow_subject'), 'follow', ['subject'], unique=False)
    op.create_table('follow_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('follow_id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('message_type', sa.String(length=20), nullable=False),
    sa.Column('news_since', sa.DateTime(), nullable=True),
    sa.Column('news_until', sa.DateTime(), nullable=True),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['follow_id'], ['follow.id'], name=op.f('fk_follow_message_follow_id_follow'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follow_message'))
    )
    op.create_index(op.f('ix_follow_message_channel_done_at_due_at'), 'follow_message', ['channel', 'done_at', 'due_at'], unique=False)
    op.create_index(op.f('ix_follow_message_follow_id'), 'follow_message', ['follow_id'], unique=False)
