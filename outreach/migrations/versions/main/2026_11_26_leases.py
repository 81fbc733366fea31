"""Which worker does what only one may do at a time."""

import sqlalchemy as sa
from alembic import op

revision = "main_leases"
down_revision = "main_door"


def upgrade() -> None:
    op.create_table('lease',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('holder', sa.String(length=40), nullable=False),
    sa.Column('until', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_lease'))
    )
