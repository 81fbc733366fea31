"""Shares count nothing but seats, staff confirm or release a burst, and there is no brake."""

import sqlalchemy as sa
from alembic import op

revision = "ring_shares_that_always_hold"
down_revision = "ring_text_exchange"


def upgrade() -> None:
    for table in ('save_rate', 'save_brake', 'save_hour'):
        op.drop_table(table)
    op.drop_index(op.f('ix_burst_workshop'), 'burst')
    op.drop_column('burst', 'workshop')
    op.add_column('burst', sa.Column('decision', sa.String(length=20), nullable=True))
    op.execute("UPDATE burst SET decision = 'release' WHERE release_at IS NOT NULL")
    op.execute('ALTER TABLE burst RENAME COLUMN release_at TO due_at')
    op.drop_index(op.f('ix_seat_share_workshop'), 'seat_share')
    for column in ('workshop', 'is_widest', 'is_over', 'minute_from', 'minute_seats'):
        op.drop_column('seat_share', column)
