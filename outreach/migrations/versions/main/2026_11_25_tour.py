"""Tours of the mobile consulate, and their stops."""

import sqlalchemy as sa
from alembic import op

revision = "main_tour"
down_revision = "main_journal_office"


def upgrade() -> None:
    op.create_table('tour',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('nonce', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_tour_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tour')),
    sa.UniqueConstraint('nonce', name=op.f('uq_tour_nonce'))
    )
    op.create_index(op.f('ix_tour_office_id'), 'tour', ['office_id'])
    op.create_table('stop',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('tour_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=False),
    sa.Column('ends', sa.Time(), nullable=False),
    sa.Column('city', sa.String(length=80), nullable=False),
    sa.Column('region', sa.String(length=3), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('venue_id', sa.Integer(), nullable=True),
    sa.Column('kinds', sa.String(length=120), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['tour_id'], ['tour.id'], name=op.f('fk_stop_tour_id_tour'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_stop_venue_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stop'))
    )
    op.create_index(op.f('ix_stop_tour_id'), 'stop', ['tour_id'])
    op.execute('ALTER TABLE workshop ADD COLUMN stop_id INTEGER CONSTRAINT fk_workshop_stop_id_stop REFERENCES stop (id)')
    op.create_index(op.f('ix_workshop_stop_id'), 'workshop', ['stop_id'])
