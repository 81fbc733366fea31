"""Keep the changes of the public list."""

import sqlalchemy as sa
from alembic import op

revision = "main_keep_the_changes_of_the_pub"
down_revision = "main_keep_addresses_of_calendars"


def upgrade() -> None:
    op.create_table(
        "public_change",
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("public_id", name="pk_public_change"),
    )
    # What has left the list before is not known, and nobody has followed it.
    op.execute(
        "INSERT INTO public_change (public_id, changed_at, is_withdrawn) "
        "SELECT public_id, changed_at, false FROM workshop "
        "WHERE standing <> 'draft' AND way <> 'unlisted' AND NOT is_discreet"
    )
    op.create_index(
        "ix_public_change_changed_at_public_id", "public_change", ["changed_at", "public_id"]
    )
