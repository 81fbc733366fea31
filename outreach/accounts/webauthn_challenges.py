"""One-time challenges of WebAuthn and OpenID Connect: a row each, deleted when it is used."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.store import changes_one_row

LIFETIME: Final = timedelta(minutes=5)


class Challenge(Base):
    """A one-time challenge. It is valid for one purpose, which may name the session that it was
    issued to."""

    __tablename__ = "challenge"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.String(90))
    ends_at: Mapped[datetime] = mapped_column(index=True)
    kept: Mapped[str] = mapped_column(
        sa.Text, default=""
    )  # data that the caller needs when it is redeemed


def issue(
    session: Session, challenge: bytes, purpose: str, *, now: datetime, kept: str = ""
) -> None:
    """Stores a challenge, which can be redeemed once within LIFETIME."""
    purge(session, now=now)
    session.add(
        Challenge(digest=_digest(challenge), purpose=purpose, ends_at=now + LIFETIME, kept=kept)
    )


def redeem(session: Session, challenge: bytes, purpose: str, *, now: datetime) -> str | None:
    """Uses a challenge up. Returns the data stored with it; None when it is unknown, expired, used
    or issued for another purpose."""
    is_open = (
        Challenge.digest == _digest(challenge),
        Challenge.purpose == purpose,
        Challenge.ends_at > now,
    )
    kept = session.scalar(sa.select(Challenge.kept).where(*is_open))
    return kept if changes_one_row(session, sa.delete(Challenge).where(*is_open)) else None


def purge(session: Session, *, now: datetime) -> None:
    """Deletes expired challenges."""
    session.execute(sa.delete(Challenge).where(Challenge.ends_at <= now))


def _digest(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()
