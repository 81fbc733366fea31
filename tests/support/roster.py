"""Members of the roster, and what a test looks at of their assignments and letters."""

from typing import Any

import sqlalchemy as sa

from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.network.offices import Office
from outreach.domain.roster import members
from outreach.domain.roster.members import MemberData, MemberDetails
from outreach.domain.roster.models import (
    AssignmentState,
    RosterAssignment,
    RosterLetter,
    RosterMember,
    RosterRole,
)
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore

NAME = "Nayeli Canaria"
EMAIL = "nayeli.canaria@example.org"


def add_member(
    store: Store,
    key_store: KeyStore,
    office: Office | None,
    role: RosterRole = RosterRole.SPEAKER,
    *,
    name: str = NAME,
    email: str = EMAIL,
    **more: Any,
) -> RosterMember:
    """A member of an office, or of the network."""
    if role is RosterRole.INTERPRETER:
        more.setdefault("languages", Codes(["nah"]))
    sealed = members.seal(key_store, MemberDetails(name=name, email=email))
    data = MemberData(office_id=office.id if office else None, role=role, **more)
    with store.change() as session:
        return members.add(session, sealed, data)


def read_assignment(store: Store, workshop: Workshop, member: RosterMember) -> RosterAssignment:
    """The assignment of a member, with its workshop."""
    with store.read() as session:
        return session.scalars(
            sa.select(RosterAssignment)
            .options(sa.orm.joinedload(RosterAssignment.workshop))
            .where(
                RosterAssignment.workshop_id == workshop.id,
                RosterAssignment.member_id == member.id,
            )
        ).one()


def read_state(store: Store, workshop: Workshop, member: RosterMember) -> AssignmentState:
    return read_assignment(store, workshop, member).state


def list_unsent(store: Store) -> list[str]:
    """The types of the letters that are not sent, in the order in which they were queued."""
    with store.read() as session:
        return [
            each.value
            for each in session.scalars(
                sa.select(RosterLetter.letter_type)
                .where(RosterLetter.done_at.is_(None))
                .order_by(RosterLetter.id)
            )
        ]
