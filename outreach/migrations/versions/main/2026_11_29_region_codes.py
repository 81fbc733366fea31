"""Codes of regions as ISO 3166-2 writes them, MX-JAL, beside those of two letters.

SQLite keeps no limit of text, so its tables stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "main_region_codes"
down_revision = "main_activitypub"

TABLES = ("office", "venue", "stop", "office_place", "unmet_search")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table in TABLES:
        op.alter_column(table, "region", type_=sa.String(6), existing_type=sa.String(3))
