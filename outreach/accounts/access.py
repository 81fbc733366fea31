"""Letting someone in, and shutting them out: what touches account, link, sessions and calendar
at once."""

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.accounts import calendars, invitations, sessions
from outreach.domain.organizers import Organizer


def reset(session: Session, organizer: Organizer, *, now: datetime) -> str:
    """A new link's token. The old password is worth nothing any more, every browser that was
    signed in is out, and so is the phone that follows its calendar. An account that was shut is
    open again."""
    organizer.password = None
    organizer.disabled_at = None
    sessions.end_all(session, organizer.id)
    calendars.revoke(session, organizer.id)
    return invitations.invite(session, organizer.id, now=now)


def disable(session: Session, organizer: Organizer, *, now: datetime) -> None:
    """From the next click on, nobody gets in with this account; its links, and the address
    of its calendar, are worth nothing."""
    organizer.disabled_at = organizer.disabled_at or now
    sessions.end_all(session, organizer.id)
    calendars.revoke(session, organizer.id)
    invitations.withdraw(session, organizer.id)


def set_password(session: Session, token: str, hashed: str, *, now: datetime) -> bool:
    """Uses up a link. False when it did not work any more: someone was faster, or it grew old."""
    who = invitations.use(session, token, now=now)
    organizer = session.get(Organizer, who) if who is not None else None
    if organizer is None or organizer.disabled_at is not None:
        return False
    organizer.password = hashed
    sessions.end_all(session, organizer.id)
    return True
