"""A signed-in browser is a row: it can be listed, it grows old, it can be ended."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.domain.organizers import Grant, Organizer, Role

IDLE: Final = timedelta(minutes=30)
AT_MOST: Final = timedelta(hours=12)
TOUCH: Final = timedelta(minutes=1)  # a busy organizer writes once a minute, not once a request


class StaffSession(Base):
    __tablename__ = "staff_session"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), index=True
    )
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    # When the last factor asked for was given; today that is the password.
    proven_at: Mapped[datetime | None] = mapped_column(default=None)
    device: Mapped[str] = mapped_column(sa.String(60), default="")


@dataclass(frozen=True)
class Signed:
    """Who is asking, as of this request."""

    digest: str
    organizer_id: int
    email: str
    grants: dict[str, Role]
    form_token: str  # goes into every form of theirs: another site cannot know it


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def start(session: Session, organizer_id: int, *, now: datetime, device: str = "") -> str:
    """A new session; returns the token for its cookie."""
    session.execute(
        sa.update(Organizer).where(Organizer.id == organizer_id).values(signed_in_at=now)
    )
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            digest=digest(token),
            organizer_id=organizer_id,
            started_at=now,
            seen_at=now,
            proven_at=now,
            device=device,
        )
    )
    return token


def find(session: Session, token: str, *, now: datetime) -> tuple[Signed, bool] | None:
    """The session and whether it is time to touch it. Rights are read anew each time, so a role
    taken away or an account disabled counts at the next click."""
    rows = session.execute(
        sa.select(StaffSession, Organizer.email, Grant.office, Grant.role)
        .join(Organizer, Organizer.id == StaffSession.organizer_id)
        .outerjoin(Grant, Grant.organizer_id == Organizer.id)
        .where(
            StaffSession.digest == digest(token),
            StaffSession.proven_at.is_not(None),
            Organizer.disabled_at.is_(None),
            StaffSession.seen_at >= now - IDLE,
            StaffSession.started_at >= now - AT_MOST,
        )
    ).all()
    if not rows:
        return None
    mine, email = rows[0][0], rows[0][1]
    # An outer join: someone with no role yet has one row without an office.
    grants = {office: role for _, _, office, role in rows if office}
    form_token = hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()[:32]
    signed = Signed(mine.digest, mine.organizer_id, email, grants, form_token)
    return signed, now - mine.seen_at > TOUCH


def touch(session: Session, signed: Signed, *, now: datetime) -> None:
    session.execute(
        sa.update(StaffSession).where(StaffSession.digest == signed.digest).values(seen_at=now)
    )


def end(session: Session, token: str) -> None:
    session.execute(sa.delete(StaffSession).where(StaffSession.digest == digest(token)))


def end_all(session: Session, organizer_id: int) -> None:
    session.execute(sa.delete(StaffSession).where(StaffSession.organizer_id == organizer_id))


def purge(session: Session, *, now: datetime) -> None:
    """Deletes the rows of sessions that have ended by themselves."""
    session.execute(
        sa.delete(StaffSession).where(
            sa.or_(StaffSession.seen_at < now - IDLE, StaffSession.started_at < now - AT_MOST)
        )
    )
