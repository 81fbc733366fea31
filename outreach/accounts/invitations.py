"""A link that lets someone in for the first time, or back in: works once, for three days."""

import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.accounts.sessions import digest
from outreach.db.base import Base
from outreach.db.store import took_effect

LASTS: Final = timedelta(days=3)


class Invitation(Base):
    __tablename__ = "invitation"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), index=True
    )
    ends_at: Mapped[datetime]


def invite(session: Session, organizer_id: int, *, now: datetime) -> str:
    """A new link's token; an earlier one stops working."""
    withdraw(session, organizer_id)
    token = secrets.token_urlsafe(32)
    session.add(Invitation(digest=digest(token), organizer_id=organizer_id, ends_at=now + LASTS))
    return token


def withdraw(session: Session, organizer_id: int) -> None:
    """A link that is out stops working."""
    session.execute(sa.delete(Invitation).where(Invitation.organizer_id == organizer_id))


def whose(session: Session, token: str, *, now: datetime) -> int | None:
    """The organizer a link is for; None when it does not work any more."""
    return session.scalar(
        sa.select(Invitation.organizer_id).where(
            Invitation.digest == digest(token), Invitation.ends_at > now
        )
    )


def use(session: Session, token: str, *, now: datetime) -> int | None:
    """The same, and from now on it does not work any more."""
    who = whose(session, token, now=now)
    gone = took_effect(
        session,
        sa.delete(Invitation).where(Invitation.digest == digest(token), Invitation.ends_at > now),
    )
    return who if gone else None


def ends_at(session: Session, token: str) -> datetime | None:
    """Until when a link works."""
    return session.scalar(sa.select(Invitation.ends_at).where(Invitation.digest == digest(token)))


def waiting(session: Session, *, now: datetime) -> dict[int, datetime]:
    """Until when the links that are out work, by the account."""
    rows = session.execute(
        sa.select(Invitation.organizer_id, Invitation.ends_at).where(Invitation.ends_at > now)
    )
    return {row[0]: row[1] for row in rows}


def purge(session: Session, *, now: datetime) -> None:
    """Deletes the rows of links that have grown old."""
    session.execute(sa.delete(Invitation).where(Invitation.ends_at <= now))
