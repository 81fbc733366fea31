"""Check-in codes are encrypted with the person's key, and found by an HMAC.

The plain codes stay until `outreach db upgrade` has encrypted them
(`registrations/plain_values.py`): a migration has no key store.
"""

import sqlalchemy as sa
from alembic import op

revision = "main_sealed_details"
down_revision = "main_office_place"


def upgrade() -> None:
    op.add_column('registration', sa.Column('sealed_details', sa.LargeBinary(), nullable=True))
    op.add_column('registration', sa.Column('code_digest', sa.LargeBinary(length=32), nullable=True))
    op.create_index(op.f('ix_registration_code_digest'), 'registration', ['code_digest'], unique=True)
