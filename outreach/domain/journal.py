"""The journal: what staff did, to what, and when. It never holds the name of who registered."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base


class Entry(Base):
    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime] = mapped_column(index=True)
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="SET NULL")
    )
    action: Mapped[str] = mapped_column(sa.String(40))
    workshop_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="SET NULL"), default=None
    )
    office: Mapped[str] = mapped_column(sa.String(40), default="", index=True)  # slug; empty: all
    detail: Mapped[str] = mapped_column(sa.String(200), default="")


def note(
    session: Session,
    organizer_id: int | None,
    action: str,
    *,
    now: datetime,
    workshop_id: int | None = None,
    office: str = "",
    detail: str = "",
) -> None:
    """One line more: `action` in a few English words, `office` the slug of whose it is, `detail`
    ids and numbers. In the same transaction as what was done."""
    session.add(
        Entry(
            at=now,
            organizer_id=organizer_id,
            action=action,
            workshop_id=workshop_id,
            office=office,
            detail=detail,
        )
    )
