"""Details of the audit log are JSON: rows that have text (format 1) get theirs beside it.

The hashes of those rows stay: they cover the text. The parser belongs to the closed format 1 and
is the verifier's, so it is imported and not copied.
"""

import sqlalchemy as sa
from alembic import op

from outreach.domain.audit.audit_log import Details
from outreach.domain.audit import audit_log, text_details

revision = "main_audit_details"
down_revision = "main_interrupted_form"

BATCH = 1000
JOURNAL = sa.table(
    "journal",
    sa.column("id", sa.Integer),
    sa.column("action", sa.String),
    sa.column("detail", sa.String),
    sa.column("details", sa.Text),
)


def upgrade() -> None:
    op.add_column("journal", sa.Column("format", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("journal", sa.Column("details", sa.Text(), nullable=False, server_default=""))
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    update = (
        sa.update(JOURNAL)
        .where(JOURNAL.c.id == sa.bindparam("row_id"))
        .values(details=sa.bindparam("new_details"))
    )
    last = 0
    while rows := connection.execute(
        sa.select(JOURNAL.c.id, JOURNAL.c.action, JOURNAL.c.detail)
        .where(JOURNAL.c.id > last)
        .order_by(JOURNAL.c.id)
        .limit(BATCH)
    ).all():
        connection.execute(
            update,
            [
                {
                    "row_id": row.id,
                    "new_details": audit_log.canonical(text_details.parse(row.action, row.detail)),
                }
                for row in rows
            ],
        )
        last = rows[-1].id
