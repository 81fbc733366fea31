"""The workshops whose pages anybody may find, month by month: for search engines.

Discreet and unlisted ones and drafts are not among them: having their link is a permission.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.clock import Month
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.workshops import PUBLIC_STATUSES, Workshop


class MonthPages(NamedTuple):
    """The pages of one month's workshops."""

    month: Month
    number: int
    changed_at: datetime  # the last change of any


class IndexedPage(NamedTuple):
    """The page of one workshop."""

    public_id: str
    changed_at: datetime  # when anything that it shows last changed


# A workshop without a venue has no change of it.
_CHANGES: Final = (
    Workshop.changed_at,
    Kind.changed_at,
    Office.changed_at,
    sa.func.coalesce(Venue.changed_at, Workshop.changed_at),
)
_PUBLIC: Final = (Workshop.status.in_(PUBLIC_STATUSES), Workshop.way != Way.UNLISTED)


def list_months(session: Session, since: Month, until: Month) -> list[MonthPages]:
    """The months from `since` to `until` that have pages, ascending."""
    rows = session.execute(
        _joined(Workshop.month, sa.func.count(), *(sa.func.max(each) for each in _CHANGES))
        .where(Workshop.month.between(since.number, until.number))
        .group_by(Workshop.month)
        .order_by(Workshop.month)
    )
    return [MonthPages(Month.from_number(row[0]), row[1], max(row[2:])) for row in rows]


def list_pages(session: Session, month: Month, *, skip: int, limit: int) -> Sequence[IndexedPage]:
    """The pages of a month by day and hour, from number `skip` on."""
    rows = session.execute(
        _joined(Workshop.public_id, *_CHANGES)
        .where(Workshop.month == month.number)
        .order_by(Workshop.day, Workshop.starts, Workshop.id)
        .offset(skip)
        .limit(limit)
    )
    return [IndexedPage(row[0], max(row[1:])) for row in rows]


def _joined(*columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(Workshop)
        .join(Kind, Kind.id == Workshop.kind_id)
        .join(Office, Office.id == Workshop.office_id)
        .outerjoin(Venue, Venue.id == Workshop.venue_id)
        .where(*_PUBLIC, Workshop.is_discreet.is_(False))
    )
