"""Slips in a typed attendance: a number ten times, or a tenth, of what is likely is asked about."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.workshops import Workshop, WorkshopStatus

FACTOR: Final = 10
WITHIN: Final = timedelta(days=365)  # what the office usually has


def find_likely(session: Session, workshop: Workshop, people: int, marked: int) -> int | None:
    """Returns the number that was probably meant, where ten times it or a tenth of it was typed.

    None where the typed number is likely.

    `marked` people were counted at the door. Nobody may have counted there, so without a mark the
    number is compared with the seats, and with what the office had of this kind within a year.
    """
    if marked:
        is_beyond = people >= FACTOR * marked and people > workshop.capacity
        return marked if is_beyond or people * FACTOR <= marked else None
    least, most = _read_usual(session, workshop)
    limit = max(most, workshop.capacity)
    if limit and people >= FACTOR * limit:
        return limit
    return least if least and people * FACTOR <= least else None


def _read_usual(session: Session, workshop: Workshop) -> tuple[int, int]:
    """Returns the smallest and the largest attendance of this office and kind in the year before.

    Both are zero where there is none.
    """
    since: datetime = workshop.starts_at - WITHIN
    least, most = session.execute(
        sa.select(sa.func.min(Workshop.head_count), sa.func.max(Workshop.head_count)).where(
            Workshop.office_id == workshop.office_id,
            Workshop.kind_id == workshop.kind_id,
            Workshop.id != workshop.id,
            Workshop.status == WorkshopStatus.HELD,
            Workshop.starts_at >= since,
            Workshop.starts_at < workshop.starts_at,
        )
    ).one()
    return least or 0, most or 0
