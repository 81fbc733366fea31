"""The words by which staff find workshops and venues. `outreach db upgrade` writes them afterwards, some
at a time (`domain.search.staff_search`): an update of all rows at once would stop who registers."""

import sqlalchemy as sa
from alembic import op

revision = "main_search_text"
down_revision = "main_feed_copies"


def upgrade() -> None:
    for table in ('workshop', 'venue'):
        op.add_column(table, sa.Column('search_text', sa.String(length=600), nullable=False, server_default=''))
    op.create_index(
        'ix_workshop_search', 'workshop', ['office_id', 'day', 'id', 'kind_id', 'venue_id', 'search_text']
    )
