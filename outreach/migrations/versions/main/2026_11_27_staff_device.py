"""Browsers that staff have signed in with."""

import sqlalchemy as sa
from alembic import op

revision = "main_staff_device"
down_revision = "main_ratchet"


def upgrade() -> None:
    op.create_table('staff_device',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('device', sa.String(length=60), nullable=False),
    sa.Column('first_seen_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_staff_device_organizer_id_organizer'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', 'device', name=op.f('pk_staff_device'))
    )
