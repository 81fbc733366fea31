"""Changes of an account's credentials that affect sessions, second factor and tokens together."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import calendar_tokens, invitations, passkeys, sessions, totp
from outreach.db.store import changes_one_row
from outreach.domain.audit import audit_log
from outreach.domain.checkin import checkin_tokens
from outreach.domain.network.staff import StaffMember
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import MailingTopic


def reset(
    session: Session,
    organizer: StaffMember,
    *,
    now: datetime,
    second_factor: bool = False,
    by: int | None = None,
) -> None:
    """Deletes the password, ends all sessions, revokes the calendar token and the check-in tokens,
    and enables a disabled account, which needs a new invitation link then.

    That link is no second factor. `second_factor` also deletes TOTP secret, recovery codes and
    passkeys, so that the next sign-in sets one up. `by` is the id of the admin, None for the
    command line."""
    organizer.password = None
    organizer.disabled_at = None
    sessions.end_all(session, organizer.id, now=now)
    calendar_tokens.revoke(session, organizer.id)
    checkin_tokens.revoke(session, organizer.id)
    if second_factor:
        totp.delete_all(session, organizer.id)
        passkeys.delete_all(session, organizer.id)
    action = "second factor reset" if second_factor else "account reset"
    audit_log.record(session, by, action, now=now, details={"account": organizer.id})
    mailings.notify_staff(session, [organizer.id], MailingTopic.ACCOUNT, now=now)


def disable(session: Session, organizer: StaffMember, *, now: datetime) -> None:
    """Disables the account, ends its sessions and revokes its links and tokens."""
    organizer.disabled_at = organizer.disabled_at or now
    sessions.end_all(session, organizer.id, now=now)
    calendar_tokens.revoke(session, organizer.id)
    checkin_tokens.revoke(session, organizer.id)
    invitations.withdraw(session, organizer.id)


def set_password(
    session: Session, token: str, hashed: str, *, now: datetime, name: str = ""
) -> StaffMember | None:
    """Sets the password by an invitation link, once, and the display name where one is given. None
    when the link is used or expired, or the account disabled."""
    who = invitations.redeem(session, token, now=now)
    organizer = session.get(StaffMember, who) if who is not None else None
    if organizer is None or organizer.disabled_at is not None:
        return None
    organizer.password = hashed
    organizer.name = name or organizer.name
    sessions.end_all(session, organizer.id, now=now)
    audit_log.record(session, organizer.id, "password set by link", now=now)
    if organizer.signed_in_at is not None:  # it is no new account
        mailings.notify_staff(session, [organizer.id], MailingTopic.ACCOUNT, now=now)
    return organizer


def rehash(session: Session, organizer: StaffMember, better: str) -> None:
    """Stores the same password hashed at the current cost, unless it was changed meanwhile."""
    session.execute(
        sa.update(StaffMember)
        .where(StaffMember.id == organizer.id, StaffMember.password == organizer.password)
        .values(password=better)
    )


def change_password(session: Session, organizer_id: int, stored: str, hashed: str) -> bool:
    """Replaces the password hash `stored`. False when it was changed meanwhile."""
    is_own = (StaffMember.id == organizer_id, StaffMember.password == stored)
    return changes_one_row(session, sa.update(StaffMember).where(*is_own).values(password=hashed))


def rename(session: Session, organizer_id: int, name: str, *, now: datetime) -> bool:
    """Sets the display name of an account; an empty one shows the address again. False where it was
    the same. The log says that it changed, not what it was."""
    is_other = (StaffMember.id == organizer_id, StaffMember.name != name)
    if not changes_one_row(session, sa.update(StaffMember).where(*is_other).values(name=name)):
        return False
    audit_log.record(session, organizer_id, "display name changed", now=now)
    return True


def set_language(session: Session, organizer_id: int, language: str, *, now: datetime) -> bool:
    """Sets the language of an account's pages and letters. False where it was the same."""
    is_other = (StaffMember.id == organizer_id, StaffMember.language != language)
    statement = sa.update(StaffMember).where(*is_other).values(language=language)
    if not changes_one_row(session, statement):
        return False
    audit_log.record(
        session, organizer_id, "language chosen", now=now, details={"language": language}
    )
    return True


def has_second_factor(session: Session, organizer_id: int) -> bool:
    """Whether the account has a TOTP secret or a passkey."""
    return totp.is_enrolled(session, organizer_id) or bool(passkeys.list_for(session, organizer_id))


def ids_with_second_factor(session: Session) -> frozenset[int]:
    """The ids of the accounts that have a second factor."""
    return totp.enrolled_ids(session) | passkeys.owner_ids(session)
