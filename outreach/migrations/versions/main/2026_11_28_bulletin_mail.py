"""What was decided about the letters of a bulletin, when, and whether its publication was undone."""

import sqlalchemy as sa
from alembic import op

revision = "main_bulletin_mail"
down_revision = "main_staff_alerts"


def upgrade() -> None:
    op.add_column("bulletin_edition", sa.Column("mail", sa.String(length=20), nullable=True))
    op.add_column("bulletin_edition", sa.Column("mail_decided_at", sa.DateTime(), nullable=True))
    op.add_column("bulletin_edition", sa.Column("withdrawn_at", sa.DateTime(), nullable=True))
    # Until now, publishing an edition queued its letters.
    op.execute(
        "UPDATE bulletin_edition SET mail = 'queued', mail_decided_at = published_at"
        " WHERE published_at IS NOT NULL"
    )
