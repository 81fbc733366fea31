"""The tables of the roster: members with their availability, assignments and their letters."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach import clock
from outreach.db.base import Base
from outreach.db.outbox_row import OutboxRow
from outreach.db.types import Codes
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop


class RosterRole(StrEnum):
    SPEAKER = "speaker"
    INTERPRETER = "interpreter"
    VOLUNTEER = "volunteer"
    MOBILE_UNIT = "mobile_unit"


class WorkingHours(Base):
    """The hours in which a member is available on one day of the week, by the member's clock."""

    __tablename__ = "working_hours"

    member_id: Mapped[int] = mapped_column(
        sa.ForeignKey("roster_member.id", ondelete="CASCADE"), primary_key=True, init=False
    )
    weekday: Mapped[int] = mapped_column(primary_key=True)  # 0 is Monday
    starts: Mapped[time]
    ends: Mapped[time]


class RosterAbsence(Base):
    """Days on which a member is away, the last one included."""

    __tablename__ = "roster_absence"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    member_id: Mapped[int] = mapped_column(
        sa.ForeignKey("roster_member.id", ondelete="CASCADE"), index=True, init=False
    )
    first_day: Mapped[date]
    last_day: Mapped[date]


class RosterMember(Base):
    __tablename__ = "roster_member"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    # NULL: of the whole network.
    office_id: Mapped[int | None] = mapped_column(sa.ForeignKey("office.id"), index=True)
    office: Mapped[Office | None] = relationship(init=False, lazy="joined")
    role: Mapped[RosterRole]
    languages: Mapped[Codes]  # that an interpreter interprets
    is_by_phone: Mapped[bool]  # interprets by phone, for other regions too
    lang: Mapped[str] = mapped_column(sa.String(2))  # letters and the calendar are in it
    key_id: Mapped[bytes] = mapped_column(sa.LargeBinary(16), unique=True)  # in the key store
    sealed: Mapped[bytes]
    has_email: Mapped[bool]
    # SHA-256, in hex, of the token in the address of the member's own calendar feed.
    feed_hash: Mapped[str | None] = mapped_column(sa.String(64), unique=True, default=None)
    feed_made_at: Mapped[datetime | None] = mapped_column(default=None)
    retired_at: Mapped[datetime | None] = mapped_column(default=None)
    hours: Mapped[list[WorkingHours]] = relationship(
        init=False,
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="selectin",
        order_by=WorkingHours.weekday,
    )
    absences: Mapped[list[RosterAbsence]] = relationship(
        init=False,
        cascade="all, delete-orphan",
        passive_deletes=True,
        lazy="selectin",
        order_by=RosterAbsence.first_day,
    )

    @property
    def is_unit(self) -> bool:
        return self.role is RosterRole.MOBILE_UNIT

    @property
    def zone(self) -> ZoneInfo:
        """The clock of the member's hours and days."""
        return self.office.zone if self.office is not None else clock.headquarters_zone()

    @property
    def recipient_id(self) -> str:
        """The member's id for letters; the Message-ID has an HMAC of it."""
        return f"roster{self.key_id.hex()}"


class AssignmentState(StrEnum):
    ASKED = "asked"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    ASK_AGAIN = "ask_again"  # confirmed what has changed since
    RELEASED = "released"  # not needed any more


ACTIVE_STATES: Final = (
    AssignmentState.ASKED,
    AssignmentState.CONFIRMED,
    AssignmentState.ASK_AGAIN,
)


class RosterAssignment(Base):
    __tablename__ = "roster_assignment"
    __table_args__ = (sa.UniqueConstraint("workshop_id", "member_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    workshop_id: Mapped[int] = mapped_column(sa.ForeignKey("workshop.id", ondelete="CASCADE"))
    workshop: Mapped[Workshop] = relationship(init=False)
    member_id: Mapped[int] = mapped_column(
        sa.ForeignKey("roster_member.id", ondelete="CASCADE"), index=True
    )
    member: Mapped[RosterMember] = relationship(init=False, lazy="joined", innerjoin=True)
    role: Mapped[RosterRole]  # in this workshop
    state: Mapped[AssignmentState] = mapped_column(default=AssignmentState.ASKED)
    known_facts: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), default=None)
    confirmed_facts: Mapped[bytes | None] = mapped_column(sa.LargeBinary(16), default=None)
    made_at: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES


class RosterLetterType(StrEnum):
    """The reason why we write. It chooses the template."""

    ASK = "ask"  # whether they can come, or still can
    CANCELLED = "cancelled"  # the workshop
    RELEASED = "released"  # they need not come


class RosterLetter(OutboxRow, Base):
    """A letter to a member about one assignment. It stores no text and no address."""

    __tablename__ = "roster_letter"
    __table_args__ = (sa.Index(None, "done_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    assignment_id: Mapped[int] = mapped_column(
        sa.ForeignKey("roster_assignment.id", ondelete="CASCADE"), index=True
    )
    letter_type: Mapped[RosterLetterType]
    facts: Mapped[bytes] = mapped_column(sa.LargeBinary(16))  # that it tells
