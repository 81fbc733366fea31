"""What the worker does: it writes down how many lines there are."""

from datetime import datetime

import sqlalchemy as sa

from outreach.maintenance.steps import StepContext
from outreach_example.tables import Count, Line


def count(context: StepContext, _now: datetime) -> int:
    with context.store.change() as session:
        lines = session.scalar(sa.select(sa.func.count()).select_from(Line)) or 0
        session.merge(Count(id=1, lines=lines))
    return 0
