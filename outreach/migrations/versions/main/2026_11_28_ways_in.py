"""How one gets to a venue and into it, what its office affirms of it, and the hours of offices."""

import sqlalchemy as sa
from alembic import op

revision = "main_ways_in"
down_revision = "main_ways"


def upgrade() -> None:
    for name in ("landmark", "transit", "checkpoint"):
        op.add_column('venue', sa.Column(name, sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column('venue', sa.Column('entrance', sa.String(length=10), nullable=False, server_default=''))
    op.add_column('venue', sa.Column('affirmed_on', sa.Date(), nullable=True))
    for name in ("hours", "access"):
        op.add_column('office', sa.Column(name, sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
