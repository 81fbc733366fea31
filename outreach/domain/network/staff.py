"""The people of the network who sign in, and who may do what at which office."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from outreach.db.base import Base
from outreach.errors import ErrorCode, NotFound, Refused

ALL_OFFICES: Final = "*"


class Role(StrEnum):
    ADMIN = "admin"
    ORGANIZER = "organizer"
    DOOR = "door"
    READER = "reader"


class Permission(StrEnum):
    SEE = "see"  # workshops, drafts too, and counts
    EDIT = "edit"  # create, change, publish, cancel, head count
    PEOPLE = "people"  # the names of who registered
    CONTACTS = "contacts"  # the e-mail or phone of one of them
    DOOR = "door"  # mark who came
    EXPORT = "export"  # the list of a workshop as a file
    NETWORK = "network"  # accounts, kinds, closing a month


PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.ORGANIZER: frozenset(
        {Permission.SEE, Permission.EDIT, Permission.PEOPLE, Permission.CONTACTS, Permission.DOOR}
    ),
    Role.DOOR: frozenset({Permission.SEE, Permission.PEOPLE, Permission.DOOR}),
    Role.READER: frozenset({Permission.SEE}),
}


class StaffMember(Base):
    __tablename__ = "organizer"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)  # lower case
    password: Mapped[str | None] = mapped_column(sa.String(200), default=None)
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    signed_in_at: Mapped[datetime | None] = mapped_column(default=None)  # the last time
    grants: Mapped[list["RoleAssignment"]] = relationship(
        init=False, cascade="all, delete-orphan", passive_deletes=True
    )


class RoleAssignment(Base):
    """One role at one office, or everywhere: «*»."""

    __tablename__ = "grant_"

    organizer_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organizer.id", ondelete="CASCADE"), primary_key=True, init=False
    )
    office: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    role: Mapped[Role]


def is_allowed(grants: Mapping[str, Role], action: Permission, office: str) -> bool:
    """Whether someone with these roles may do this at that office."""
    roles = (grants.get(ALL_OFFICES), grants.get(office))
    return any(role is not None and action in PERMISSIONS[role] for role in roles)


def get_office_slugs(grants: Mapping[str, Role]) -> frozenset[str] | None:
    """The slugs of the offices someone works for; None for all of them."""
    return None if ALL_OFFICES in grants else frozenset(grants)


def find(session: Session, email: str) -> StaffMember | None:
    return session.scalar(sa.select(StaffMember).where(StaffMember.email == email.strip().lower()))


def get_by_email(session: Session, email: str) -> StaffMember:
    """Raises NotFound."""
    organizer = find(session, email)
    if organizer is None:
        raise NotFound(f"There is no account for {email}.")
    return organizer


def get(session: Session, organizer_id: int) -> StaffMember:
    """Raises NotFound."""
    organizer = session.get(StaffMember, organizer_id)
    if organizer is None:
        raise NotFound(f"account {organizer_id}")
    return organizer


def list_staff(session: Session) -> Sequence[StaffMember]:
    """By their address, each with its grants."""
    every = sa.select(StaffMember).order_by(StaffMember.email)
    return session.scalars(every.options(selectinload(StaffMember.grants))).all()


def add(session: Session, email: str, role: Role, offices: Iterable[str]) -> StaffMember:
    """A new account, with one role at each of these offices (slugs, or «*» for everywhere).
    Raises Refused when there is one by that address."""
    if find(session, email) is not None:
        raise Refused(ErrorCode.ACCOUNT_EXISTS)
    organizer = StaffMember(email=email.strip().lower())
    organizer.grants = [
        RoleAssignment(office=office, role=role) for office in dict.fromkeys(offices)
    ]
    try:
        with session.begin_nested():
            session.add(organizer)
    except sa.exc.IntegrityError:  # somebody added it in this very moment
        raise Refused(ErrorCode.ACCOUNT_EXISTS) from None
    return organizer


def lock(session: Session) -> None:
    """To be called before rights are changed: of two admins who take each other's at once, the
    second waits for the first, and then sees what it did. Who writes a line that points at an
    account need not wait."""
    session.execute(
        sa.select(StaffMember.id).order_by(StaffMember.id).with_for_update(key_share=True)
    ).all()
    session.expire_all()


def require_admin(session: Session) -> None:
    """To be asked when rights have been changed. Raises Refused where nobody is left who may do
    everything."""
    session.flush()
    if not count_admins(session):
        raise Refused(ErrorCode.LAST_ADMINISTRATOR)


def count_admins(session: Session) -> int:
    """Accounts that may do everything and are not disabled."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(RoleAssignment)
            .join(StaffMember, StaffMember.id == RoleAssignment.organizer_id)
            .where(
                RoleAssignment.office == ALL_OFFICES,
                RoleAssignment.role == Role.ADMIN,
                StaffMember.disabled_at.is_(None),
            )
        )
        or 0
    )
