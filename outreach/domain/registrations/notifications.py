"""Notices: what we owe people to tell them, and when.

A notice holds no address and no text. Both are looked up when it is sent, so forgetting a
registration forgets everything we might have said to the person.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach.db.base import Base
from outreach.domain.registrations.models import Registration
from outreach.domain.registrations.staff_messages import Message


class NotificationType(StrEnum):
    """Why we write. The letter is chosen by it."""

    REGISTERED = "saved"
    WAITLISTED = "waiting"
    OFFER = "offer"  # a place came free and is held for them until they say yes or no
    SEAT_GRANTED = "seated"  # a place that the staff gave them
    OFFER_EXPIRED = "lapsed"  # they did not answer, and the place or the turn went on
    CHANGED = "changed"
    CANCELLED = "cancelled"
    REINSTATED = "reinstated"
    REMINDER = "reminder"
    RECONFIRM = "confirm"  # do you still come?
    APPROVED = "approved"  # they may see the address now
    LINK_RECOVERY = "link"  # they asked for their link
    MESSAGE = "message"  # what the staff wrote to all of them


class Notification(Base):
    __tablename__ = "notice"
    __table_args__ = (sa.Index(None, "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    registration_id: Mapped[str] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE"), index=True
    )
    registration: Mapped[Registration] = relationship(init=False)
    cause: Mapped[NotificationType]
    message_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("message.id"), default=None, index=True
    )
    message: Mapped[Message | None] = relationship(init=False)  # of that cause only
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    is_dead: Mapped[bool] = mapped_column(default=False)  # given up; the organizer sees it


def enqueue(
    session: Session,
    registration_id: str,
    cause: NotificationType,
    *,
    now: datetime,
    due_at: datetime | None = None,
    message_id: int | None = None,
) -> None:
    """Write down that someone is to be told, in the transaction of what they are told of."""
    session.add(
        Notification(
            registration_id=registration_id,
            cause=cause,
            message_id=message_id,
            due_at=due_at or now,
            made_at=now,
        )
    )


def reschedule_reminders(
    session: Session, registration_ids: Sequence[str], due_at: datetime
) -> None:
    """The workshop moved: who asked to be reminded is reminded of the new day."""
    session.execute(
        sa.update(Notification)
        .where(
            Notification.registration_id.in_(registration_ids),
            Notification.cause == NotificationType.REMINDER,
            Notification.done_at.is_(None),
        )
        .values(due_at=due_at)
        .execution_options(synchronize_session=False)
    )


def cancel_pending(session: Session, registration_id: str, *causes: NotificationType) -> None:
    """What was not said yet, of these causes or of any, need not be said any more."""
    pending = [Notification.registration_id == registration_id, Notification.done_at.is_(None)]
    if causes:
        pending.append(Notification.cause.in_(causes))
    session.execute(sa.delete(Notification).where(*pending))
