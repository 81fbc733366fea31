"""Links that a person asked to be renewed."""

import sqlalchemy as sa
from alembic import op

revision = "ring_link_renewal"
down_revision = "ring_burst"


def upgrade() -> None:
    op.add_column('key', sa.Column('renewal_at', sa.DateTime(), nullable=True))
    op.add_column('key', sa.Column('renewal_form', sa.LargeBinary(length=16), nullable=True))
    is_renewed = sa.text('renewal_at IS NOT NULL')
    op.create_index(
        op.f('ix_key_renewal_at'), 'key', ['renewal_at'], sqlite_where=is_renewed, postgresql_where=is_renewed
    )
