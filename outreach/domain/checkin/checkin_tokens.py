"""What a phone at the door carries: a pass, by which it tells who came without anybody being
signed in, and the list of whom it may tell of.

A pass does nothing but add to the marks of one workshop, until the end of the day after. The list
says which party a phone means by what it calls them (`domain/bundles.py`), also when they have
given up their place meanwhile and their own token is gone.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.store import changes_one_row
from outreach.domain.checkin import checkin, checkin_events
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import (
    ALL_OFFICES,
    PERMISSIONS,
    Permission,
    RoleAssignment,
    StaffMember,
)
from outreach.domain.registrations import capacity, digest
from outreach.domain.workshops import COUNTED_STATUSES, Workshop
from outreach.errors import ErrorCode, NotFound, Refused, TooMany

MAX_MARKS: Final = 2_000  # marks by one pass
AT_DOOR: Final = [role for role, allowed in PERMISSIONS.items() if Permission.DOOR in allowed]
EVE: Final = timedelta(days=1)  # taken along the day before, where there is still a signal


class CheckinToken(Base):
    __tablename__ = "door_pass"

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)  # SHA-256
    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), index=True
    )
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), index=True
    )
    ends_at: Mapped[datetime] = mapped_column(index=True)
    used: Mapped[int] = mapped_column(default=0)  # so many marks


class CheckinTokenRow(Base):
    """One party, as the phones at a door call it."""

    __tablename__ = "door_row"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    ref: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    registration_id: Mapped[str] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE", onupdate="CASCADE"), index=True
    )
    ends_at: Mapped[datetime] = mapped_column(index=True)


def require_near_day(workshop: Workshop, *, now: datetime) -> None:
    """Raises Refused unless a phone may take this door along."""
    checkin.require_checkin_open(workshop)
    if not is_near_day(workshop, now=now):
        raise Refused(ErrorCode.MANIFEST_TOO_EARLY)


def is_near_day(workshop: Workshop, *, now: datetime) -> bool:
    """Whether there is a door, today or tomorrow."""
    if workshop.status not in COUNTED_STATUSES:
        return False
    here = now.astimezone(workshop.zone).date()
    return here >= workshop.day - EVE and now < checkin_events.checkin_ends_at(workshop)


def issue(
    session: Session,
    workshop: Workshop,
    organizer_id: int,
    parties: Mapping[bytes, str],
    *,
    now: datetime,
) -> str:
    """A pass for one phone, and what it calls each party. Raises Refused as `require_near` does."""
    capacity.lock(session, workshop)  # another phone may be taking it along
    require_near_day(workshop, now=now)
    ends_at, token = checkin_events.checkin_ends_at(workshop), secrets.token_urlsafe(32)
    session.add(
        CheckinToken(
            digest=digest(token),
            workshop_id=workshop.id,
            organizer_id=organizer_id,
            ends_at=ends_at,
        )
    )
    of_door = CheckinTokenRow.workshop_id == workshop.id
    there = set(session.scalars(sa.select(CheckinTokenRow.ref).where(of_door)))  # of other phones
    # As many statements for three hundred parties as for three: people at the desk wait meanwhile.
    session.execute(sa.update(CheckinTokenRow).where(of_door).values(ends_at=ends_at))
    session.add_all(
        CheckinTokenRow(
            workshop_id=workshop.id, ref=ref, registration_id=registration_id, ends_at=ends_at
        )
        for ref, registration_id in parties.items()
        if ref not in there
    )
    return token


def find(session: Session, token: str, public_id: str, *, now: datetime) -> CheckinToken:
    """The pass, where it is for that workshop, still good, and its owner may still stand at that
    door. Raises NotFound."""
    found = session.scalar(
        sa.select(CheckinToken)
        .join(Workshop, Workshop.id == CheckinToken.workshop_id)
        .join(Office, Office.id == Workshop.office_id)
        .join(StaffMember, StaffMember.id == CheckinToken.organizer_id)
        .join(RoleAssignment, RoleAssignment.organizer_id == StaffMember.id)
        .where(
            RoleAssignment.office.in_((Office.slug, ALL_OFFICES)),
            RoleAssignment.role.in_(AT_DOOR),
            CheckinToken.digest == digest(token),
            CheckinToken.ends_at > now,
            Workshop.public_id == public_id,
            StaffMember.disabled_at.is_(None),
        )
    )
    if found is None:
        raise NotFound("pass")
    return found


def get_registration_ids(session: Session, door_pass: CheckinToken) -> dict[bytes, str]:
    """The registration of each party, by what the phones call it."""
    rows = session.execute(
        sa.select(CheckinTokenRow.ref, CheckinTokenRow.registration_id).where(
            CheckinTokenRow.workshop_id == door_pass.workshop_id
        )
    )
    return {row[0]: row[1] for row in rows}


def count_marks(session: Session, door_pass: CheckinToken, new: int) -> None:
    """So many marks more by this pass. Raises TooMany."""
    if new and not changes_one_row(
        session,
        sa.update(CheckinToken)
        .where(CheckinToken.digest == door_pass.digest, CheckinToken.used + new <= MAX_MARKS)
        .values(used=CheckinToken.used + new),
    ):
        raise TooMany(f"{MAX_MARKS} marks")


def revoke(session: Session, organizer_id: int) -> None:
    """What this person's phones carry opens nothing any more."""
    session.execute(sa.delete(CheckinToken).where(CheckinToken.organizer_id == organizer_id))


def purge(session: Session, *, now: datetime) -> None:
    for table in (CheckinToken, CheckinTokenRow):
        session.execute(sa.delete(table).where(table.ends_at <= now))
