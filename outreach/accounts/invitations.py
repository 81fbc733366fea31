"""Invitation links, which set a password: each works once, for three days.

Only a hash of the token is stored. Where a letter has to carry it, the token is stored as well,
sealed under the server's secret, until the link is used, replaced or deleted: the database alone
opens no account.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.accounts.server_encryption import ServerEncryption
from outreach.accounts.sessions import digest
from outreach.db.base import Base
from outreach.db.store import change_rows, changes_one_row
from outreach.domain.network.staff import StaffMember

LIFETIME: Final = timedelta(days=3)


class Invitation(Base):
    __tablename__ = "invitation"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), index=True
    )
    ends_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="SET NULL"), default=None
    )
    opened_at: Mapped[datetime | None] = mapped_column(default=None)  # its page, the first time
    sealed: Mapped[bytes | None] = mapped_column(default=None)  # the token, for the letter


@dataclass(frozen=True, kw_only=True)
class OpenInvitation:
    """A link that still works, as the list of accounts shows it."""

    made_at: datetime
    made_by_id: int | None  # None: the command line, or an account that is gone
    opened_at: datetime | None
    ends_at: datetime


def invite(
    session: Session,
    organizer_id: int,
    *,
    now: datetime,
    by: int | None = None,
    letter_key: ServerEncryption | None = None,
) -> str:
    """Returns the token of a new link; an earlier one stops working. With `letter_key`,
    `for_letter` can read it again."""
    withdraw(session, organizer_id)
    token = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            digest=digest(token),
            organizer_id=organizer_id,
            ends_at=now + LIFETIME,
            made_at=now,
            made_by_id=by,
            sealed=letter_key.seal(token, _about(digest(token))) if letter_key else None,
        )
    )
    return token


def withdraw(session: Session, organizer_id: int) -> None:
    """Deletes the account's link, if there is one."""
    session.execute(sa.delete(Invitation).where(Invitation.organizer_id == organizer_id))


def for_letter(
    session: Session,
    organizer_id: int,
    letter_key: ServerEncryption,
    *,
    made_at: datetime,
    now: datetime,
) -> tuple[str, datetime] | None:
    """The token of the link that was made at that moment, and when it expires; None once it was
    used, withdrawn or replaced, so that a late letter carries no dead link. Raises DataErased where
    the server's secret is another one."""
    row = session.scalar(
        sa.select(Invitation).where(
            Invitation.organizer_id == organizer_id,
            Invitation.made_at == made_at,
            Invitation.ends_at > now,
            Invitation.sealed.is_not(None),
        )
    )
    if row is None or row.sealed is None:
        return None
    return letter_key.unseal(row.sealed, _about(row.digest)), row.ends_at


def record_opening(session: Session, token: str, *, now: datetime) -> None:
    """Writes down when the page of a link was first opened. It changes nothing else: mail programs
    open links too."""
    session.execute(
        sa.update(Invitation)
        .where(Invitation.digest == digest(token), Invitation.opened_at.is_(None))
        .values(opened_at=now)
    )


def is_opened(session: Session, token: str) -> bool:
    """Whether the page of a link was opened before."""
    opened_at = sa.select(Invitation.opened_at).where(Invitation.digest == digest(token))
    return session.scalar(opened_at) is not None


def staff_id_of(session: Session, token: str, *, now: datetime) -> int | None:
    """The id of the account that a link is for; None when it is used, withdrawn or expired."""
    return session.scalar(
        sa.select(Invitation.organizer_id).where(
            Invitation.digest == digest(token), Invitation.ends_at > now
        )
    )


def redeem(session: Session, token: str, *, now: datetime) -> int | None:
    """Returns what `staff_id_of` does, and uses the link up. Of several calls at once one gets the
    id, the others None."""
    organizer_id = staff_id_of(session, token, now=now)
    # The account before its link, as who withdraws the invitation locks them: else each may wait
    # for the other.
    session.execute(
        sa.select(StaffMember.id)
        .where(StaffMember.id == organizer_id)
        .with_for_update(key_share=True)
    )
    is_redeemed = changes_one_row(
        session,
        sa.delete(Invitation).where(Invitation.digest == digest(token), Invitation.ends_at > now),
    )
    return organizer_id if is_redeemed else None


def ends_at(session: Session, token: str) -> datetime | None:
    """Returns when the link expires; None for an unknown token."""
    return session.scalar(sa.select(Invitation.ends_at).where(Invitation.digest == digest(token)))


def pending(session: Session, *, now: datetime) -> dict[int, OpenInvitation]:
    """The links that still work, by the id of the account."""
    rows = session.scalars(sa.select(Invitation).where(Invitation.ends_at > now))
    return {
        row.organizer_id: OpenInvitation(
            made_at=row.made_at,
            made_by_id=row.made_by_id,
            opened_at=row.opened_at,
            ends_at=row.ends_at,
        )
        for row in rows
    }


def purge(session: Session, *, now: datetime) -> int:
    """Deletes expired links; returns how many."""
    return change_rows(session, sa.delete(Invitation).where(Invitation.ends_at <= now))


def _about(token_digest: str) -> str:
    return f"invitation {token_digest}"
