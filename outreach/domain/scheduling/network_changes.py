"""Adds and changes offices and kinds, for pages and for files.

Workshops keep the zone, address and texts they were created with. Feeds that show an office or a
kind see its new `changed_at`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.calendar import feed_query, public_changes
from outreach.domain.network import kinds
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import RESERVED_SLUGS, Office
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import MailingTopic
from outreach.domain.scheduling import workshop_service
from outreach.domain.text import code
from outreach.domain.workshops import Workshop, WorkshopStatus, new_public_id, pushed
from outreach.errors import Conflict, ErrorCode, Refusal

UPCOMING_STATUSES = (WorkshopStatus.DRAFT, WorkshopStatus.PUBLISHED)


def add_office(session: Session, values: Mapping[str, Any], *, now: datetime) -> Office:
    """Adds an office.

    Raises Refusal where its slug is reserved or taken, also by a closed office: its feed is
    still in people's calendars.
    """
    slug = values["slug"]
    if slug in RESERVED_SLUGS or session.scalar(sa.select(Office.id).where(Office.slug == slug)):
        raise Refusal(ErrorCode.OFFICE_SLUG_TAKEN)
    office = Office(**values, changed_at=now)
    try:
        with session.begin_nested():
            session.add(office)
    except sa.exc.IntegrityError:  # a concurrent request was first
        raise Refusal(ErrorCode.OFFICE_SLUG_TAKEN) from None
    return office


def change_office(
    session: Session, office: Office, values: Mapping[str, Any], *, now: datetime
) -> frozenset[str]:
    """Changes an office and returns the names of the fields that changed.

    Its slug stays, since addresses of pages and feeds contain it.
    """
    new = _set_values(office, {name: each for name, each in values.items() if name != "slug"})
    if new:
        is_of_office = Workshop.office_id == office.id
        office.changed_at = feed_query.second_after(session, is_of_office, now=now)
    return new


def require_unchanged(session: Session, thing: Office | Kind, seen: str) -> None:
    """Locks an office or kind, and raises Conflict where it has changed since the version `seen`.

    The form has all fields and would undo that change.
    """
    session.refresh(thing, with_for_update=True)
    if seen != get_version(thing):
        raise Conflict(f"{type(thing).__name__} {thing.id}")


def get_version(thing: Office | Kind) -> str:
    return thing.changed_at.isoformat()


def count_from_day(session: Session, office: Office, day: date) -> int:
    """Counts the workshops of the office from that day on, drafts too."""
    return _count(session, Workshop.office_id == office.id, Workshop.day >= day)


def add_kind(session: Session, values: Mapping[str, Any], *, now: datetime) -> Kind:
    """Adds a kind. Raises Refusal where its code is taken."""
    if session.scalar(sa.select(Kind.id).where(Kind.code == values["code"])):
        raise Refusal(ErrorCode.KIND_CODE_TAKEN)
    is_discreet = values["is_discreet"]
    public = _make_code(session) if is_discreet else values["code"]
    kind = Kind(**values, public_code=public, changed_at=now)
    try:
        with session.begin_nested():
            session.add(kind)
    except sa.exc.IntegrityError:  # a concurrent request was first
        raise Refusal(ErrorCode.KIND_CODE_TAKEN) from None
    return kind


def loosens(kind: Kind, values: Mapping[str, Any]) -> bool:
    """Tells whether a change of a kind makes new workshops less discreet (S32)."""
    return (
        (kind.is_discreet and not values["is_discreet"])
        or values["visibility"].is_looser_than(kind.visibility)
        or values["retention_days"] > kind.retention_days
    )


def change_kind(
    session: Session, kind: Kind, values: Mapping[str, Any], *, now: datetime
) -> frozenset[str]:
    """Changes a kind and returns the names of the fields that changed.

    Workshops keep their values, also their discretion where a kind is discreet no longer (S32).
    Only where a kind becomes discreet, all its workshops are, and those that are not over hide
    their address and get a new, longer id, so that the old link ends. All admins are told of a kind
    that `loosens`. Raises Refusal where a kind of which a workshop was pushed would be discreet."""
    values = dict(values)
    was_discreet, is_discreet = kind.is_discreet, values.get("is_discreet", kind.is_discreet)
    if is_discreet and not was_discreet:
        pushed.require_kind_not_pushed(session, kind)
    # The code of four letters opens the kind for ever: it is in the addresses of subscribed feeds.
    if was_discreet and not is_discreet:
        values |= {"public_code": kind.code, "neutral_code": kind.public_code}
    elif is_discreet and not was_discreet:
        values["public_code"] = kind.neutral_code or _make_code(session)
    is_looser = loosens(kind, values)
    new = _set_values(kind, values)
    if not new:
        return new
    if is_looser:
        mailings.notify_admins(session, MailingTopic.DISCRETION, now=now)
    kind.changed_at = feed_query.second_after(session, Workshop.kind_id == kind.id, now=now)
    if is_discreet and not was_discreet:
        session.flush()
        session.execute(
            sa.update(Workshop).where(Workshop.kind_id == kind.id).values(is_discreet=True)
        )
        public_changes.touch(session, Workshop.kind_id == kind.id)
        for workshop in _list_not_over(session, kind, now):
            _hide(workshop, kind, now)
    return new


def count_not_over(session: Session, kind: Kind, *, now: datetime) -> int:
    """Counts the workshops of this kind that have not ended, drafts too."""
    return _count(session, Workshop.kind_id == kind.id, Workshop.ends_at > now)


def get_next_position(session: Session) -> int:
    """Returns the position after the last kind."""
    return max((kind.position for kind in kinds.list_kinds(session)), default=0) + 1


def _hide(workshop: Workshop, kind: Kind, now: datetime) -> None:
    if workshop.visibility is Visibility.PUBLIC:
        workshop.visibility = kind.visibility
    if workshop.way is not Way.UNLISTED:  # the id of those is a permission already
        workshop.public_id = new_public_id()
    workshop_service.mark_changed(workshop, now, is_new_version=False)


def _list_not_over(session: Session, kind: Kind, now: datetime) -> list[Workshop]:
    """Returns the workshops of a kind that have not ended, also cancelled ones."""
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


def _make_code(session: Session) -> str:
    """Makes a random code of four letters that no other kind has."""
    taken = {each for kind in kinds.list_kinds(session) for each in kind.codes}
    while (made := code(4)) in taken:
        pass
    return made


def _set_values(thing: object, values: Mapping[str, object]) -> frozenset[str]:
    new = {name: each for name, each in values.items() if getattr(thing, name) != each}
    for name, each in new.items():
        setattr(thing, name, each)
    return frozenset(new)
