"""The language in which an account reads the staff pages, its letters and its calendar."""

import sqlalchemy as sa
from alembic import op

revision = "main_staff_language"
down_revision = "main_uncleared"


def upgrade() -> None:
    op.add_column(
        "organizer", sa.Column("language", sa.String(5), nullable=False, server_default="es")
    )
    # The cached events of staff calendars are now kept by language.
    op.execute("UPDATE calendar_entry SET lang = 'ES' WHERE lang = '+'")
