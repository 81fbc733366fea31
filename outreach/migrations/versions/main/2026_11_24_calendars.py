"""Calendars made once and shared: what counts their changes, entries, whole feeds; and the
organizers' own addresses."""

import sqlalchemy as sa
from alembic import op

revision = "main_calendars"
down_revision = "main_saving"


def upgrade() -> None:
    op.create_table('ctag',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_ctag'))
    )
    op.execute("INSERT INTO ctag (name, number, changed_at) SELECT slug, 1, CURRENT_TIMESTAMP FROM office")
    op.execute("INSERT INTO ctag (name, number, changed_at) VALUES ('red', 1, CURRENT_TIMESTAMP)")
    op.create_table('calendar_entry',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('lang', sa.String(length=2), nullable=False),
    sa.Column('is_short', sa.Boolean(), nullable=False),
    sa.Column('made_with', sa.String(length=16), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_calendar_entry_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'lang', 'is_short', name=op.f('pk_calendar_entry'))
    )
    op.create_table('calendar_copy',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('etag', sa.String(length=64), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_calendar_copy'))
    )
    op.create_index(op.f('ix_calendar_copy_made_at_size'), 'calendar_copy', ['made_at', 'size'])
    op.create_table('organizer_feed',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_organizer_feed_organizer_id_organizer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', name=op.f('pk_organizer_feed')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_organizer_feed_token_hash'))
    )


def downgrade() -> None:
    for table in ('organizer_feed', 'calendar_copy', 'calendar_entry', 'ctag'):
        op.drop_table(table)
