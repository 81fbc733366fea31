"""Letting someone in, and shutting them out: what touches account, link, sessions, second factor
and calendar at once."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import calendar_tokens, invitations, passkeys, sessions, totp
from outreach.db.store import took_effect
from outreach.domain.audit import audit_log
from outreach.domain.checkin import checkin_tokens
from outreach.domain.network.staff import StaffMember


def reset(
    session: Session,
    organizer: StaffMember,
    *,
    now: datetime,
    second_factor: bool = False,
    by: int | None = None,
) -> str:
    """A new link's token. The old password is worth nothing any more, every browser that was
    signed in is out, and so are the phone that follows its calendar and those at a door. An account
    that was shut is open again.

    The link is no second factor: who has lost theirs needs `second_factor`, which forgets
    application, paper codes and keys, so that the next sign-in asks to set one up. `by` is the
    admin who does it; None is the command line."""
    organizer.password = None
    organizer.disabled_at = None
    sessions.end_all(session, organizer.id, now=now)
    calendar_tokens.revoke(session, organizer.id)
    checkin_tokens.revoke(session, organizer.id)
    if second_factor:
        totp.forget(session, organizer.id)
        passkeys.forget(session, organizer.id)
    action = "second factor reset" if second_factor else "account reset"
    audit_log.record(session, by, action, now=now, detail=str(organizer.id))
    return invitations.invite(session, organizer.id, now=now)


def disable(session: Session, organizer: StaffMember, *, now: datetime) -> None:
    """From the next click on, nobody gets in with this account; its links, and the address
    of its calendar, are worth nothing."""
    organizer.disabled_at = organizer.disabled_at or now
    sessions.end_all(session, organizer.id, now=now)
    calendar_tokens.revoke(session, organizer.id)
    checkin_tokens.revoke(session, organizer.id)
    invitations.withdraw(session, organizer.id)


def set_password(session: Session, token: str, hashed: str, *, now: datetime) -> bool:
    """Uses up a link. False when it did not work any more: someone was faster, or it grew old."""
    who = invitations.use(session, token, now=now)
    organizer = session.get(StaffMember, who) if who is not None else None
    if organizer is None or organizer.disabled_at is not None:
        return False
    organizer.password = hashed
    sessions.end_all(session, organizer.id, now=now)
    audit_log.record(session, organizer.id, "password set by link", now=now)
    return True


def rehash(session: Session, organizer: StaffMember, better: str) -> None:
    """The same password at today's cost; not where it was changed meanwhile."""
    session.execute(
        sa.update(StaffMember)
        .where(StaffMember.id == organizer.id, StaffMember.password == organizer.password)
        .values(password=better)
    )


def change_password(session: Session, organizer_id: int, known: str, hashed: str) -> bool:
    """One's own, by whoever knows it. False when it is another one by now."""
    mine = (StaffMember.id == organizer_id, StaffMember.password == known)
    return took_effect(session, sa.update(StaffMember).where(*mine).values(password=hashed))


def has_second_factor(session: Session, organizer_id: int) -> bool:
    """Whether there is anything to ask for after the password."""
    return totp.is_enrolled(session, organizer_id) or bool(passkeys.of(session, organizer_id))


def with_second_factor(session: Session) -> frozenset[int]:
    """The accounts that have one, by their ids."""
    return totp.enrolled(session) | passkeys.owners(session)
