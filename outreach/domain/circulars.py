"""Letters that belong to no registration: the bulletin to its subscribers, reminders to staff."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.db.base import Base


class Topic(StrEnum):
    """Why we write. The letter is chosen by it."""

    CONFIRM = "confirm"  # was it you who subscribed?
    BULLETIN = "bulletin"
    REPORT = "report"  # to staff: your office's month is not complete


class Circular(Base):
    __tablename__ = "circular"
    __table_args__ = (sa.Index(None, "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    topic: Mapped[Topic]
    subscriber_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("subscriber.id", ondelete="CASCADE"), index=True, default=None
    )
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), default=None
    )
    month: Mapped[int | None] = mapped_column(default=None)  # 202001
    edition: Mapped[int | None] = mapped_column(default=None)
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    is_dead: Mapped[bool] = mapped_column(default=False)  # given up
