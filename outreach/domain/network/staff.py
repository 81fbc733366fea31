"""Staff members, their roles at offices, and what each role permits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from outreach import network_profile
from outreach.db.base import Base
from outreach.errors import ErrorCode, NotFound, Refusal

ALL_OFFICES: Final = "*"
MAX_NAME_LENGTH: Final = 60
SHARED_ALLOWANCE: Final = timedelta(days=30)  # an account and its inviter share one allowance
_MAX_INVITERS: Final = 20  # one invited by another


class Role(StrEnum):
    ADMIN = "admin"
    LEAD = "lead"
    ORGANIZER = "organizer"
    DOOR = "door"
    READER = "reader"
    CALLER = "caller"  # call centre: for the whole network, and an account's only role


class Permission(StrEnum):
    SEE = "see"  # workshops, drafts too, and counts
    EDIT = "edit"  # create, change, publish, cancel, head count
    PEOPLE = "people"  # names of registered people
    CONTACTS = "contacts"  # contact details of registered people
    DOOR = "door"  # check-in
    EXPORT = "export"  # the attendees of a workshop as a file
    COLLEAGUES = "colleagues"  # invite and disable the accounts of an office
    AFFIRM = "affirm"  # answer for what pages promise of a venue (S38)
    CALLS = "calls"  # hold and cancel places by phone at any office, without any list of people
    NETWORK = "network"  # accounts, kinds, closing a month


_OF_ORGANIZER: Final = frozenset(
    {Permission.SEE, Permission.EDIT, Permission.PEOPLE, Permission.CONTACTS, Permission.DOOR}
)
PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.LEAD: _OF_ORGANIZER | {Permission.COLLEAGUES, Permission.AFFIRM},
    Role.ORGANIZER: _OF_ORGANIZER,
    Role.DOOR: frozenset({Permission.SEE, Permission.PEOPLE, Permission.DOOR}),
    Role.READER: frozenset({Permission.SEE}),
    Role.CALLER: frozenset({Permission.CALLS}),
}


class StaffMember(Base):
    __tablename__ = "staff_member"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)  # lower case
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME_LENGTH), default="")  # for colleagues only
    password: Mapped[str | None] = mapped_column(sa.String(200), default=None)
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    signed_in_at: Mapped[datetime | None] = mapped_column(default=None)  # the last time
    # When the account was made, and by whom: NULL by the command line. Who has invited somebody has
    # signed in, and such an account is never deleted.
    invited_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    invited_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("staff_member.id"), default=None, index=True
    )
    # The staff pages, letters and calendar of this account are in it.
    language: Mapped[str] = mapped_column(
        sa.String(5),
        server_default="es",
        default_factory=lambda: network_profile.current().staff_language,
    )
    grants: Mapped[list["RoleAssignment"]] = relationship(
        init=False, cascade="all, delete-orphan", passive_deletes=True
    )

    @property
    def label(self) -> str:
        """The display name, else the address; shown to colleagues on staff pages only."""
        return self.name or self.email

    @property
    def is_unused(self) -> bool:
        """Whether nobody has accepted the invitation or signed in yet."""
        return self.password is None and self.signed_in_at is None


class RoleAssignment(Base):
    """The role of one account at one office, or everywhere: «*»."""

    __tablename__ = "role_assignment"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("staff_member.id", ondelete="CASCADE"), primary_key=True, init=False
    )
    office: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    role: Mapped[Role]


def is_allowed(grants: Mapping[str, Role], action: Permission, office: str) -> bool:
    """Tells whether these roles permit the action at that office."""
    roles = (grants.get(ALL_OFFICES), grants.get(office))
    return any(role is not None and action in PERMISSIONS[role] for role in roles)


def get_office_slugs(grants: Mapping[str, Role]) -> frozenset[str] | None:
    """Returns the slugs of the offices whose workshops these roles may see; None for all
    offices.
    """
    if is_allowed(grants, Permission.SEE, ALL_OFFICES):
        return None
    return frozenset(slug for slug in grants if is_allowed(grants, Permission.SEE, slug))


def find(session: Session, email: str) -> StaffMember | None:
    return session.scalar(sa.select(StaffMember).where(StaffMember.email == email.strip().lower()))


def get_by_email(session: Session, email: str) -> StaffMember:
    """Finds the account with that address. Raises NotFound."""
    organizer = find(session, email)
    if organizer is None:
        raise NotFound(f"There is no account for {email}.")
    return organizer


def get(session: Session, organizer_id: int) -> StaffMember:
    """Finds the account with that id. Raises NotFound."""
    organizer = session.get(StaffMember, organizer_id)
    if organizer is None:
        raise NotFound(f"account {organizer_id}")
    return organizer


def count_active(session: Session) -> dict[str, int]:
    """Counts the accounts with a role at each office that are not disabled, by slug.

    Roles for the whole network are counted by ALL_OFFICES.
    """
    rows = session.execute(
        sa.select(RoleAssignment.office, sa.func.count())
        .join(StaffMember, StaffMember.id == RoleAssignment.organizer_id)
        .where(StaffMember.disabled_at.is_(None))
        .group_by(RoleAssignment.office)
    )
    return {row[0]: row[1] for row in rows}


def list_staff(session: Session) -> Sequence[StaffMember]:
    """All accounts with their role assignments, by address."""
    every = sa.select(StaffMember).order_by(StaffMember.email)
    return session.scalars(every.options(selectinload(StaffMember.grants))).all()


def list_addresses(session: Session, organizer_ids: Iterable[int]) -> dict[int, str]:
    """The addresses of these accounts, by id."""
    rows = session.execute(
        sa.select(StaffMember.id, StaffMember.email).where(StaffMember.id.in_(organizer_ids))
    )
    return {row[0]: row[1] for row in rows}


def list_labels(session: Session, organizer_ids: Iterable[int]) -> dict[int, str]:
    """Returns the display names of these accounts, or their addresses, by id; for colleagues
    only.
    """
    rows = session.execute(
        sa.select(StaffMember.id, StaffMember.name, StaffMember.email).where(
            StaffMember.id.in_(organizer_ids)
        )
    )
    return {found_id: name or email for found_id, name, email in rows}


def list_names(session: Session, organizer_ids: Iterable[int]) -> dict[int, str]:
    """The display names of those of these accounts that have one, by id."""
    rows = session.execute(
        sa.select(StaffMember.id, StaffMember.name).where(
            StaffMember.id.in_(organizer_ids), StaffMember.name != ""
        )
    )
    return {row[0]: row[1] for row in rows}


def add(
    session: Session, email: str, role: Role, offices: Iterable[str], *, name: str = ""
) -> StaffMember:
    """Adds an account with one role at each of these offices (slugs, or «*» for everywhere).

    Raises Refusal where the address has one already.
    """
    if find(session, email) is not None:
        raise Refusal(ErrorCode.ACCOUNT_EXISTS)
    organizer = StaffMember(email=email.strip().lower(), name=name)
    organizer.grants = [
        RoleAssignment(office=office, role=role) for office in dict.fromkeys(offices)
    ]
    try:
        with session.begin_nested():
            session.add(organizer)
    except sa.exc.IntegrityError:  # a concurrent request was first
        raise Refusal(ErrorCode.ACCOUNT_EXISTS) from None
    return organizer


def lock(session: Session) -> None:
    """Locks all accounts. It is called before roles are changed.

    Of two administrators who remove each other, the second waits and then sees the change.
    Foreign keys to accounts do not wait.
    """
    session.execute(
        sa.select(StaffMember.id).order_by(StaffMember.id).with_for_update(key_share=True)
    ).all()
    session.expire_all()


def require_admin(session: Session) -> None:
    """Raises Refusal where no administrator is left. It is called after roles were changed."""
    session.flush()
    if not count_admins(session):
        raise Refusal(ErrorCode.LAST_ADMINISTRATOR)


def find_allowance_owner(session: Session, organizer_id: int, *, now: datetime) -> int:
    """Returns the account whose allowance of contacts this one uses up (S23).

    It is the one that invited it in the last 30 days, or who invited that one; itself, if it
    is older. Nobody sees more contacts by making accounts.
    """
    owner_id = organizer_id
    for _step in range(_MAX_INVITERS):
        inviter_id = session.scalar(
            sa.select(StaffMember.invited_by_id).where(
                StaffMember.id == owner_id, StaffMember.invited_at > now - SHARED_ALLOWANCE
            )
        )
        if inviter_id is None:
            break
        owner_id = inviter_id
    return owner_id


def list_admin_ids(session: Session) -> Sequence[int]:
    """Returns the ids of the active accounts that administer the whole network."""
    return session.scalars(
        sa.select(StaffMember.id)
        .join(RoleAssignment, StaffMember.id == RoleAssignment.organizer_id)
        .where(
            RoleAssignment.office == ALL_OFFICES,
            RoleAssignment.role == Role.ADMIN,
            StaffMember.disabled_at.is_(None),
        )
        .order_by(StaffMember.id)
    ).all()


def count_admins(session: Session) -> int:
    """Counts the active accounts that administer the whole network."""
    return len(list_admin_ids(session))
