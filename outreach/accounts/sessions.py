"""Staff sessions: one row for each signed-in browser, which expires and can be ended."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.accounts.passkeys import Passkey
from outreach.accounts.totp import TotpSecret
from outreach.db.base import Base
from outreach.db.store import change_rows, changes_one_row
from outreach.domain.network.staff import Role, RoleAssignment, StaffMember
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import MailingTopic

IDLE: Final = timedelta(minutes=30)
AT_MOST: Final = timedelta(hours=12)
HALFWAY: Final = timedelta(minutes=10)  # to show the second factor after the password
SETUP: Final = timedelta(minutes=30)  # to set up the first one, with a program to install perhaps
FRESH: Final = timedelta(
    minutes=10
)  # how long a second factor counts for pages that require a fresh one
RECOGNIZED: Final = timedelta(hours=12)  # after its end by time, a session's cookie is still known
TOUCH: Final = timedelta(minutes=1)  # `seen_at` is written once a minute, not at each request
_REF: Final = 16  # characters of the digest that name one of a person's sessions


class StaffSession(Base):
    __tablename__ = "staff_session"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), index=True
    )
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    # When the second factor was last shown; None before it.
    proven_at: Mapped[datetime | None] = mapped_column(default=None)
    device: Mapped[str] = mapped_column(sa.String(60), default="")
    rights: Mapped[str] = mapped_column(
        sa.String(16), default=""
    )  # hash of the roles at the last request
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    refused_at: Mapped[datetime | None] = mapped_column(
        default=None
    )  # when its cookie was used after the session had ended


class StaffDevice(Base):
    """A browser and system that an account has signed in with, by name."""

    __tablename__ = "staff_device"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True
    )
    device: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    first_seen_at: Mapped[datetime]


@dataclass(frozen=True)
class SignedInStaff:
    """The staff member of a request, with their roles as of now."""

    digest: str
    organizer_id: int
    email: str
    grants: dict[str, Role]
    form_token: str  # in every form of this session: another site cannot know it
    proven_at: datetime | None
    has_new_rights: bool  # since the previous request
    name: str  # the display name; empty where there is none
    language: str  # in which the pages are

    @property
    def label(self) -> str:
        """The name by which the frame of the staff pages calls them, else the address."""
        return self.name or self.email

    @property
    def is_proven(self) -> bool:
        return self.proven_at is not None

    def is_fresh(self, now: datetime) -> bool:
        return self.proven_at is not None and now - self.proven_at <= FRESH


@dataclass(frozen=True)
class ExpiredSession:
    """A session that expired, and was not ended by a person."""

    digest: str
    organizer_id: int
    form_token: str  # the one that its forms carry


@dataclass(frozen=True)
class Browser:
    """One session of a staff member, as shown in the list of their account."""

    ref: str  # its name in a form
    device: str
    started_at: datetime
    seen_at: datetime
    is_this: bool


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def start(
    session: Session,
    organizer_id: int,
    *,
    now: datetime,
    device: str = "",
    proven_at: datetime | None = None,
) -> str:
    """Starts a session, which needs its second factor unless `proven_at` is given. Returns the
    token of its cookie."""
    if proven_at is not None:
        _remember(session, organizer_id, device, now)
    token = secrets.token_urlsafe(32)
    grants = session.scalars(
        sa.select(RoleAssignment).where(RoleAssignment.organizer_id == organizer_id)
    )
    session.add(
        StaffSession(
            digest=digest(token),
            organizer_id=organizer_id,
            started_at=now,
            seen_at=now,
            proven_at=proven_at,
            device=device,
            rights=_rights({grant.office: grant.role for grant in grants}),
        )
    )
    return token


def find(session: Session, token: str, *, now: datetime) -> tuple[SignedInStaff, bool] | None:
    """The session of a cookie, and whether `touch` is due; None when it is unknown or over. Roles
    are read at each request, so that a removed role or a disabled account counts at the next
    one."""
    rows = session.execute(_FIND, {"digest": digest(token), **_alive_values(now)}).all()
    if not rows:
        return None
    row = rows[0]
    # The outer join gives one row without an office for an account without a role.
    grants = {each.office: each.role for each in rows if each.office}
    signed = SignedInStaff(
        digest=row.digest,
        organizer_id=row.organizer_id,
        email=row.email,
        grants=grants,
        form_token=_form_token(token),
        proven_at=row.proven_at,
        has_new_rights=row.rights not in {"", _rights(grants)},
        name=row.name,
        language=row.language,
    )
    return signed, now - row.seen_at > TOUCH


def find_expired(session: Session, token: str, *, now: datetime) -> ExpiredSession | None:
    """The session of a cookie if it had its second factor and expired at most RECOGNIZED ago. None
    if it is valid, was ended by signing out, or its account is disabled."""
    row = session.execute(
        sa.select(StaffSession.digest, StaffSession.organizer_id)
        .join(StaffMember, StaffMember.id == StaffSession.organizer_id)
        .where(
            StaffSession.digest == digest(token),
            StaffSession.ended_at.is_(None),
            StaffSession.proven_at.is_not(None),
            StaffSession.started_at >= now - AT_MOST - RECOGNIZED,
            StaffMember.disabled_at.is_(None),
            sa.not_(sa.and_(*_IS_ALIVE)),
        ),
        _alive_values(now),
    ).one_or_none()
    return None if row is None else ExpiredSession(row[0], row[1], _form_token(token))


def is_same_token(wanted: str, given: str | None) -> bool:
    """Whether a form carries this form token; compared in constant time."""
    return hmac.compare_digest((given or "").encode(), wanted.encode())


def touch(session: Session, signed: SignedInStaff, *, now: datetime) -> None:
    session.execute(
        sa.update(StaffSession).where(StaffSession.digest == signed.digest).values(seen_at=now)
    )


def confirm_second_factor(session: Session, signed: SignedInStaff, *, now: datetime) -> str | None:
    """Records the first showing of the second factor. Returns a new token, so that one stolen
    before is invalid; the expiry stays. None when the session was ended or proven meanwhile."""
    token = secrets.token_urlsafe(32)
    values = {"digest": digest(token), "proven_at": now, "seen_at": now}
    is_own = (StaffSession.digest == signed.digest, StaffSession.ended_at.is_(None))
    proven = sa.update(StaffSession).where(*is_own, StaffSession.proven_at.is_(None)).values(values)
    if not changes_one_row(session, proven):
        return None
    own = sa.select(StaffSession.device).where(StaffSession.digest == digest(token))
    _remember(session, signed.organizer_id, session.scalar(own) or "", now)
    return token


def refresh_second_factor(session: Session, signed: SignedInStaff, *, now: datetime) -> bool:
    """Records that the second factor was shown again. The token stays: open forms keep working.
    False when the session was ended meanwhile."""
    is_own = (StaffSession.digest == signed.digest, StaffSession.ended_at.is_(None))
    return changes_one_row(session, sa.update(StaffSession).where(*is_own).values(proven_at=now))


def lock(session: Session, signed: SignedInStaff, *, now: datetime) -> bool:
    """Locks the session until the end of the transaction. False when it was ended since the request
    was let in; then nothing may be changed."""
    is_own = (StaffSession.digest == signed.digest, StaffSession.ended_at.is_(None))
    return changes_one_row(session, sa.update(StaffSession).where(*is_own).values(seen_at=now))


def _remember(session: Session, organizer_id: int, device: str, now: datetime) -> None:
    """Writes the last sign-in of the account, which admins see, and its browser. The account is
    told of a new one by letter (S35), unless it is the first."""
    session.execute(
        sa.update(StaffMember).where(StaffMember.id == organizer_id).values(signed_in_at=now)
    )
    known = session.scalars(
        sa.select(StaffDevice.device).where(StaffDevice.organizer_id == organizer_id)
    ).all()
    if device in known:
        return
    session.add(StaffDevice(organizer_id=organizer_id, device=device, first_seen_at=now))
    if known:
        mailings.notify_staff(session, [organizer_id], MailingTopic.SIGN_IN, now=now)


def record_rights(session: Session, signed: SignedInStaff) -> bool:
    """Writes the hash of the current roles. True once for each change of roles."""
    current = _rights(signed.grants)
    is_own = (StaffSession.digest == signed.digest, StaffSession.rights != current)
    return changes_one_row(session, sa.update(StaffSession).where(*is_own).values(rights=current))


def end(session: Session, token: str, *, now: datetime) -> None:
    session.execute(_ending(now, StaffSession.digest == digest(token)))


def end_one(session: Session, organizer_id: int, ref: str, *, now: datetime) -> bool:
    """Ends one session of a staff member by its `ref`. False when there is none."""
    is_own = (StaffSession.organizer_id == organizer_id, _ref() == ref)
    return changes_one_row(session, _ending(now, *is_own))


def end_all(session: Session, organizer_id: int, *, now: datetime, except_digest: str = "") -> int:
    """Ends all sessions of a staff member except that of the digest; returns how many."""
    is_own = (StaffSession.organizer_id == organizer_id, StaffSession.digest != except_digest)
    result = session.execute(_ending(now, *is_own))
    assert isinstance(result, sa.CursorResult)
    return result.rowcount


def record_refusal(session: Session, token: str, *, now: datetime) -> int | None:
    """Records that the cookie of an ended session was used. Returns the id of its staff member the
    first time; None later, and for sessions that expired or are unknown."""
    is_own = (
        StaffSession.digest == digest(token),
        StaffSession.ended_at.is_not(None),
        StaffSession.refused_at.is_(None),
    )
    who = session.scalar(sa.select(StaffSession.organizer_id).where(*is_own))
    once = sa.update(StaffSession).where(*is_own).values(refused_at=now)
    return who if who is not None and changes_one_row(session, once) else None


def is_ended(session: Session, token: str) -> bool:
    """Whether a cookie is of an ended session whose use is not recorded yet."""
    found = session.scalar(
        sa.select(StaffSession.organizer_id).where(
            StaffSession.digest == digest(token),
            StaffSession.ended_at.is_not(None),
            StaffSession.refused_at.is_(None),
        )
    )
    return found is not None


def list_browsers(session: Session, signed: SignedInStaff, *, now: datetime) -> list[Browser]:
    """The sessions of a staff member: this browser first, then by `seen_at`, the newest first."""
    rows = session.scalars(
        sa.select(StaffSession)
        .where(
            StaffSession.organizer_id == signed.organizer_id,
            StaffSession.proven_at.is_not(None),
            *_IS_ALIVE,
        )
        .order_by(StaffSession.seen_at.desc(), StaffSession.digest),
        _alive_values(now),
    ).all()
    found = [
        Browser(
            row.digest[:_REF],
            row.device,
            row.started_at,
            row.seen_at,
            is_this=row.digest == signed.digest,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: not each.is_this)


def purge(session: Session, *, now: datetime) -> int:
    """Deletes sessions whose cookie need not be recognized any more: an ended one twelve hours
    after its start, an expired one RECOGNIZED later, one without its second factor once it is
    over; returns how many."""
    is_ended = sa.and_(StaffSession.ended_at.is_not(None), StaffSession.started_at < now - AT_MOST)
    is_half = sa.and_(
        StaffSession.proven_at.is_(None),
        StaffSession.ended_at.is_(None),
        StaffSession.started_at < now - SETUP,
    )
    is_old = StaffSession.started_at < now - AT_MOST - RECOGNIZED
    return change_rows(session, sa.delete(StaffSession).where(sa.or_(is_ended, is_half, is_old)))


_HAS_TOTP: Final = (
    sa.exists().where(TotpSecret.organizer_id == StaffSession.organizer_id).correlate(StaffSession)
)
_HAS_PASSKEY: Final = (
    sa.exists().where(Passkey.organizer_id == StaffSession.organizer_id).correlate(StaffSession)
)


# Each request of staff asks this: the statement is built once, and gets `_alive_values`.
_IS_ALIVE: Final = (
    StaffSession.ended_at.is_(None),
    StaffSession.seen_at >= sa.bindparam("seen_since"),
    StaffSession.started_at >= sa.bindparam("started_since"),
    sa.or_(
        StaffSession.proven_at.is_not(None),
        StaffSession.started_at >= sa.bindparam("half_started_since"),
        sa.and_(StaffSession.started_at >= sa.bindparam("set_up_since"), ~_HAS_TOTP, ~_HAS_PASSKEY),
    ),
)


def _alive_values(now: datetime) -> dict[str, datetime]:
    return {
        "seen_since": now - IDLE,
        "started_since": now - AT_MOST,
        "half_started_since": now - HALFWAY,
        "set_up_since": now - SETUP,
    }


_FIND: Final = (
    sa.select(
        StaffSession.digest,
        StaffSession.organizer_id,
        StaffSession.proven_at,
        StaffSession.seen_at,
        StaffSession.rights,
        StaffMember.email,
        StaffMember.name,
        StaffMember.language,
        RoleAssignment.office,
        RoleAssignment.role,
    )
    .join(StaffMember, StaffMember.id == StaffSession.organizer_id)
    .outerjoin(RoleAssignment, RoleAssignment.organizer_id == StaffMember.id)
    .where(
        StaffSession.digest == sa.bindparam("digest"),
        StaffMember.disabled_at.is_(None),
        *_IS_ALIVE,
    )
)


def _ending(now: datetime, *which: sa.ColumnElement[bool]) -> sa.Update:
    return (
        sa.update(StaffSession).where(*which, StaffSession.ended_at.is_(None)).values(ended_at=now)
    )


def _form_token(token: str) -> str:
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()[:32]


def _ref() -> sa.ColumnElement[str]:
    return sa.func.substr(StaffSession.digest, 1, _REF)


def _rights(grants: Mapping[str, Role]) -> str:
    text = ",".join(f"{office}={role}" for office, role in sorted(grants.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
