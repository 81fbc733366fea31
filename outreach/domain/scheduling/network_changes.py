"""The network itself: its offices and kinds are added and changed here, by a page or by a file.

Nothing of what is stored is moved silently: a workshop keeps the zone, the address and the words it
was made with. What a feed shows of an office or a kind gets a new date, so that feeds alter.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.calendar import feed_query
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import RESERVED_SLUGS, Office
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import code
from outreach.domain.workshops import Workshop, WorkshopStatus, new_public_id
from outreach.errors import ErrorCode, Refused, Taken

UPCOMING_STATUSES = (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED)


def add_office(session: Session, values: Mapping[str, Any], *, now: datetime) -> Office:
    """Raises Refused where there is one by that short name, a closed one too: its feed's address
    is still in people's calendars."""
    slug = values["slug"]
    if slug in RESERVED_SLUGS or session.scalar(sa.select(Office.id).where(Office.slug == slug)):
        raise Refused(ErrorCode.OFFICE_SLUG_TAKEN)
    office = Office(**values, changed_at=now)
    try:
        with session.begin_nested():
            session.add(office)
    except sa.exc.IntegrityError:  # somebody added it in this very moment
        raise Refused(ErrorCode.OFFICE_SLUG_TAKEN) from None
    return office


def change_office(
    session: Session, office: Office, values: Mapping[str, Any], *, now: datetime
) -> frozenset[str]:
    """Makes the office what the values say, and returns the names of what is new. Its slug stays:
    the addresses of its pages and feeds are made of it."""
    new = _fill(office, {name: each for name, each in values.items() if name != "slug"})
    if new:
        whose = Workshop.office_id == office.id
        office.changed_at = feed_query.second_after(session, whose, now=now)
    return new


def require_unchanged(session: Session, thing: Office | Kind, seen: str) -> None:
    """Raises Taken when an office or a kind is not what the page showed any more: its form holds
    all of it, and would put back what somebody else has changed."""
    session.refresh(thing, with_for_update=True)
    if seen != get_version(thing):
        raise Taken(f"{type(thing).__name__} {thing.id}")


def get_version(thing: Office | Kind) -> str:
    return thing.changed_at.isoformat()


def count_from_day(session: Session, office: Office, day: date) -> int:
    """How many workshops of the office are planned on that day or later, drafts too."""
    return _count(session, Workshop.office_id == office.id, Workshop.day >= day)


def add_kind(session: Session, values: Mapping[str, Any], *, now: datetime) -> Kind:
    """Raises Refused where there is one by that code."""
    if session.scalar(sa.select(Kind.id).where(Kind.code == values["code"])):
        raise Refused(ErrorCode.KIND_CODE_TAKEN)
    is_discreet = values["is_discreet"]
    public = _new_code(session) if is_discreet else values["code"]
    kind = Kind(**values, public_code=public, changed_at=now)
    try:
        with session.begin_nested():
            session.add(kind)
    except sa.exc.IntegrityError:  # somebody added it in this very moment
        raise Refused(ErrorCode.KIND_CODE_TAKEN) from None
    return kind


def change_kind(
    session: Session, kind: Kind, values: Mapping[str, Any], *, now: datetime
) -> frozenset[str]:
    """Makes the kind what the values say, and returns the names of what is new. Workshops keep
    what they were made with. Only when a kind becomes discreet, those that are not over hide their
    address from who has no place, and get a link that cannot be guessed; the old one ends."""
    values = dict(values)
    was_discreet, is_discreet = kind.is_discreet, values.get("is_discreet", kind.is_discreet)
    # One that is discreet already keeps its four letters: they are in people's calendars.
    if is_discreet != was_discreet:
        values["public_code"] = _new_code(session) if is_discreet else kind.code
    new = _fill(kind, values)
    if not new:
        return new
    kind.changed_at = feed_query.second_after(session, Workshop.kind_id == kind.id, now=now)
    if is_discreet and not was_discreet:
        session.flush()
        for workshop in _not_over(session, kind, now):
            _hide(workshop, kind, now)
    return new


def count_not_over(session: Session, kind: Kind, *, now: datetime) -> int:
    """The workshops of this kind that are still to come or going on, drafts too."""
    return _count(session, Workshop.kind_id == kind.id, Workshop.ends_at > now)


def get_next_position(session: Session) -> int:
    """The end of the list of kinds."""
    return max((kind.position for kind in kinds.list_kinds(session)), default=0) + 1


def _hide(workshop: Workshop, kind: Kind, now: datetime) -> None:
    if workshop.visibility is Visibility.PUBLIC:
        workshop.visibility = kind.visibility
    if workshop.way is not Way.UNLISTED:  # whose link is long already
        workshop.public_id = new_public_id(kind, workshop.way)
    workshop_service.mark_changed(workshop, now, is_new_version=False)


def _not_over(session: Session, kind: Kind, now: datetime) -> list[Workshop]:
    """Cancelled ones too: their page is seen until their end."""
    return list(
        session.scalars(
            sa.select(Workshop)
            .where(Workshop.kind_id == kind.id, Workshop.ends_at > now)
            .order_by(Workshop.id)
        )
    )


def _count(session: Session, *conditions: sa.ColumnElement[bool]) -> int:
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Workshop)
            .where(Workshop.status.in_(UPCOMING_STATUSES), *conditions)
        )
        or 0
    )


def _new_code(session: Session) -> str:
    """Four letters that no other kind has."""
    taken = {kind.public_code for kind in kinds.list_kinds(session)}
    while (made := code(4)) in taken:
        pass
    return made


def _fill(thing: object, values: Mapping[str, object]) -> frozenset[str]:
    new = {name: each for name, each in values.items() if getattr(thing, name) != each}
    for name, each in new.items():
        setattr(thing, name, each)
    return frozenset(new)
