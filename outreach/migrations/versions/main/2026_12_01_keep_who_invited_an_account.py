"""Keep who invited an account."""

import sqlalchemy as sa
from alembic import op

revision = "main_keep_who_invited_an_account"
down_revision = "main_shares_that_always_hold"


def upgrade() -> None:
    op.add_column('organizer', sa.Column('invited_at', sa.DateTime(), nullable=True))
    # Not in a batch, which on SQLite replaces the table, and with it what depends on its rows.
    op.execute('ALTER TABLE organizer ADD COLUMN invited_by_id INTEGER CONSTRAINT '
               'fk_organizer_invited_by_id_organizer REFERENCES organizer (id)')
    op.create_index(op.f('ix_organizer_invited_at'), 'organizer', ['invited_at'])
    op.create_index(op.f('ix_organizer_invited_by_id'), 'organizer', ['invited_by_id'])
