"""Answers by text: phones that stopped, digits that wait, replies, and what was received."""

import sqlalchemy as sa
from alembic import op

revision = "ring_text_exchange"
down_revision = "ring_follows"


def upgrade() -> None:
    op.create_table('text_stop',
    sa.Column('contact', sa.LargeBinary(length=16), nullable=False),
    sa.Column('stopped_on', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('contact', name=op.f('pk_text_stop'))
    )
    op.create_index(op.f('ix_text_stop_stopped_on'), 'text_stop', ['stopped_on'])
    op.create_table('text_challenge',
    sa.Column('contact', sa.LargeBinary(length=16), nullable=False),
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('seed', sa.LargeBinary(length=16), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('contact', name=op.f('pk_text_challenge'))
    )
    op.create_index(op.f('ix_text_challenge_ends_at'), 'text_challenge', ['ends_at'])
    op.create_index(op.f('ix_text_challenge_key_id'), 'text_challenge', ['key_id'])
    op.create_table('text_reply',
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=True),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_text_reply'))
    )
    op.create_index(op.f('ix_text_reply_due_at'), 'text_reply', ['due_at'])
    op.create_index(op.f('ix_text_reply_key_id'), 'text_reply', ['key_id'])
    op.create_table('text_received',
    sa.Column('digest', sa.LargeBinary(length=16), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_text_received'))
    )
    op.create_index(op.f('ix_text_received_received_on'), 'text_received', ['received_on'])
