"""The discretion of a workshop is its own, copied from its kind."""

import sqlalchemy as sa
from alembic import op

revision = "main_ratchet"
down_revision = "main_review"


def upgrade() -> None:
    op.add_column('workshop', sa.Column('is_discreet', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute('UPDATE workshop SET is_discreet = true WHERE kind_id IN (SELECT id FROM kind WHERE is_discreet)')
