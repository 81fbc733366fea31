"""Notifications: one row for each thing that one registration is to be told, and when.

A row holds no address and no text. Both are looked up when it is sent, so erasing a registration
erases its letters.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from outreach import clock
from outreach.db.base import Base
from outreach.db.outbox_row import OUTBOX_ORDER, OutboxRow
from outreach.db.types import Hour
from outreach.domain.registrations import message_types
from outreach.domain.registrations.message_types import NotificationType, WorkshopState
from outreach.domain.registrations.models import Registration
from outreach.domain.registrations.staff_messages import Message

__all__ = [
    "Notification",
    "NotificationType",
    "cancel_pending",
    "clear_for_move",
    "enqueue",
    "reschedule",
    "withhold",
]


class Notification(OutboxRow, Base):
    __tablename__ = "notification"
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
    # A text that is sent at night too (`text_hours`).
    is_urgent: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    made_at: Mapped[datetime] = mapped_column(Hour, sort_order=OUTBOX_ORDER + 1)
    due_at: Mapped[datetime] = mapped_column(sort_order=OUTBOX_ORDER)
    done_at: Mapped[datetime | None] = mapped_column(
        Hour, default=None, sort_order=OUTBOX_ORDER + 4
    )


def enqueue(
    session: Session,
    registration_id: str,
    cause: NotificationType,
    *,
    now: datetime,
    due_at: datetime | None = None,
    message_id: int | None = None,
) -> None:
    """Adds a notification in the transaction of its cause, due at `due_at` or at once.

    If it is due at once, its stored time is the hour, so that nobody learns when somebody
    did something (S33).
    """
    session.add(
        Notification(
            registration_id=registration_id,
            cause=cause,
            message_id=message_id,
            due_at=due_at or clock.hour_of(now),
            made_at=now,
        )
    )


def reschedule(
    session: Session,
    cause: NotificationType,
    registration_ids: Sequence[str],
    due_at: datetime,
) -> None:
    """Moves the pending notifications of a type, because their workshop was moved."""
    session.execute(
        sa.update(Notification)
        .where(
            Notification.registration_id.in_(registration_ids),
            Notification.cause == cause,
            Notification.done_at.is_(None),
        )
        .values(due_at=due_at)
        .execution_options(synchronize_session=False)
    )


def clear_for_move(session: Session, registration_id: str) -> None:
    """Deletes what is about the workshop that a registration leaves.

    That is the letters that wait, and the record of what was sent. Requests for its link stay.
    """
    session.execute(
        sa.delete(Notification).where(
            Notification.registration_id == registration_id,
            Notification.cause.not_in(_OF_PERSON),
        )
    )


def withhold(session: Session, registration_id: str) -> None:
    """Deletes the queued confirmation of what somebody just did themselves: their page says it.

    It is called in the transaction that queued it.
    """
    cancel_pending(session, registration_id, *_RECEIPTS)


_RECEIPTS: Final = message_types.select_types(lambda each: each.is_receipt)
_OF_PERSON: Final = message_types.select_types(
    lambda each: each.workshop_state is WorkshopState.ANY
)


def cancel_pending(session: Session, registration_id: str, *causes: NotificationType) -> None:
    """Deletes pending notifications, of these types or of any."""
    pending = [Notification.registration_id == registration_id, Notification.done_at.is_(None)]
    if causes:
        pending.append(Notification.cause.in_(causes))
    session.execute(sa.delete(Notification).where(*pending))
