"""A signed-in browser is a row: it can be listed, it grows old, it can be ended."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from outreach.db.base import Base
from outreach.db.store import took_effect
from outreach.domain.network.staff import Role, RoleAssignment, StaffMember

IDLE: Final = timedelta(minutes=30)
AT_MOST: Final = timedelta(hours=12)
HALFWAY: Final = timedelta(minutes=10)  # between the password and the second factor
FRESH: Final = timedelta(minutes=10)  # as long as a factor that was shown counts for what matters
RECOGNIZED: Final = timedelta(hours=12)  # after its end by time, a session's cookie is still known
TOUCH: Final = timedelta(minutes=1)  # a busy organizer writes once a minute, not once a request
_REF: Final = 16  # letters of a digest are enough to name one of somebody's own


class StaffSession(Base):
    __tablename__ = "staff_session"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), index=True
    )
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    # When the second factor was last shown; without it the session is half-way.
    proven_at: Mapped[datetime | None] = mapped_column(default=None)
    device: Mapped[str] = mapped_column(sa.String(60), default="")
    rights: Mapped[str] = mapped_column(sa.String(16), default="")  # what stood for them last
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    refused_at: Mapped[datetime | None] = mapped_column(default=None)  # somebody used it after that


@dataclass(frozen=True)
class SignedInStaff:
    """Who is asking, as of this request."""

    digest: str
    organizer_id: int
    email: str
    grants: dict[str, Role]
    form_token: str  # goes into every form of theirs: another site cannot know it
    proven_at: datetime | None
    has_new_rights: bool  # since the click before

    @property
    def is_whole(self) -> bool:
        return self.proven_at is not None

    def is_fresh(self, now: datetime) -> bool:
        return self.proven_at is not None and now - self.proven_at <= FRESH


@dataclass(frozen=True)
class ExpiredSession:
    """A session that ended by time, not by anybody's wish."""

    digest: str
    organizer_id: int
    form_token: str  # the one that its forms carry


@dataclass(frozen=True)
class Browser:
    """One of someone's sessions, as they see it in a list."""

    ref: str  # names it in a form
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
    """A new session, half-way unless it is proven; returns the token for its cookie."""
    if proven_at is not None:
        _remember(session, organizer_id, now)
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
    """The session and whether it is time to touch it. Rights are read anew each time, so a role
    taken away or an account disabled counts at the next click."""
    rows = session.execute(
        sa.select(StaffSession, StaffMember.email, RoleAssignment.office, RoleAssignment.role)
        .join(StaffMember, StaffMember.id == StaffSession.organizer_id)
        .outerjoin(RoleAssignment, RoleAssignment.organizer_id == StaffMember.id)
        .where(
            StaffSession.digest == digest(token), StaffMember.disabled_at.is_(None), *_is_alive(now)
        )
    ).all()
    if not rows:
        return None
    mine, email = rows[0][0], rows[0][1]
    # An outer join: someone with no role yet has one row without an office.
    grants = {office: role for _, _, office, role in rows if office}
    signed = SignedInStaff(
        digest=mine.digest,
        organizer_id=mine.organizer_id,
        email=email,
        grants=grants,
        form_token=_form_token(token),
        proven_at=mine.proven_at,
        has_new_rights=mine.rights not in {"", _rights(grants)},
    )
    return signed, now - mine.seen_at > TOUCH


def find_expired(session: Session, token: str, *, now: datetime) -> ExpiredSession | None:
    """The session of a cookie, when it had its second factor and ended by time at most RECOGNIZED
    after its twelve hours. None when it goes on, was ended, or its account is disabled."""
    row = session.execute(
        sa.select(StaffSession.digest, StaffSession.organizer_id)
        .join(StaffMember, StaffMember.id == StaffSession.organizer_id)
        .where(
            StaffSession.digest == digest(token),
            StaffSession.ended_at.is_(None),
            StaffSession.proven_at.is_not(None),
            StaffSession.started_at >= now - AT_MOST - RECOGNIZED,
            StaffMember.disabled_at.is_(None),
            sa.not_(sa.and_(*_is_alive(now))),
        )
    ).one_or_none()
    return None if row is None else ExpiredSession(row[0], row[1], _form_token(token))


def is_same_token(wanted: str, given: str | None) -> bool:
    """Whether a form carries this form token; compared in constant time."""
    return hmac.compare_digest((given or "").encode(), wanted.encode())


def touch(session: Session, signed: SignedInStaff, *, now: datetime) -> None:
    session.execute(
        sa.update(StaffSession).where(StaffSession.digest == signed.digest).values(seen_at=now)
    )


def prove(session: Session, signed: SignedInStaff, *, now: datetime) -> str | None:
    """After the second factor: a new token, so that one seen before it is worth nothing. The
    twelve hours go on. None when the session has ended meanwhile, or was proven by another."""
    token = secrets.token_urlsafe(32)
    values = {"digest": digest(token), "proven_at": now, "seen_at": now}
    mine = (StaffSession.digest == signed.digest, StaffSession.ended_at.is_(None))
    proven = sa.update(StaffSession).where(*mine, StaffSession.proven_at.is_(None)).values(values)
    if not took_effect(session, proven):
        return None
    _remember(session, signed.organizer_id, now)
    return token


def prove_again(session: Session, signed: SignedInStaff, *, now: datetime) -> bool:
    """The factor was shown once more. The token stays: forms that are open keep working."""
    mine = (StaffSession.digest == signed.digest, StaffSession.ended_at.is_(None))
    return took_effect(session, sa.update(StaffSession).where(*mine).values(proven_at=now))


def hold(session: Session, signed: SignedInStaff, *, now: datetime) -> bool:
    """Nobody ends it before this change is over. False when it has been ended: a request that was
    let in before that is to change nothing any more."""
    mine = (StaffSession.digest == signed.digest, StaffSession.ended_at.is_(None))
    return took_effect(session, sa.update(StaffSession).where(*mine).values(seen_at=now))


def _remember(session: Session, organizer_id: int, now: datetime) -> None:
    """That somebody came in, for who looks after the accounts."""
    session.execute(
        sa.update(StaffMember).where(StaffMember.id == organizer_id).values(signed_in_at=now)
    )


def see_rights(session: Session, signed: SignedInStaff) -> bool:
    """Remembers what someone may do by now. True once for each change, however many ask."""
    now_held = _rights(signed.grants)
    mine = (StaffSession.digest == signed.digest, StaffSession.rights != now_held)
    return took_effect(session, sa.update(StaffSession).where(*mine).values(rights=now_held))


def end(session: Session, token: str, *, now: datetime) -> None:
    session.execute(_ending(now, StaffSession.digest == digest(token)))


def end_one(session: Session, organizer_id: int, ref: str, *, now: datetime) -> bool:
    """Ends one of someone's own, by its name in the list."""
    mine = (StaffSession.organizer_id == organizer_id, _ref() == ref)
    return took_effect(session, _ending(now, *mine))


def end_all(session: Session, organizer_id: int, *, now: datetime, but: str = "") -> int:
    """Ends all of someone's but the one with that digest; says how many there were."""
    mine = (StaffSession.organizer_id == organizer_id, StaffSession.digest != but)
    result = session.execute(_ending(now, *mine))
    assert isinstance(result, sa.CursorResult)
    return result.rowcount


def refuse(session: Session, token: str, *, now: datetime) -> int | None:
    """Whose session it was, when a cookie is used after its session was ended; said only once.
    None for anything else: nobody's, or one that has only grown old."""
    mine = (
        StaffSession.digest == digest(token),
        StaffSession.ended_at.is_not(None),
        StaffSession.refused_at.is_(None),
    )
    who = session.scalar(sa.select(StaffSession.organizer_id).where(*mine))
    told = sa.update(StaffSession).where(*mine).values(refused_at=now)
    return who if who is not None and took_effect(session, told) else None


def is_ended(session: Session, token: str) -> bool:
    """Whether a cookie is of a session that was ended, and nobody was told of its use yet."""
    found = session.scalar(
        sa.select(StaffSession.organizer_id).where(
            StaffSession.digest == digest(token),
            StaffSession.ended_at.is_not(None),
            StaffSession.refused_at.is_(None),
        )
    )
    return found is not None


def of(session: Session, signed: SignedInStaff, *, now: datetime) -> list[Browser]:
    """Where someone is signed in: this browser first, then the one last seen."""
    rows = session.scalars(
        sa.select(StaffSession)
        .where(
            StaffSession.organizer_id == signed.organizer_id,
            StaffSession.proven_at.is_not(None),
            *_is_alive(now),
        )
        .order_by(StaffSession.seen_at.desc(), StaffSession.digest)
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


def purge(session: Session, *, now: datetime) -> None:
    """Deletes the sessions whose cookie need not be known any more: an ended one, twelve hours
    after its start; one that ended by time, RECOGNIZED later; one without its second factor, as
    soon as it is over."""
    is_ended = sa.and_(StaffSession.ended_at.is_not(None), StaffSession.started_at < now - AT_MOST)
    is_half = sa.and_(
        StaffSession.proven_at.is_(None),
        StaffSession.ended_at.is_(None),
        StaffSession.started_at < now - HALFWAY,
    )
    is_old = StaffSession.started_at < now - AT_MOST - RECOGNIZED
    session.execute(sa.delete(StaffSession).where(sa.or_(is_ended, is_half, is_old)))


def _is_alive(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        StaffSession.ended_at.is_(None),
        StaffSession.seen_at >= now - IDLE,
        StaffSession.started_at >= now - AT_MOST,
        sa.or_(StaffSession.proven_at.is_not(None), StaffSession.started_at >= now - HALFWAY),
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
    said = ",".join(f"{office}={role}" for office, role in sorted(grants.items()))
    return hashlib.sha256(said.encode()).hexdigest()[:16]
