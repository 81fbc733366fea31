"""Check-in tokens: what a phone at the door carries instead of a session.

A token can only add check-in events of one workshop, until the end of the following day. The rows
map the references of the offline manifest to registrations, also where a party has cancelled
meanwhile and its own token is gone.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach import keystore
from outreach.db.base import Base
from outreach.db.store import change_rows, changes_one_row
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
from outreach.errors import ErrorCode, NotFound, Refusal, TooMany
from outreach.keystore import KeyStore

MAX_MARKS: Final = 2_000  # check-in events by one token
CHECKIN_ROLES: Final = [role for role, allowed in PERMISSIONS.items() if Permission.DOOR in allowed]


class CheckinToken(Base):
    __tablename__ = "checkin_token"

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)  # SHA-256
    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), index=True
    )
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), index=True
    )
    ends_at: Mapped[datetime] = mapped_column(index=True)
    used: Mapped[int] = mapped_column(default=0)  # how many events


class CheckinTokenRow(Base):
    """One party of an offline manifest, found by its reference."""

    __tablename__ = "checkin_token_row"

    workshop_id: Mapped[int] = mapped_column(
        sa.ForeignKey("workshop.id", ondelete="CASCADE"), primary_key=True
    )
    # HMAC of the reference (`digest_reference`), which is a hash of what is on a person's phone.
    ref: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    registration_id: Mapped[str] = mapped_column(
        sa.ForeignKey("registration.id", ondelete="CASCADE", onupdate="CASCADE"), index=True
    )
    ends_at: Mapped[datetime] = mapped_column(index=True)


def require_near_day(workshop: Workshop, *, now: datetime) -> None:
    """Raises Refusal unless a phone may fetch the offline manifest now."""
    checkin.require_checkin_open(workshop)
    if not is_near_day(workshop, now=now):
        raise Refusal(ErrorCode.MANIFEST_TOO_EARLY)


def is_near_day(workshop: Workshop, *, now: datetime) -> bool:
    """Tells whether the workshop has a check-in today or tomorrow."""
    if workshop.status not in COUNTED_STATUSES:
        return False
    has_begun = checkin.is_list_open(workshop, now=now)
    return has_begun and now < checkin_events.checkin_ends_at(workshop)


def issue(
    session: Session,
    workshop: Workshop,
    organizer_id: int,
    parties: Mapping[bytes, str],
    *,
    now: datetime,
) -> str:
    """Issues a token for one phone; `parties` are the registrations by reference.

    Raises Refusal as `require_near_day` does.
    """
    key_store = keystore.of_session(session)
    digests = {digest_reference(key_store, ref): each for ref, each in parties.items()}
    capacity.lock(session, workshop)  # another phone may be fetching it
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
    is_of_workshop = CheckinTokenRow.workshop_id == workshop.id
    known = set(
        session.scalars(sa.select(CheckinTokenRow.ref).where(is_of_workshop))
    )  # refs that earlier calls stored for other phones
    # A fixed number of statements, since check-in waits for the lock meanwhile.
    session.execute(sa.update(CheckinTokenRow).where(is_of_workshop).values(ends_at=ends_at))
    session.add_all(
        CheckinTokenRow(
            workshop_id=workshop.id, ref=ref, registration_id=registration_id, ends_at=ends_at
        )
        for ref, registration_id in digests.items()
        if ref not in known
    )
    return token


def find(session: Session, token: str, public_id: str, *, now: datetime) -> CheckinToken:
    """Finds a valid token of this workshop whose staff member may still do check-in there.

    Raises NotFound.
    """
    checkin_token = session.scalar(
        sa.select(CheckinToken)
        .join(Workshop, Workshop.id == CheckinToken.workshop_id)
        .join(Office, Office.id == Workshop.office_id)
        .join(StaffMember, StaffMember.id == CheckinToken.organizer_id)
        .join(RoleAssignment, RoleAssignment.organizer_id == StaffMember.id)
        .where(
            RoleAssignment.office.in_((Office.slug, ALL_OFFICES)),
            RoleAssignment.role.in_(CHECKIN_ROLES),
            CheckinToken.digest == digest(token),
            CheckinToken.ends_at > now,
            Workshop.public_id == public_id,
            StaffMember.disabled_at.is_(None),
        )
    )
    if checkin_token is None:
        raise NotFound("pass")
    return checkin_token


def get_registration_ids(session: Session, checkin_token: CheckinToken) -> dict[bytes, str]:
    """Returns the ids of the registrations in the manifest, by `digest_reference`."""
    rows = session.execute(
        sa.select(CheckinTokenRow.ref, CheckinTokenRow.registration_id).where(
            CheckinTokenRow.workshop_id == checkin_token.workshop_id
        )
    )
    return {row[0]: row[1] for row in rows}


def digest_reference(key_store: KeyStore, ref: bytes) -> bytes:
    """Returns the HMAC of a party's reference, as it is stored (S33)."""
    return key_store.digest_for("offline manifest", ref.hex())


def count_marks(session: Session, checkin_token: CheckinToken, new: int) -> None:
    """Counts new events of a token. Raises TooMany."""
    if new and not changes_one_row(
        session,
        sa.update(CheckinToken)
        .where(CheckinToken.digest == checkin_token.digest, CheckinToken.used + new <= MAX_MARKS)
        .values(used=CheckinToken.used + new),
    ):
        raise TooMany(f"{MAX_MARKS} marks")


def revoke(session: Session, organizer_id: int) -> None:
    """Deletes the tokens of a staff member."""
    session.execute(sa.delete(CheckinToken).where(CheckinToken.organizer_id == organizer_id))


def purge(session: Session, *, now: datetime) -> int:
    """Deletes expired tokens and the parties of their manifests; returns how many tokens."""
    session.execute(sa.delete(CheckinTokenRow).where(CheckinTokenRow.ends_at <= now))
    return change_rows(session, sa.delete(CheckinToken).where(CheckinToken.ends_at <= now))
