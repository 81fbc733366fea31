"""Display names of staff; when and by whom an invitation was made, opened, and its sealed link."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "main_staff_names"
down_revision = "main_bulletin_mail"

_LIFETIME = timedelta(days=3)  # of the links that exist now


def upgrade() -> None:
    op.add_column('organizer', sa.Column('name', sa.String(length=60), nullable=False, server_default=''))
    # A default, since the version before may still write invitations while this one is started.
    made_at = sa.Column('made_at', sa.DateTime(), nullable=False, server_default=sa.text("'2000-01-01 00:00:00'"))
    op.add_column('invitation', made_at)
    op.add_column('invitation', sa.Column('opened_at', sa.DateTime(), nullable=True))
    op.add_column('invitation', sa.Column('sealed', sa.LargeBinary(), nullable=True))
    with op.batch_alter_table('invitation') as batch:
        batch.add_column(sa.Column('made_by_id', sa.Integer(), nullable=True))
        batch.create_foreign_key(
            op.f('fk_invitation_made_by_id_organizer'), 'organizer', ['made_by_id'], ['id'], ondelete='SET NULL'
        )
    invitation = sa.table("invitation", sa.column("digest"), sa.column("ends_at", sa.DateTime()),
                          sa.column("made_at", sa.DateTime()))
    bind = op.get_bind()
    for row in bind.execute(sa.select(invitation.c.digest, invitation.c.ends_at)).all():
        op.execute(
            invitation.update().where(invitation.c.digest == row.digest).values(made_at=row.ends_at - _LIFETIME)
        )
