"""Messages of staff to the people of a workshop: a ready text and, unless discreet, a paragraph.

A message holds no name and no address: notifications point to it, so erasing a person erases what
was to be said to them. `domain/outbox/messaging.py` sends them.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.db.base import Base, Words


class MessageTemplate(StrEnum):
    """What happened according to staff. It chooses the text of the letter."""

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
    paragraph: Mapped[Words]  # in the languages in which it was written; a discreet kind has none
    nonce: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)  # digest of the form's
    organizer_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="SET NULL")
    )
    made_at: Mapped[datetime]

    @property
    def is_of_cancelled(self) -> bool:
        """Whether the message may be sent only about a cancelled workshop; the others never are."""
        return self.template is MessageTemplate.CANCELLED
