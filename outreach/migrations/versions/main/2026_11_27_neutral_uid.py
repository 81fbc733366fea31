"""Which workshops have a neutral host in their UIDs: none that exists, since a UID never changes."""

import sqlalchemy as sa
from alembic import op

revision = "main_neutral_uid"
down_revision = "main_shown_slots"


def upgrade() -> None:
    op.add_column('workshop', sa.Column('has_neutral_uid', sa.Boolean(), nullable=False, server_default=sa.false()))
