"""Staff accounts as an admin manages them: invite, change roles, disable, reset.

Each step is written in the audit log. `by` is the id of the admin, None for the command line.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach.accounts import credentials, invitations
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import Details
from outreach.domain.network import offices, staff
from outreach.domain.network.staff import ALL_OFFICES, Role, RoleAssignment, StaffMember
from outreach.errors import ErrorCode, NotFound, Refusal

# Catches typing errors; whether the mailbox exists, the invitation will show.
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
MAX_EMAIL_LENGTH: Final = 254
OFFICE_ROLES: Final = (Role.ORGANIZER, Role.DOOR)  # not for the whole network


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
) -> str:
    """Creates an account with that role at each of these offices («*»: all offices). Returns the
    token of the link that sets its password. Raises Refusal as `staff.add` and `check_roles` do."""
    rights = dict.fromkeys(office_slugs, role)
    check_roles(session, rights)
    organizer = staff.add(session, email, role, rights)
    _log(session, organizer, "account invited", rights, by=by, now=now)
    return invitations.invite(session, organizer.id, now=now)


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
    """Ends all access of the account from the next request on. Raises Refusal when no admin of the
    whole network would be left, except on the command line, where another can be created."""
    staff.lock(session)
    credentials.disable(session, organizer, now=now)
    if by is not None:
        staff.require_admin(session)
    _log(session, organizer, "account disabled", {}, by=by, now=now)


def reset(
    session: Session,
    organizer: StaffMember,
    *,
    by: int | None,
    now: datetime,
    second_factor: bool = False,
) -> str:
    """Returns the token of a new link, as `credentials.reset`. Raises Refusal for the admin's own
    account: they could lock themselves out."""
    if organizer.id == by:
        raise Refusal(ErrorCode.OWN_ACCOUNT_RESET)
    return credentials.reset(session, organizer, now=now, second_factor=second_factor, by=by)


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


def rights_of(organizer: StaffMember) -> dict[str, Role]:
    """The roles of an account, by the slug of the office or «*»."""
    return {grant.office: grant.role for grant in organizer.grants}


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
    audit_log.record(session, by, action, now=now, details={"account": organizer.id, **roles})
