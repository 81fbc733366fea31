"""Notices: what we owe people to tell them, and when.

A notice holds no address and no text. Both are looked up when it is sent, so forgetting a
registration forgets everything we might have said to the person.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.db.store import took_effect

if TYPE_CHECKING:
    from outreach.domain.registrations import Registration

LEASE: Final = timedelta(minutes=5)
GIVE_UP_AFTER: Final = timedelta(days=3)


class Cause(StrEnum):
    """Why we write. The letter is chosen by it."""

    SAVED = "saved"
    WAITING = "waiting"
    SEATED = "seated"  # a place came free and is now theirs
    CHANGED = "changed"
    CANCELLED = "cancelled"
    REINSTATED = "reinstated"
    REMINDER = "reminder"


class Notice(Base):
    __tablename__ = "notice"
    __table_args__ = (sa.Index(None, "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    registration_id: Mapped[str] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    registration: Mapped["Registration"] = relationship(init=False)
    cause: Mapped[Cause]
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    is_dead: Mapped[bool] = mapped_column(default=False)  # given up; the organizer sees it


def owe(
    session: Session,
    registration_id: str,
    cause: Cause,
    *,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Write down that someone is to be told, in the transaction of what they are told of."""
    session.add(
        Notice(registration_id=registration_id, cause=cause, due_at=due_at or now, made_at=now)
    )


def drop_pending(session: Session, registration_id: str) -> None:
    """What was not said yet need not be said any more."""
    session.execute(
        sa.delete(Notice).where(Notice.registration_id == registration_id, Notice.done_at.is_(None))
    )


def due(session: Session, now: datetime, *, limit: int = 100) -> Sequence[Notice]:
    """Notices to send now, the longest overdue first."""
    return session.scalars(
        sa.select(Notice)
        .where(
            Notice.done_at.is_(None),
            Notice.due_at <= now,
            sa.or_(Notice.leased_until.is_(None), Notice.leased_until <= now),
        )
        .order_by(Notice.due_at, Notice.id)
        .limit(limit)
    ).all()


def lease(session: Session, notice: Notice, *, now: datetime) -> bool:
    """Take a notice for oneself; another worker that wants it too gets False."""
    return took_effect(
        session,
        sa.update(Notice)
        .where(
            Notice.id == notice.id,
            Notice.done_at.is_(None),
            sa.or_(Notice.leased_until.is_(None), Notice.leased_until <= now),
        )
        .values(leased_until=now + LEASE, tries=Notice.tries + 1),
    )


def mark_done(session: Session, notice_id: int, *, now: datetime) -> None:
    session.execute(
        sa.update(Notice).where(Notice.id == notice_id).values(done_at=now, leased_until=None)
    )


def mark_failed(session: Session, notice: Notice, *, now: datetime, is_final: bool) -> None:
    """Try again later, each time after a longer while; after three days, or at once if the
    refusal is final, give up and let the organizer see it."""
    if is_final or now - notice.made_at > GIVE_UP_AFTER:
        values = {"done_at": now, "is_dead": True, "leased_until": None}
    else:
        wait = min(timedelta(minutes=2) * 2**notice.tries, timedelta(hours=6))
        values = {"due_at": now + wait, "leased_until": None}
    session.execute(sa.update(Notice).where(Notice.id == notice.id).values(**values))
