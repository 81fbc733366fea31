"""Copies of feeds are kept in memory: their table goes. Nothing in it is lost."""

from alembic import op

revision = "main_feed_copies"
down_revision = "main_saved_views"


def upgrade() -> None:
    op.drop_table('calendar_copy', if_exists=True)
