"""An index of the rows of erased people that the purge has still to clear."""

import sqlalchemy as sa
from alembic import op

revision = "main_uncleared"
down_revision = "main_search_text"


def upgrade() -> None:
    op.create_index(
        "ix_registration_registered_at", "registration", ["registered_at"],
        sqlite_where=sa.text("key_id IS NULL AND queue_number <> 0"),
        postgresql_where=sa.text("key_id IS NULL AND queue_number <> 0"),
    )
