"""People whose wish to read an address was declined."""

import sqlalchemy as sa
from alembic import op

revision = "main_declined"
down_revision = "main_own_room"


def upgrade() -> None:
    op.add_column('registration', sa.Column('is_declined', sa.Boolean(), nullable=False, server_default=sa.false()))
