"""The moment at which a key was created, kept for an hour."""

import sqlalchemy as sa
from alembic import op

revision = "ring_made_at"
down_revision = "ring_save_rates"


def upgrade() -> None:
    op.add_column('key', sa.Column('made_at', sa.DateTime(), nullable=True))
