"""Forms that arrived after their session had ended by time."""

import sqlalchemy as sa
from alembic import op

revision = "main_interrupted_form"
down_revision = "main_counted"


def upgrade() -> None:
    op.create_table('interrupted_form',
    sa.Column('session_digest', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('saved_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['session_digest'], ['staff_session.digest'], name=op.f('fk_interrupted_form_session_digest_staff_session'), ondelete='CASCADE', onupdate='CASCADE'),
    sa.PrimaryKeyConstraint('session_digest', name=op.f('pk_interrupted_form'))
    )
    op.create_index(op.f('ix_interrupted_form_saved_at'), 'interrupted_form', ['saved_at'])
