"""Reports of fraud, as counts."""

import sqlalchemy as sa
from alembic import op

revision = "main_fraud"
down_revision = "main_neutral_uid"


def upgrade() -> None:
    op.create_table('fraud_count',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('sign', sa.String(length=20), nullable=False),
    sa.Column('reports', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'sign', name=op.f('pk_fraud_count'))
    )
