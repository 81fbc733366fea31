"""The zone in which calendars show a workshop, where programs do not know the rules of its own."""

from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from outreach import clock
from outreach.zone_rules import find_last_change

revision = "main_calendar_zone"
down_revision = "main_import_memory"


def upgrade() -> None:
    op.add_column('workshop', sa.Column('calendar_zone', sa.String(length=40), nullable=False, server_default='UTC'))
    op.add_column('workshop', sa.Column('is_second_hour', sa.Boolean(), nullable=False, server_default=sa.false()))
    workshop = sa.table(
        'workshop', sa.column('zone'), sa.column('calendar_zone'), sa.column('day', sa.Date)
    )
    op.execute(sa.update(workshop).values(calendar_zone=workshop.c.zone))
    connection = op.get_bind()
    # Those in an hour that clocks show twice follow with `outreach retime`.
    for (name,) in connection.execute(sa.select(workshop.c.zone).distinct()).all():
        last = find_last_change(ZoneInfo(name)) if clock.is_zone(name) else None
        if last is not None:
            op.execute(
                sa.update(workshop)
                .where(workshop.c.zone == name, workshop.c.day > last.day)
                .values(calendar_zone=last.substitute.key)
            )
