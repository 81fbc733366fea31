"""Who follows workshops, and the messages to them: both in the key store's database (S40)."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, dataclass_transform

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from outreach.db.base import NAMES, TYPES
from outreach.db.outbox_row import OUTBOX_ORDER, OutboxRow
from outreach.db.types import Hour


@dataclass_transform(kw_only_default=True, field_specifiers=(mapped_column,))
class FollowBase(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    metadata: ClassVar[sa.MetaData] = sa.MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = TYPES


class FollowChannel(StrEnum):
    """How somebody who follows is notified."""

    LETTER = "letter"
    TEXT = "text"
    PUSH = "push"


class FollowSubject(StrEnum):
    """What somebody who follows is notified of."""

    AREA = "area"  # new workshops near a place
    OPENING = "opening"  # registration for one workshop opens
    SEAT = "seat"  # a full workshop has a seat again


class FollowMessageType(StrEnum):
    """Why we write to somebody who follows. It chooses the template."""

    CONFIRM = "confirm"
    NEWS = "news"
    OPENING = "opening"
    SEAT = "seat"
    ENDING = "ending"  # it ends soon, unless renewed


class Follow(FollowBase):
    """Somebody who follows workshops (S40). The address, the language and what they chose are
    encrypted with a master key, as keys are; nothing of it is in the main database."""

    __tablename__ = "follow"

    id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    sealed: Mapped[bytes]
    generation: Mapped[int]
    # HMAC of the e-mail, phone or endpoint, for this table only: it matches no key of a
    # registration.
    recipient: Mapped[bytes] = mapped_column(sa.LargeBinary(16), index=True)
    link: Mapped[bytes] = mapped_column(sa.LargeBinary(16), unique=True)  # HMAC of its token
    channel: Mapped[FollowChannel]
    subject: Mapped[FollowSubject] = mapped_column(index=True)
    workshop: Mapped[int | None] = mapped_column(default=None)  # only for OPENING and SEAT
    is_confirmed: Mapped[bool] = mapped_column(default=False)
    expires_on: Mapped[date] = mapped_column(index=True)
    # Later publications have not been announced. No moment is stored, only its hour (S33).
    news_since: Mapped[datetime] = mapped_column(Hour)
    quiet_until: Mapped[datetime | None] = mapped_column(Hour, default=None)


class FollowMessage(OutboxRow, FollowBase):
    """A message to somebody who follows: no address and no text, which are made when it is sent.
    It is deleted with its `Follow`."""

    __tablename__ = "follow_message"
    __table_args__ = (sa.Index(None, "channel", "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    follow_id: Mapped[bytes] = mapped_column(
        sa.LargeBinary(16), sa.ForeignKey("follow.id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[FollowChannel]
    message_type: Mapped[FollowMessageType]
    # For NEWS: it says which workshops were published after the first instant, up to the second.
    news_since: Mapped[datetime | None] = mapped_column(Hour, default=None)
    news_until: Mapped[datetime | None] = mapped_column(Hour, default=None)
    made_at: Mapped[datetime] = mapped_column(Hour, sort_order=OUTBOX_ORDER)
    done_at: Mapped[datetime | None] = mapped_column(
        Hour, default=None, sort_order=OUTBOX_ORDER + 4
    )
