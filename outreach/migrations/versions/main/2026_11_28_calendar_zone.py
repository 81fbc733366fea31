"""The zone in which calendars show a workshop, where programs do not know the rules of its own, and
the UID of a series.

Calendar programs take the new text of an event when its LAST-MODIFIED rises, so every workshop that
a feed may show counts as changed now.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from outreach import clock
from outreach.db.types import Instant
from outreach.domain.text import code
from outreach.zone_rules import find_last_change

revision = "main_calendar_zone"
down_revision = "main_import_memory"

IN_FEEDS = timedelta(days=100)


def upgrade() -> None:
    op.add_column('workshop', sa.Column('calendar_zone', sa.String(length=40), nullable=False, server_default='UTC'))
    op.add_column('workshop', sa.Column('is_second_hour', sa.Boolean(), nullable=False, server_default=sa.false()))
    workshop = sa.table(
        'workshop',
        sa.column('zone'),
        sa.column('calendar_zone'),
        sa.column('day', sa.Date),
        sa.column('changed_at', Instant),
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
    _add_series_uid()
    now = clock.now().replace(microsecond=0)
    op.execute(
        sa.update(workshop)
        .where(workshop.c.day >= now.date() - IN_FEEDS, workshop.c.changed_at < now)
        .values(changed_at=now)
    )


def _add_series_uid() -> None:
    op.add_column('series', sa.Column('uid', sa.String(length=20), nullable=False, server_default=''))
    series = sa.table('series', sa.column('id'), sa.column('uid'))
    for (number,) in op.get_bind().execute(sa.select(series.c.id)).all():
        op.execute(sa.update(series).where(series.c.id == number).values(uid=code(20)))
    op.create_index(op.f('ix_series_uid'), 'series', ['uid'], unique=True)
