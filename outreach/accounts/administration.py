"""Staff accounts as others manage them: invite, change roles, disable, reset.

Each step is written in the audit log. `by` is the id of who does it, None for the command line. An
admin of the whole network may do all of it; an office lead may invite, invite again, withdraw and
disable the colleagues of their own offices (`check_colleague`).
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.accounts import credentials, invitations
from outreach.accounts.server_encryption import ServerEncryption
from outreach.db.store import changes_one_row
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.domain.network import offices, staff
from outreach.domain.network.staff import (
    ALL_OFFICES,
    Permission,
    Role,
    RoleAssignment,
    StaffMember,
)
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import MailingTopic
from outreach.errors import ErrorCode, NotFound, Refusal

# Catches typing errors; whether the mailbox exists, the invitation will show.
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
MAX_EMAIL_LENGTH: Final = 254
OFFICE_ROLES: Final = (Role.LEAD, Role.ORGANIZER, Role.DOOR)  # not for the whole network
COLLEAGUE_ROLES: Final = (*OFFICE_ROLES, Role.READER)  # what an office lead may give


def is_address(email: str) -> bool:
    return len(email) <= MAX_EMAIL_LENGTH and _ADDRESS.fullmatch(email) is not None


def invite(
    session: Session,
    email: str,
    role: Role,
    office_slugs: Iterable[str],
    *,
    by: int | None,
    now: datetime,
    name: str = "",
    letter_key: ServerEncryption | None = None,
) -> str:
    """Creates an account with that role at each of these offices («*»: all offices), in the
    language of who invites. Returns the token of the link that sets its password; with
    `letter_key`, a letter carries it too. Raises Refusal as `staff.add` and `check_roles` do, and
    where an office lead may not give that role."""
    rights = dict.fromkeys(office_slugs, role)
    _check_caller(rights)
    check_roles(session, rights)
    _check_giving(session, rights, by=by)
    mailings.report_new_account(session, now=now)  # to those who were admins before
    organizer = staff.add(session, email, role, rights, name=name)
    organizer.invited_at, organizer.invited_by_id = now, by
    if by is not None:
        organizer.language = session.get_one(StaffMember, by).language
    _log(session, organizer, "account invited", rights, by=by, now=now)
    return _make_link(session, organizer, by=by, now=now, letter_key=letter_key)


def invite_again(
    session: Session,
    organizer: StaffMember,
    *,
    by: int | None,
    now: datetime,
    letter_key: ServerEncryption | None = None,
) -> str:
    """Returns the token of another link for an account that nobody has used yet; the one before
    stops working. Raises Refusal as `check_colleague` does, and for an account in use."""
    staff.lock(session)
    check_colleague(session, organizer, by=by)
    if not organizer.is_unused or organizer.disabled_at is not None:
        raise Refusal(ErrorCode.ACCOUNT_IN_USE)
    _log(session, organizer, "invitation sent again", {}, by=by, now=now)
    return _make_link(session, organizer, by=by, now=now, letter_key=letter_key)


def withdraw(session: Session, organizer: StaffMember, *, by: int | None, now: datetime) -> None:
    """Deletes an account that nobody has used yet, with its link. Raises Refusal as
    `check_colleague` does, and for an account in use: that one is disabled instead."""
    staff.lock(session)
    check_colleague(session, organizer, by=by)
    if not organizer.is_unused:
        raise Refusal(ErrorCode.ACCOUNT_IN_USE)
    rights, organizer_id = rights_of(organizer), organizer.id
    _log(session, organizer, "invitation withdrawn", rights, by=by, now=now)
    session.flush()
    # One statement, so that a password set at this moment by the link keeps the account.
    is_deleted = changes_one_row(
        session,
        sa.delete(StaffMember).where(
            StaffMember.id == organizer_id,
            StaffMember.password.is_(None),
            StaffMember.signed_in_at.is_(None),
        ),
    )
    if not is_deleted:
        raise Refusal(ErrorCode.ACCOUNT_IN_USE)
    session.expunge(organizer)


def change(
    session: Session,
    organizer: StaffMember,
    rights: Mapping[str, Role],
    *,
    by: int | None,
    now: datetime,
) -> bool:
    """Sets the roles by office, from the next request on. Returns whether anything changed. Raises
    Refusal as `check_roles` does, and when no admin of the whole network would be left."""
    staff.lock(session)
    before = rights_of(organizer)
    # A role at an office that has been removed from the list may stay.
    new = {office: role for office, role in rights.items() if office not in before}
    if ALL_OFFICES in rights and rights[ALL_OFFICES] != before.get(ALL_OFFICES):
        new[ALL_OFFICES] = rights[ALL_OFFICES]
    check_roles(session, new)
    _check_caller(rights)
    if not rights:
        raise Refusal(ErrorCode.ACCOUNT_WITHOUT_ROLE)
    if rights == before:
        return False
    kept = {grant.office: grant for grant in organizer.grants}
    for office, role in rights.items():
        if office in kept:
            kept[office].role = role
        else:
            organizer.grants.append(RoleAssignment(office=office, role=role))
    for office in before.keys() - rights.keys():
        organizer.grants.remove(kept[office])
    staff.require_admin(session)
    _log(session, organizer, "account rights changed", rights, by=by, now=now)
    return True


def disable(session: Session, organizer: StaffMember, *, by: int | None, now: datetime) -> None:
    """Ends all access of the account from the next request on. Raises Refusal as `check_colleague`
    does, and when no admin of the whole network would be left, except on the command line, where
    another can be created."""
    staff.lock(session)
    check_colleague(session, organizer, by=by)
    is_admin = rights_of(organizer).get(ALL_OFFICES) is Role.ADMIN
    credentials.disable(session, organizer, now=now)
    if by is not None and is_admin:
        staff.require_admin(session)
    _log(session, organizer, "account disabled", {}, by=by, now=now)


def reset(
    session: Session,
    organizer: StaffMember,
    *,
    by: int | None,
    now: datetime,
    second_factor: bool = False,
    letter_key: ServerEncryption | None = None,
) -> str:
    """Resets the account (`credentials.reset`) and returns the token of a new link; with
    `letter_key`, a letter carries it too. Raises Refusal for the admin's own account: they could
    lock themselves out."""
    if organizer.id == by:
        raise Refusal(ErrorCode.OWN_ACCOUNT_RESET)
    credentials.reset(session, organizer, now=now, second_factor=second_factor, by=by)
    return _make_link(session, organizer, by=by, now=now, letter_key=letter_key)


def check_roles(session: Session, rights: Mapping[str, Role]) -> None:
    """Raises Refusal when an office is unknown or a role needs an office."""
    for office, role in rights.items():
        if office == ALL_OFFICES:
            if role in OFFICE_ROLES:
                raise Refusal(ErrorCode.ROLE_NEEDS_OFFICE)
            continue
        try:
            offices.find(session, office)
        except NotFound:
            raise Refusal(ErrorCode.OFFICE_UNKNOWN) from None


def _check_caller(rights: Mapping[str, Role]) -> None:
    """Raises Refusal for a role of the call centre at one office, or beside another role: what an
    account sees must never grow with it."""
    if Role.CALLER in rights.values() and dict(rights) != {ALL_OFFICES: Role.CALLER}:
        raise Refusal(ErrorCode.ROLE_NEEDS_NETWORK)


def check_colleague(session: Session, organizer: StaffMember, *, by: int | None) -> None:
    """Raises Refusal with the reason why an office lead may not manage this account, and NotFound
    for one of another office, as if it did not exist. The roles of both are those of now, not of
    when the request began."""
    if by is None:
        return
    actor, target = _rights_of_id(session, by), _rights_of_id(session, organizer.id)
    if staff.is_allowed(actor, Permission.NETWORK, ALL_OFFICES):
        return
    if organizer.id == by:
        raise Refusal(ErrorCode.OWN_ACCOUNT)
    managed = {slug for slug in target if staff.is_allowed(actor, Permission.COLLEAGUES, slug)}
    if not managed:
        raise NotFound(f"account {organizer.id}")
    if ALL_OFFICES in target or not set(target.values()) <= set(COLLEAGUE_ROLES):
        raise Refusal(ErrorCode.ACCOUNT_OF_NETWORK)
    if target.keys() - managed:
        raise Refusal(ErrorCode.ACCOUNT_OF_OTHER_OFFICE)


def find_hindrance(session: Session, organizer: StaffMember, *, by: int) -> Refusal | None:
    """Returns why this person may not manage the account; None where they may. Raises NotFound for
    an account of another office."""
    try:
        check_colleague(session, organizer, by=by)
    except Refusal as refusal:
        return refusal
    return None


def rights_of(organizer: StaffMember) -> dict[str, Role]:
    """The roles of an account, by the slug of the office or «*»."""
    return {grant.office: grant.role for grant in organizer.grants}


def _check_giving(session: Session, rights: Mapping[str, Role], *, by: int | None) -> None:
    """Raises Refusal where this person may not give one of these roles."""
    if by is None:
        return
    actor = _rights_of_id(session, by)
    if staff.is_allowed(actor, Permission.NETWORK, ALL_OFFICES):
        return
    for office, role in rights.items():
        if not staff.is_allowed(actor, Permission.COLLEAGUES, office):
            raise Refusal(ErrorCode.OFFICE_OF_OTHERS)
        if role not in COLLEAGUE_ROLES:
            raise Refusal(ErrorCode.ROLE_OF_NETWORK)


def _rights_of_id(session: Session, organizer_id: int) -> dict[str, Role]:
    rows = session.execute(
        sa.select(RoleAssignment.office, RoleAssignment.role).where(
            RoleAssignment.organizer_id == organizer_id
        )
    )
    return {row.office: row.role for row in rows}


def _make_link(
    session: Session,
    organizer: StaffMember,
    *,
    by: int | None,
    now: datetime,
    letter_key: ServerEncryption | None,
) -> str:
    if letter_key is not None:
        mailings.notify_staff(session, [organizer.id], MailingTopic.INVITATION, now=now)
    return invitations.invite(session, organizer.id, now=now, by=by, letter_key=letter_key)


def _log(
    session: Session,
    organizer: StaffMember,
    action: str,
    rights: Mapping[str, Role],
    *,
    by: int | None,
    now: datetime,
) -> None:
    roles: Details = {"roles": dict(rights)} if rights else {}
    of_account = rights or rights_of(organizer)
    audit_log.record(
        session,
        by,
        action,
        now=now,
        # The log of an office shows what was done to the accounts that are its own alone.
        office=next(iter(of_account)).removeprefix(ALL_OFFICES) if len(of_account) == 1 else "",
        details={"account": organizer.id, **roles},
    )
