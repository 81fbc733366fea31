"""Keep who takes calls besides texts, and the start for which people may set out."""

import sqlalchemy as sa
from alembic import op

revision = "main_takes_calls"
down_revision = "main_keep_who_invited_an_account"


def upgrade() -> None:
    # Nobody is known to: at a discreet workshop whoever may get texts is not called from now on.
    op.add_column(
        'registration',
        sa.Column('takes_calls', sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column('workshop', sa.Column('expected_at', sa.DateTime(), nullable=True))
