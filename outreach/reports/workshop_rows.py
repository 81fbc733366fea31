"""The workshops of a range of months, one row each. Staff only: head counts can identify people."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.db.base import Words
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.reports import workshop_counts

BATCH_SIZE = 1_000  # rows fetched at a time


class WorkshopRow(NamedTuple):
    """One workshop."""

    day: date
    starts: time
    office: str
    city: str
    region: str
    kind: str
    kind_name: Words
    mode: DeliveryMode
    languages: tuple[str, ...]
    status: WorkshopStatus
    counts: bool  # it is counted as held
    head_count: int | None
    public_id: str


def count_rows(session: Session, first: Month, last: Month) -> int:
    return session.scalars(sa.select(sa.func.count()).where(*_conditions(first, last))).one()


def read_rows(
    session: Session, first: Month, last: Month, *, now: datetime
) -> Iterator[WorkshopRow]:
    """Yields all workshops except drafts, by day and time, fetched in batches."""
    counts = sa.and_(workshop_counts.IS_COUNTED, workshop_counts.is_held(now))
    rows = session.execute(
        sa.select(
            Workshop.day,
            Workshop.starts,
            Office.slug,
            Office.city,
            Office.region,
            Kind.code,
            Kind.name,
            Workshop.mode,
            Workshop.languages,
            Workshop.status,
            sa.case((counts, 1), else_=0),
            Workshop.head_count,
            Workshop.public_id,
        )
        .join(Office, Office.id == Workshop.office_id)
        .join(Kind, Kind.id == Workshop.kind_id)
        .where(*_conditions(first, last))
        .order_by(Workshop.day, Workshop.starts, Workshop.id),
        execution_options={"yield_per": BATCH_SIZE},
    )
    for *columns, is_counted, head_count, public_id in rows:
        yield WorkshopRow._make((*columns, bool(is_counted), head_count, public_id))


def _conditions(first: Month, last: Month) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Workshop.day.between(first.first, last.last),
        Workshop.status != WorkshopStatus.DRAFT,
    )
