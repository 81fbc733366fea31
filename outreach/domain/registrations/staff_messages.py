"""Messages: what the staff tell the people of a workshop, in words that are ready and, where the
kind is not a discreet one, with a paragraph of their own. `messaging` sends them.

A message knows no name and no address. Whom it goes to are notices that point to it, so forgetting
somebody forgets what we might have said to them.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.db.base import Base, Words


class MessageTemplate(StrEnum):
    """What happened. The words of the letter are chosen by it."""

    REMINDER = "reminder"
    PLACE = "place"
    HOUR = "hour"
    BRING = "bring"
    CANCELLED = "cancelled"


class Audience(StrEnum):
    ALL = "all"
    CONFIRMED = "seated"
    WAITLISTED = "waiting"


class Message(Base):
    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    workshop_id: Mapped[int] = mapped_column(sa.ForeignKey("workshop.id"), index=True)
    template: Mapped[MessageTemplate]
    audience: Mapped[Audience]
    paragraph: Mapped[Words]  # in the languages it was written in; never of a discreet kind
    nonce: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)  # SHA-256 of the form's
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="SET NULL")
    )
    made_at: Mapped[datetime]

    @property
    def is_of_cancelled(self) -> bool:
        """Whether it is true only while the workshop is off; the others, only while it is on."""
        return self.template is MessageTemplate.CANCELLED
