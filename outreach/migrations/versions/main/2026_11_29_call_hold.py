"""Places held by the call centre while somebody is on the telephone."""

import sqlalchemy as sa
from alembic import op

revision = "main_call_hold"
down_revision = "main_voice_note"


def upgrade() -> None:
    op.create_table('call_hold',
        sa.Column('registration_id', sa.String(length=26), nullable=False),
        sa.Column('call_id', sa.String(length=16), nullable=False),
        sa.Column('organizer_id', sa.Integer(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('held_at', sa.DateTime(), nullable=False),
        sa.Column('ends_at', sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_call_hold_organizer_id_organizer'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_call_hold_registration_id_registration'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('registration_id', name=op.f('pk_call_hold')),
    )
    op.create_index(op.f('ix_call_hold_call_id'), 'call_hold', ['call_id'])
    op.create_index(op.f('ix_call_hold_organizer_id'), 'call_hold', ['organizer_id'])
