"""How full the public sees a discreet workshop."""

import sqlalchemy as sa
from alembic import op

revision = "main_shown_seats"
down_revision = "main_link_digests"


def upgrade() -> None:
    op.add_column('workshop', sa.Column('shown_seats', sa.Integer(), nullable=False, server_default='11'))
    op.execute('UPDATE workshop SET shown_seats = CASE WHEN seats_left = 0 THEN 0 WHEN seats_left <= 5 THEN 5 ELSE 11 END WHERE is_discreet')
