"""The token in the address of a staff member's own calendar feed.

The address is the permission. It is shown once, when it is created; only its hash is stored. The
feed follows the account: a role that was removed counts at the phone's next request.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.accounts.sessions import digest
from outreach.db.base import Base
from outreach.domain.network.staff import (
    ALL_OFFICES,
    Permission,
    RoleAssignment,
    StaffMember,
    is_allowed,
)


class CalendarToken(Base):
    __tablename__ = "calendar_token"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)  # SHA-256, in hex
    created_at: Mapped[datetime]


@dataclass(frozen=True)
class CalendarOwner:
    """The staff member whose feed it is, and the offices in it."""

    organizer_id: int
    offices: frozenset[str] | None  # slugs; None for all of them
    language: str


def create(session: Session, organizer_id: int, *, now: datetime) -> str:
    """Returns a new token; an earlier one stops working."""
    revoke(session, organizer_id)
    token = secrets.token_urlsafe(32)
    session.add(CalendarToken(organizer_id=organizer_id, token_hash=digest(token), created_at=now))
    session.flush()
    return token


def revoke(session: Session, organizer_id: int) -> None:
    """Deletes the token, if there is one."""
    session.execute(sa.delete(CalendarToken).where(CalendarToken.organizer_id == organizer_id))


def created_at_of(session: Session, organizer_id: int) -> datetime | None:
    """Returns when the current token was created; None when there is none."""
    return session.scalar(
        sa.select(CalendarToken.created_at).where(CalendarToken.organizer_id == organizer_id)
    )


def owner_of(session: Session, token: str) -> CalendarOwner | None:
    """The owner of a token; None for an unknown token or an account that may see no workshop."""
    rows = session.execute(
        sa.select(StaffMember.id, StaffMember.language, RoleAssignment.office, RoleAssignment.role)
        .join(CalendarToken, CalendarToken.organizer_id == StaffMember.id)
        .join(RoleAssignment, RoleAssignment.organizer_id == StaffMember.id)
        .where(CalendarToken.token_hash == digest(token), StaffMember.disabled_at.is_(None))
    ).all()
    grants = {office: role for _, _, office, role in rows}
    seen = frozenset(office for office in grants if is_allowed(grants, Permission.SEE, office))
    if not seen:
        return None
    organizer_id, language = rows[0][:2]
    return CalendarOwner(organizer_id, None if ALL_OFFICES in seen else seen, language)
