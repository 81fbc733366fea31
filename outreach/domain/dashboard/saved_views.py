"""Saved views: searches of the list of workshops that a staff member keeps under a name.

What is stored is the query string of `/org/talleres`. Only its owner reads it, and what it shows is
limited by their permissions each time.
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.network.staff import StaffMember

MAX_VIEWS: Final = 20  # for each staff member; the oldest is deleted
MAX_NAME: Final = 40
MAX_QUERY: Final = 600


class SavedView(Base):
    __tablename__ = "saved_view"
    __table_args__ = (sa.UniqueConstraint("organizer_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    organizer_id: Mapped[int] = mapped_column(sa.ForeignKey("staff_member.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    query: Mapped[str] = mapped_column(sa.String(MAX_QUERY))


def list_views(session: Session, organizer_id: int) -> Sequence[SavedView]:
    """The views of a staff member, by name."""
    query = sa.select(SavedView).where(SavedView.organizer_id == organizer_id)
    return session.scalars(query.order_by(SavedView.name, SavedView.id)).all()


def save(session: Session, organizer_id: int, name: str, query: str) -> None:
    """Stores a view, in place of the one of the same name. Raises ValueError where the name is
    empty, or one of the two is too long."""
    if not name or len(name) > MAX_NAME or len(query) > MAX_QUERY:
        raise ValueError(name)
    # Locks the account: of two that save at the same time, the second sees what the first saved.
    session.execute(
        sa.select(StaffMember.id).where(StaffMember.id == organizer_id).with_for_update()
    )
    views = list_views(session, organizer_id)
    for view in views:
        if view.name == name:
            view.query = query
            return
    if len(views) >= MAX_VIEWS:
        session.delete(min(views, key=lambda each: each.id))
    session.add(SavedView(organizer_id=organizer_id, name=name, query=query))


def delete(session: Session, organizer_id: int, view_id: int) -> None:
    """Deletes a view of this staff member, where it is still there."""
    session.execute(
        sa.delete(SavedView).where(SavedView.id == view_id, SavedView.organizer_id == organizer_id)
    )
