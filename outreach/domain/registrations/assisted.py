"""Assisted registration: a link by which many people register from one phone or network (S29).

Staff make it for a waiting room or for somebody who goes from door to door. It is for one workshop,
lasts two hours, and exempts so many parties from the share of their network. The code is no secret
that protects anything else: whoever has it can only register.
"""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.store import changes_one_row
from outreach.domain.text import code
from outreach.domain.workshops import Workshop

LASTS: Final = timedelta(hours=2)
MAX_PARTIES: Final = 200
CODE_LENGTH: Final = 8


class AssistedLink(Base):
    __tablename__ = "assisted_link"

    code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH), primary_key=True)
    workshop_id: Mapped[int] = mapped_column(sa.ForeignKey("workshop.id"), index=True)
    ends_at: Mapped[datetime] = mapped_column(index=True)
    parties_left: Mapped[int]


def make(session: Session, workshop: Workshop, parties: int, *, now: datetime) -> AssistedLink:
    """Makes a link for so many parties; it ends earlier where the workshop starts earlier."""
    link = AssistedLink(
        code=code(CODE_LENGTH),
        workshop_id=workshop.id,
        ends_at=min(now + LASTS, workshop.starts_at),
        parties_left=parties,
    )
    session.add(link)
    return link


def find(session: Session, link_code: str, *, now: datetime) -> AssistedLink | None:
    """Finds the open link with this code; None if it is empty, unknown, over or used up."""
    link = session.get(AssistedLink, link_code) if link_code else None
    is_open = link is not None and link.ends_at > now and link.parties_left > 0
    return link if is_open else None


def use(session: Session, workshop: Workshop, link_code: str, *, now: datetime) -> bool:
    """Counts a party in the transaction that registers it.

    Returns False if the link does not help: it is of another workshop, over or used up.
    """
    return bool(link_code) and changes_one_row(
        session,
        sa.update(AssistedLink)
        .where(
            AssistedLink.code == link_code,
            AssistedLink.workshop_id == workshop.id,
            AssistedLink.ends_at > now,
            AssistedLink.parties_left > 0,
        )
        .values(parties_left=AssistedLink.parties_left - 1),
    )


def purge(session: Session, *, now: datetime) -> None:
    """Deletes links that are over."""
    session.execute(sa.delete(AssistedLink).where(AssistedLink.ends_at <= now))
