"""What the staff of an office were written to about. Workshops that are full already are no news."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "main_staff_alerts"
down_revision = "main_digests"


def upgrade() -> None:
    made = op.create_table('staff_alert',
        sa.Column('workshop_id', sa.Integer(), nullable=False),
        sa.Column('alert_type', sa.String(length=20), nullable=False),
        sa.Column('made_at', sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_staff_alert_workshop_id_workshop'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('workshop_id', 'alert_type', name=op.f('pk_staff_alert')),
    )
    op.create_index(op.f('ix_staff_alert_made_at'), 'staff_alert', ['made_at'])
    now = datetime.now(UTC).replace(tzinfo=None)
    workshop = sa.table(
        "workshop", sa.column("id"), sa.column("standing"), sa.column("starts_at", sa.DateTime()),
        sa.column("capacity"), sa.column("seats_left"),
    )
    full = sa.select(workshop.c.id, sa.literal("full"), sa.literal(now, sa.DateTime())).where(
        workshop.c.standing == "published", workshop.c.starts_at > now,
        workshop.c.capacity > 0, workshop.c.seats_left <= 0,
    )
    op.execute(made.insert().from_select(["workshop_id", "alert_type", "made_at"], full))
