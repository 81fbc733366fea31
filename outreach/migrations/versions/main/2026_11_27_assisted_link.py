"""Links for assisted registration."""

import sqlalchemy as sa
from alembic import op

revision = "main_assisted_link"
down_revision = "main_staff_device"


def upgrade() -> None:
    op.create_table('assisted_link',
    sa.Column('code', sa.String(length=8), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('parties_left', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_assisted_link_workshop_id_workshop')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_assisted_link'))
    )
    op.create_index(op.f('ix_assisted_link_ends_at'), 'assisted_link', ['ends_at'])
    op.create_index(op.f('ix_assisted_link_workshop_id'), 'assisted_link', ['workshop_id'])
