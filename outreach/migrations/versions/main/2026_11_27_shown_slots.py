"""Which hours and accommodations of a discreet workshop the public sees as free."""

import sqlalchemy as sa
from alembic import op

revision = "main_shown_slots"
down_revision = "main_shown_seats"

_DISCREET = "(SELECT id FROM workshop WHERE is_discreet)"


def upgrade() -> None:
    for table in ('slot', 'support_left'):
        op.add_column(table, sa.Column('appears_free', sa.Boolean(), nullable=False, server_default=sa.true()))
        op.execute(f'UPDATE {table} SET appears_free = (seats_left > 0) WHERE workshop_id IN {_DISCREET}')
    shown = 'SELECT coalesce(sum(capacity), 0) FROM slot WHERE slot.workshop_id = workshop.id AND slot.appears_free'
    op.execute(f"UPDATE workshop SET shown_seats = CASE WHEN ({shown}) = 0 THEN 0 WHEN ({shown}) <= 5 THEN 5 ELSE 11 END WHERE is_discreet AND way = 'slots'")
