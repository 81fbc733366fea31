"""Which letters staff want, and the digests that were made."""

import sqlalchemy as sa
from alembic import op

revision = "main_digests"
down_revision = "main_calendar_zone"


def upgrade() -> None:
    op.create_table('staff_mail_choice',
        sa.Column('organizer_id', sa.Integer(), nullable=False),
        sa.Column('digest_hour', sa.Integer(), nullable=False),
        sa.Column('unwanted', sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_staff_mail_choice_organizer_id_organizer'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('organizer_id', name=op.f('pk_staff_mail_choice')),
    )
    op.create_table('staff_digest',
        sa.Column('organizer_id', sa.Integer(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('made_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(['organizer_id'], ['organizer.id'], name=op.f('fk_staff_digest_organizer_id_organizer'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('organizer_id', 'day', name=op.f('pk_staff_digest')),
    )
    op.create_index(op.f('ix_staff_digest_made_at'), 'staff_digest', ['made_at'])
