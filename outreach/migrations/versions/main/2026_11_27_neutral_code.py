"""The neutral code of a kind that was discreet."""

import sqlalchemy as sa
from alembic import op

revision = "main_neutral_code"
down_revision = "main_released"


def upgrade() -> None:
    op.add_column('kind', sa.Column('neutral_code', sa.String(length=4), nullable=True))
    op.create_index(op.f('ix_kind_neutral_code'), 'kind', ['neutral_code'], unique=True)
