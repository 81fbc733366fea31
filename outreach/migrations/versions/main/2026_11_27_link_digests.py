"""Links are stored as HMACs under a key of the key store.

The plain hashes stay until the next purge replaces them (`registrations.key_links`): a migration has
no key store.
"""

import sqlalchemy as sa
from alembic import op

revision = "main_link_digests"
down_revision = "main_assisted_link"


def upgrade() -> None:
    for name in ("manage_digest", "entry_digest"):
        op.add_column("registration", sa.Column(name, sa.LargeBinary(length=32), nullable=True))
        op.create_index(op.f(f"ix_registration_{name}"), "registration", [name], unique=True)
