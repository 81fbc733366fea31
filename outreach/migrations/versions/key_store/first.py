"""The first schema of the key store."""

import sqlalchemy as sa
from alembic import op

revision = "key_store_first_791a47ec"
down_revision = None


def upgrade() -> None:
    create_tables()



# `outreach db revision --first` writes what follows from the models.
def create_tables() -> None:
    op.create_table('audit_anchor',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('gone', sa.Integer(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_anchor'))
    )
    op.create_table('burst',
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('began_at', sa.DateTime(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('decision', sa.String(length=20), nullable=True),
    sa.Column('due_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_burst'))
    )
    op.create_index(op.f('ix_burst_day'), 'burst', ['day'], unique=False)
    op.create_table('day_key',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_day_key'))
    )
    op.create_table('index_key',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_index_key'))
    )
    op.create_table('key',
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.Column('workshop', sa.Integer(), nullable=False),
    sa.Column('forget_on', sa.Date(), nullable=False),
    sa.Column('made_on', sa.Date(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=True),
    sa.Column('contact', sa.LargeBinary(length=16), nullable=True),
    sa.Column('burst', sa.LargeBinary(length=16), nullable=True),
    sa.Column('renewal_at', sa.DateTime(), nullable=True),
    sa.Column('renewal_form', sa.LargeBinary(length=16), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_key'))
    )
    op.create_index(op.f('ix_key_burst'), 'key', ['burst'], unique=False, sqlite_where=sa.text('burst IS NOT NULL'), postgresql_where=sa.text('burst IS NOT NULL'))
    op.create_index(op.f('ix_key_contact'), 'key', ['contact'], unique=False)
    op.create_index(op.f('ix_key_forget_on'), 'key', ['forget_on'], unique=False)
    op.create_index(op.f('ix_key_renewal_at'), 'key', ['renewal_at'], unique=False, sqlite_where=sa.text('renewal_at IS NOT NULL'), postgresql_where=sa.text('renewal_at IS NOT NULL'))
    op.create_index(op.f('ix_key_workshop'), 'key', ['workshop'], unique=False)
    op.create_table('key_backup',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('path', sa.String(length=400), nullable=False),
    sa.Column('saved_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_key_backup'))
    )
    op.create_table('link_request',
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('contact', sa.LargeBinary(length=16), nullable=False),
    sa.Column('asked_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_link_request'))
    )
    op.create_index(op.f('ix_link_request_asked_at'), 'link_request', ['asked_at'], unique=False)
    op.create_index(op.f('ix_link_request_contact'), 'link_request', ['contact'], unique=False)
    op.create_table('master_generation',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('proof', sa.LargeBinary(length=16), nullable=False),
    sa.Column('since', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_master_generation'))
    )
    op.create_table('rate_counter',
    sa.Column('bucket', sa.LargeBinary(length=16), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('bucket', name=op.f('pk_rate_counter'))
    )
    op.create_index(op.f('ix_rate_counter_ends_at'), 'rate_counter', ['ends_at'], unique=False)
    op.create_table('received_text',
    sa.Column('digest', sa.LargeBinary(length=16), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_received_text'))
    )
    op.create_index(op.f('ix_received_text_received_on'), 'received_text', ['received_on'], unique=False)
    op.create_table('seat_party',
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('bucket', sa.LargeBinary(length=16), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('key_id', 'bucket', name=op.f('pk_seat_party'))
    )
    op.create_index(op.f('ix_seat_party_bucket'), 'seat_party', ['bucket'], unique=False)
    op.create_index(op.f('ix_seat_party_day'), 'seat_party', ['day'], unique=False)
    op.create_table('seat_share',
    sa.Column('bucket', sa.LargeBinary(length=16), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('burst', sa.LargeBinary(length=16), nullable=True),
    sa.PrimaryKeyConstraint('bucket', name=op.f('pk_seat_share'))
    )
    op.create_index(op.f('ix_seat_share_day'), 'seat_share', ['day'], unique=False)
    op.create_table('secret',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('generation', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_secret'))
    )
    op.create_table('text_challenge',
    sa.Column('contact', sa.LargeBinary(length=16), nullable=False),
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('seed', sa.LargeBinary(length=16), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('contact', name=op.f('pk_text_challenge'))
    )
    op.create_index(op.f('ix_text_challenge_ends_at'), 'text_challenge', ['ends_at'], unique=False)
    op.create_index(op.f('ix_text_challenge_key_id'), 'text_challenge', ['key_id'], unique=False)
    op.create_table('text_reply',
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=True),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_text_reply'))
    )
    op.create_index(op.f('ix_text_reply_due_at'), 'text_reply', ['due_at'], unique=False)
    op.create_index(op.f('ix_text_reply_key_id'), 'text_reply', ['key_id'], unique=False)
    op.create_table('text_stop',
    sa.Column('contact', sa.LargeBinary(length=16), nullable=False),
    sa.Column('recipient', sa.LargeBinary(length=16), nullable=False),
    sa.Column('stopped_on', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('contact', name=op.f('pk_text_stop'))
    )
    op.create_index(op.f('ix_text_stop_stopped_on'), 'text_stop', ['stopped_on'], unique=False)
