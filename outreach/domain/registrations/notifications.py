"""Notifications: one row for each thing that one registration is to be told, and when.

A row holds no address and no text. Both are looked up when it is sent, so erasing a registration
erases its letters.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach import clock
from outreach.db.base import Base
from outreach.db.types import Hour
from outreach.domain.registrations.models import Registration
from outreach.domain.registrations.staff_messages import Message


class NotificationType(StrEnum):
    """Why we write. It chooses the template."""

    REGISTERED = "saved"
    WAITLISTED = "waiting"
    OFFER = "offer"  # a free seat is held for them until they answer
    SEAT_GRANTED = "seated"  # staff gave them a seat
    OFFER_EXPIRED = "lapsed"  # they did not answer the offer in time
    MOVED = "moved"  # they moved to another date themselves
    CHANGED = "changed"
    CANCELLED = "cancelled"
    REINSTATED = "reinstated"
    REMINDER = "reminder"
    RECONFIRM = "confirm"  # are you still coming?
    APPROVED = "approved"  # they may see the address
    LINK_RECOVERY = "link"  # they asked for their link
    SUMMARY = "summary"  # all registrations of the recipient, in place of several messages
    MESSAGE = "message"  # written by staff


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
    message: Mapped[Message | None] = relationship(init=False)  # only where its type is MESSAGE
    # What it says of the workshop (`workshops.facts`): one of a change from the beginning, others
    # from when they are claimed or called about (`change_notifications.SAID_FACTS`).
    facts: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), default=None)
    # The wording of a reminder in a trial (`domain/trials`); empty again once it is counted.
    trial_arm_id: Mapped[int | None] = mapped_column(default=None)
    # A text that is sent at night too (`text_hours`).
    is_urgent: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    due_at: Mapped[datetime]
    made_at: Mapped[datetime] = mapped_column(Hour)
    tries: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(Hour, default=None)
    is_dead: Mapped[bool] = mapped_column(default=False)  # given up; staff see it


def enqueue(
    session: Session,
    registration_id: str,
    cause: NotificationType,
    *,
    now: datetime,
    due_at: datetime | None = None,
    message_id: int | None = None,
) -> None:
    """Adds a notification in the transaction of its cause, due at `due_at` or at once: then its
    stored time is the hour, so that nobody learns when somebody did something (S33)."""
    session.add(
        Notification(
            registration_id=registration_id,
            cause=cause,
            message_id=message_id,
            due_at=due_at or clock.hour_of(now),
            made_at=now,
        )
    )


def reschedule_reminders(
    session: Session, registration_ids: Sequence[str], due_at: datetime
) -> None:
    """Moves pending reminders of a workshop that moved."""
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


def clear_for_move(session: Session, registration_id: str) -> None:
    """Deletes what was about the workshop that a registration leaves: letters that wait, and the
    record of what was sent. Requests for its link stay."""
    session.execute(
        sa.delete(Notification).where(
            Notification.registration_id == registration_id,
            Notification.cause.not_in((NotificationType.LINK_RECOVERY, NotificationType.SUMMARY)),
        )
    )


def withhold(session: Session, registration_id: str) -> None:
    """Takes back what was queued to confirm what somebody just did themselves, in the transaction
    that queued it: their page says it."""
    cancel_pending(session, registration_id, *_CONFIRMING)


_CONFIRMING: Final = (
    NotificationType.REGISTERED,
    NotificationType.WAITLISTED,
    NotificationType.MOVED,
)


def cancel_pending(session: Session, registration_id: str, *causes: NotificationType) -> None:
    """Deletes pending notifications, of these types or of any."""
    pending = [Notification.registration_id == registration_id, Notification.done_at.is_(None)]
    if causes:
        pending.append(Notification.cause.in_(causes))
    session.execute(sa.delete(Notification).where(*pending))
