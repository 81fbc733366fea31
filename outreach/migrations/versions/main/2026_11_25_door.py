"""Marks of the door, and the passes of the phones that make them without a network."""

import sqlalchemy as sa
from alembic import op

revision = "main_door"
down_revision = "main_bringing"


def upgrade() -> None:
    op.create_table('door_event',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('registration_id', sa.String(length=26), nullable=True),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('is_walk_in', sa.Boolean(), nullable=False),
    sa.Column('is_online', sa.Boolean(), nullable=False),
    sa.Column('is_undone', sa.Boolean(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_door_event_registration_id_registration'), onupdate='CASCADE', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_door_event_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'id', name=op.f('pk_door_event'))
    )
    op.create_index(op.f('ix_door_event_ends_at'), 'door_event', ['ends_at'])
    op.create_index(op.f('ix_door_event_registration_id'), 'door_event', ['registration_id'])
    op.create_table('door_pass',
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_door_pass_organizer_id_organizer'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_door_pass_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_door_pass'))
    )
    op.create_index(op.f('ix_door_pass_ends_at'), 'door_pass', ['ends_at'])
    op.create_index(op.f('ix_door_pass_organizer_id'), 'door_pass', ['organizer_id'])
    op.create_index(op.f('ix_door_pass_workshop_id'), 'door_pass', ['workshop_id'])
    op.create_table('door_row',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('ref', sa.LargeBinary(length=16), nullable=False),
    sa.Column('registration_id', sa.String(length=26), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_door_row_registration_id_registration'), onupdate='CASCADE', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_door_row_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'ref', name=op.f('pk_door_row'))
    )
    op.create_index(op.f('ix_door_row_ends_at'), 'door_row', ['ends_at'])
    op.create_index(op.f('ix_door_row_registration_id'), 'door_row', ['registration_id'])
