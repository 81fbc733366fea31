"""What we ask once and take back once: a row, deleted by its use."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.store import took_effect

LASTS: Final = timedelta(minutes=5)


class Challenge(Base):
    """Made for one purpose: one that was given to a session serves only that session."""

    __tablename__ = "challenge"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(sa.String(90))
    ends_at: Mapped[datetime] = mapped_column(index=True)
    kept: Mapped[str] = mapped_column(sa.Text, default="")  # what its use will want to know


def give(
    session: Session, challenge: bytes, purpose: str, *, now: datetime, kept: str = ""
) -> None:
    """From now on it can be taken back."""
    purge(session, now=now)
    session.add(
        Challenge(digest=_digest(challenge), purpose=purpose, ends_at=now + LASTS, kept=kept)
    )


def take_back(session: Session, challenge: bytes, purpose: str, *, now: datetime) -> str | None:
    """What was kept with it; None when it was not ours, has grown old or was taken before."""
    mine = (
        Challenge.digest == _digest(challenge),
        Challenge.purpose == purpose,
        Challenge.ends_at > now,
    )
    kept = session.scalar(sa.select(Challenge.kept).where(*mine))
    return kept if took_effect(session, sa.delete(Challenge).where(*mine)) else None


def purge(session: Session, *, now: datetime) -> None:
    """Deletes those nobody answered."""
    session.execute(sa.delete(Challenge).where(Challenge.ends_at <= now))


def _digest(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()
