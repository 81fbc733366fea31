"""A line of the journal says whose office it concerns."""

import sqlalchemy as sa
from alembic import op

revision = "main_journal_office"
down_revision = "main_bulletin"


def upgrade() -> None:
    op.add_column('journal', sa.Column('office', sa.String(length=40), nullable=False, server_default=''))
    op.create_index(op.f('ix_journal_office'), 'journal', ['office'])
    of_workshop = '(SELECT office.slug FROM workshop JOIN office ON office.id = workshop.office_id WHERE workshop.id = journal.workshop_id)'
    op.execute(f'UPDATE journal SET office = {of_workshop} WHERE workshop_id IS NOT NULL')
