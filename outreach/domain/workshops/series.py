"""Series: workshops of one office that belong together, such as the four Saturdays of a course.

With `is_joint`, a person can register for all dates at once (a group registration).
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.network.offices import Office
from outreach.domain.text import code
from outreach.errors import NotFound


class WorkshopSeries(Base):
    __tablename__ = "workshop_series"
    __table_args__ = (sa.UniqueConstraint("office_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    # In calendars: what its dates are related to.
    uid: Mapped[str] = mapped_column(
        sa.String(20),
        unique=True,
        index=True,
        init=False,
        server_default="",
        default_factory=lambda: code(20),
    )
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(sa.String(120))  # the public never sees it
    is_joint: Mapped[bool] = mapped_column(default=False)


def find(session: Session, office: Office, series_id: int) -> WorkshopSeries:
    """Finds a series of this office. Raises NotFound."""
    series = session.get(WorkshopSeries, series_id)
    if series is None or series.office_id != office.id:
        raise NotFound("series")
    return series


def list_series(session: Session, office: Office) -> Sequence[WorkshopSeries]:
    return session.scalars(_OF_OFFICE, {"office": office.id}).all()


_OF_OFFICE: Final = (
    sa.select(WorkshopSeries)
    .where(WorkshopSeries.office_id == sa.bindparam("office"))
    .order_by(WorkshopSeries.name)
)


def find_or_create(
    session: Session, office: Office, name: str, *, is_joint: bool
) -> WorkshopSeries:
    """Finds the office's series of that name, or creates it, and sets `is_joint` on it."""
    query = sa.select(WorkshopSeries).where(
        WorkshopSeries.office_id == office.id, WorkshopSeries.name == name
    )
    series = session.scalar(query)
    if series is None:
        series = WorkshopSeries(office_id=office.id, name=name, is_joint=is_joint)
        try:
            with session.begin_nested():
                session.add(series)
        except sa.exc.IntegrityError:  # a concurrent request was first
            series = session.scalars(query).one()
    series.is_joint = is_joint
    return series
