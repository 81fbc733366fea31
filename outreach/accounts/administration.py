"""The accounts of the staff, as an admin gives and takes them: each step is in the journal.

`by` is who does it; None where it is done on the server itself.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach.accounts import credentials, invitations
from outreach.domain.audit import audit_log
from outreach.domain.network import offices, staff
from outreach.domain.network.staff import ALL_OFFICES, Role, RoleAssignment, StaffMember
from outreach.errors import ErrorCode, NotFound, Refused

# Enough to catch a slip of the hand; whether it exists, the person will say.
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
LONGEST: Final = 254
OF_ONE_OFFICE: Final = (Role.ORGANIZER, Role.DOOR)  # roles that need an office


def is_address(email: str) -> bool:
    return len(email) <= LONGEST and _ADDRESS.fullmatch(email) is not None


def invite(
    session: Session,
    email: str,
    role: Role,
    places: Iterable[str],
    *,
    by: int | None,
    now: datetime,
) -> str:
    """A new account with that role at each of these offices, or everywhere («*»); the token of the
    link with which its owner sets a password. Raises Refused as `organizers.add` and `check` do."""
    rights = dict.fromkeys(places, role)
    check(session, rights)
    organizer = staff.add(session, email, role, rights)
    _note(session, organizer, "account invited", rights, by=by, now=now)
    return invitations.invite(session, organizer.id, now=now)


def change(
    session: Session,
    organizer: StaffMember,
    rights: Mapping[str, Role],
    *,
    by: int | None,
    now: datetime,
) -> bool:
    """From the next click on, this is what they may do. Says whether anything is new. Raises
    Refused as `check` does, and where nobody would be left who may do everything."""
    staff.lock(session)
    before = rights_of(organizer)
    # A right to an office that is no more in the list may stay.
    new = {office: role for office, role in rights.items() if office not in before}
    if ALL_OFFICES in rights and rights[ALL_OFFICES] != before.get(ALL_OFFICES):
        new[ALL_OFFICES] = rights[ALL_OFFICES]
    check(session, new)
    if not rights:
        raise Refused(ErrorCode.ACCOUNT_WITHOUT_ROLE)
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
    _note(session, organizer, "account rights changed", rights, by=by, now=now)
    return True


def disable(session: Session, organizer: StaffMember, *, by: int | None, now: datetime) -> None:
    """From the next click on, nobody gets in with it. Raises Refused where nobody would be left
    who may do everything, unless it is done on the server, where another can be made."""
    staff.lock(session)
    credentials.disable(session, organizer, now=now)
    if by is not None:
        staff.require_admin(session)
    _note(session, organizer, "account disabled", {}, by=by, now=now)


def reset(
    session: Session,
    organizer: StaffMember,
    *,
    by: int | None,
    now: datetime,
    second_factor: bool = False,
) -> str:
    """The token of a new link, as `access.reset`. Raises Refused for oneself: whoever is in needs
    no link, and could lock themselves out."""
    if organizer.id == by:
        raise Refused(ErrorCode.OWN_ACCOUNT_RESET)
    return credentials.reset(session, organizer, now=now, second_factor=second_factor, by=by)


def check(session: Session, rights: Mapping[str, Role]) -> None:
    """Raises Refused when somebody cannot have these rights."""
    for office, role in rights.items():
        if office == ALL_OFFICES:
            if role in OF_ONE_OFFICE:
                raise Refused(ErrorCode.ROLE_NEEDS_OFFICE)
            continue
        try:
            offices.find(session, office)
        except NotFound:
            raise Refused(ErrorCode.OFFICE_UNKNOWN) from None


def rights_of(organizer: StaffMember) -> dict[str, Role]:
    """Their roles, by the slug of the office or «*»."""
    return {grant.office: grant.role for grant in organizer.grants}


def _note(
    session: Session,
    organizer: StaffMember,
    action: str,
    rights: Mapping[str, Role],
    *,
    by: int | None,
    now: datetime,
) -> None:
    told = ", ".join(f"{role} {office}" for office, role in sorted(rights.items()))
    detail = f"{organizer.id}: {told}" if told else str(organizer.id)
    if len(detail) > 200:
        detail = f"{organizer.id}: {len(rights)}"
    audit_log.record(session, by, action, now=now, detail=detail)
