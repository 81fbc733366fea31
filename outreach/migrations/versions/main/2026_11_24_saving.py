"""Hours of their own, support, series, offers, the confirmation round.

Columns are added one by one, without making a table anew: on SQLite that would empty the tables
that point at it.
"""

import sqlalchemy as sa
from alembic import op

revision = "main_saving"
down_revision = "main_first"


def upgrade() -> None:
    op.create_table('series',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('is_joint', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_series_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_series')),
    sa.UniqueConstraint('office_id', 'name', name=op.f('uq_series_office_id_name'))
    )
    op.create_table('slot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('minute', sa.Integer(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('seats_left', sa.Integer(), nullable=False),
    sa.CheckConstraint('seats_left >= 0', name=op.f('ck_slot_seats_left')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_slot_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_slot')),
    sa.UniqueConstraint('workshop_id', 'minute', name=op.f('uq_slot_workshop_id_minute'))
    )
    op.create_table('support_left',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('need', sa.String(length=40), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('seats_left', sa.Integer(), nullable=False),
    sa.CheckConstraint('seats_left >= 0', name=op.f('ck_support_left_seats_left')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_support_left_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'need', name=op.f('pk_support_left'))
    )

    for table in ('kind', 'workshop'):
        op.add_column(table, sa.Column('opens_days', sa.Integer(), nullable=True))
        op.add_column(table, sa.Column('confirm_days', sa.Integer(), nullable=True))
        op.add_column(table, sa.Column('frees_silence', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute('ALTER TABLE workshop ADD COLUMN series_id INTEGER CONSTRAINT fk_workshop_series_id_series REFERENCES series (id)')
    op.execute('ALTER TABLE workshop ADD COLUMN overbooked INTEGER DEFAULT 0 NOT NULL CONSTRAINT ck_workshop_overbooked CHECK (overbooked >= 0)')
    op.add_column('workshop', sa.Column('slot_minutes', sa.Integer(), nullable=True))
    op.add_column('workshop', sa.Column('slot_places', sa.Integer(), nullable=False, server_default='1'))
    op.add_column('workshop', sa.Column('support', sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.create_index(op.f('ix_workshop_series_id'), 'workshop', ['series_id'])

    op.execute('ALTER TABLE registration ADD COLUMN slot_id INTEGER CONSTRAINT fk_registration_slot_id_slot REFERENCES slot (id)')
    op.add_column('registration', sa.Column('offered_until', sa.DateTime(), nullable=True))
    op.add_column('registration', sa.Column('lapses', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('registration', sa.Column('approved_at', sa.DateTime(), nullable=True))
    op.add_column('registration', sa.Column('joint_id', sa.String(length=26), nullable=True))
    op.add_column('registration', sa.Column('asked_at', sa.DateTime(), nullable=True))
    op.add_column('registration', sa.Column('confirmed_at', sa.DateTime(), nullable=True))
    op.add_column('registration', sa.Column('wants_entry', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column('registration', sa.Column('changes', sa.Integer(), nullable=False, server_default='0'))
    for column in ('key_id', 'offered_until', 'joint_id'):
        is_there = sa.text(f'{column} IS NOT NULL')
        op.create_index(op.f(f'ix_registration_{column}'), 'registration', [column], sqlite_where=is_there, postgresql_where=is_there)
