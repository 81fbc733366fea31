"""Invitation links, which set a password: each works once, for three days."""

import secrets
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.accounts.sessions import digest
from outreach.db.base import Base
from outreach.db.store import changes_one_row

LIFETIME: Final = timedelta(days=3)


class Invitation(Base):
    __tablename__ = "invitation"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), index=True
    )
    ends_at: Mapped[datetime]


def invite(session: Session, organizer_id: int, *, now: datetime) -> str:
    """Returns the token of a new link; an earlier one stops working."""
    withdraw(session, organizer_id)
    token = secrets.token_urlsafe(32)
    session.add(Invitation(digest=digest(token), organizer_id=organizer_id, ends_at=now + LIFETIME))
    return token


def withdraw(session: Session, organizer_id: int) -> None:
    """Deletes the account's link, if there is one."""
    session.execute(sa.delete(Invitation).where(Invitation.organizer_id == organizer_id))


def staff_id_of(session: Session, token: str, *, now: datetime) -> int | None:
    """The id of the account that a link is for; None when it is used, withdrawn or expired."""
    return session.scalar(
        sa.select(Invitation.organizer_id).where(
            Invitation.digest == digest(token), Invitation.ends_at > now
        )
    )


def redeem(session: Session, token: str, *, now: datetime) -> int | None:
    """The same, and uses the link up. Of several at once one gets the id, the others None."""
    organizer_id = staff_id_of(session, token, now=now)
    is_redeemed = changes_one_row(
        session,
        sa.delete(Invitation).where(Invitation.digest == digest(token), Invitation.ends_at > now),
    )
    return organizer_id if is_redeemed else None


def ends_at(session: Session, token: str) -> datetime | None:
    """When the link expires; None for an unknown token."""
    return session.scalar(sa.select(Invitation.ends_at).where(Invitation.digest == digest(token)))


def pending(session: Session, *, now: datetime) -> dict[int, datetime]:
    """When the open links expire, by the id of the account."""
    rows = session.execute(
        sa.select(Invitation.organizer_id, Invitation.ends_at).where(Invitation.ends_at > now)
    )
    return {row[0]: row[1] for row in rows}


def purge(session: Session, *, now: datetime) -> None:
    """Deletes expired links."""
    session.execute(sa.delete(Invitation).where(Invitation.ends_at <= now))
