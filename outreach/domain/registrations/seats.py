"""Places: taken by one conditional statement in the transaction that needs them, given back, and
passed on to whoever waited longest. No two parties get the same one, on either database."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import keyring
from outreach.db.store import took_effect
from outreach.db.types import Codes
from outreach.domain import notices
from outreach.domain.notices import Cause
from outreach.domain.registrations.registration import (
    LIVE,
    Applicant,
    Contact,
    Registration,
    Standing,
    Ticket,
    digest,
)
from outreach.domain.text import code
from outreach.domain.workshops import Standing as WorkshopStanding
from outreach.domain.workshops import Workshop
from outreach.errors import Closed, Full

NO_PROMOTION_BEFORE: Final = timedelta(hours=3)  # nobody is told of a place they cannot reach


def register(
    session: Session,
    workshop: Workshop,
    applicant: Applicant,
    ticket: Ticket,
    nonce: str,
    *,
    now: datetime,
) -> Standing:
    """Gives the party its places or, when too few are left, its turn in the waiting list, and says
    which.

    Raises Closed, or Full where the organizer wants no list. A second registration with the same
    nonce breaks a constraint (IntegrityError): the first one stands.
    """
    if not workshop.is_open(now):
        raise Closed(f"workshop {workshop.public_id}")
    has_place = take_seats(session, workshop.id, applicant.people)
    if not has_place and not _may_wait(session, workshop.id):
        raise Full(f"workshop {workshop.public_id}")
    standing = Standing.SEATED if has_place else Standing.WAITING
    row = {
        "id": ticket.id,
        "workshop_id": workshop.id,
        "standing": standing,
        "people": applicant.people,
        "contact": applicant.contact,
        "may_leave_message": applicant.may_leave_message,
        "wants_reminder": applicant.wants_reminder,
        "language": applicant.language,
        "needs": applicant.needs,
        "key_id": ticket.key_id,
        "sealed": ticket.sealed,
        "manage": hashlib.sha256(keyring.derive(ticket.key, "manage")).digest(),
        "entry": hashlib.sha256(keyring.derive(ticket.key, "entry")).digest(),
        "door_code": code(6),
        "nonce": digest(nonce),
        "registered_at": now,
        "queued_at": now,
        "arrived": 0,
    }
    # A bare row, not an object: at the rush of a campaign everybody waits for this transaction.
    session.connection().execute(_NEW, row)
    if applicant.contact is not Contact.NONE:
        notices.owe(session, ticket.id, Cause.SAVED if has_place else Cause.WAITING, now=now)
        remind_at = workshop.remind_at
        if applicant.wants_reminder and now < remind_at:
            notices.owe(session, ticket.id, Cause.REMINDER, now=now, due_at=remind_at)
    return standing


_NEW: Final = sa.insert(Registration.__table__)  # type: ignore[arg-type]  # it is a Table
_TAKE: Final = (
    sa.update(Workshop)
    .where(
        Workshop.id == sa.bindparam("workshop"),
        Workshop.seats_left >= sa.bindparam("people", type_=sa.Integer),
        Workshop.standing == WorkshopStanding.PUBLISHED,
    )
    .values(seats_left=Workshop.seats_left - sa.bindparam("people", type_=sa.Integer))
)


def take_seats(session: Session, workshop_id: int, people: int) -> bool:
    """Takes seats if there are as many, in one statement: no two parties get the same one."""
    taken = session.connection().execute(_TAKE, {"workshop": workshop_id, "people": people})
    return taken.rowcount == 1


def give_back_seats(session: Session, workshop_id: int, people: int) -> None:
    session.execute(
        sa.update(Workshop)
        .where(Workshop.id == workshop_id)
        .values(seats_left=Workshop.seats_left + people)
        .execution_options(synchronize_session=False)
    )


def _may_wait(session: Session, workshop_id: int) -> bool:
    return bool(
        session.scalar(
            sa.select(Workshop.has_waiting_list).where(
                Workshop.id == workshop_id, Workshop.standing == WorkshopStanding.PUBLISHED
            )
        )
    )


# Changing one's mind


def change_party(
    session: Session, registration: Registration, people: int, *, now: datetime
) -> None:
    """More people or fewer. Raises Full, and changes nothing, when they do not fit."""
    workshop = registration.workshop
    if not workshop.is_open(now) or not registration.is_live:
        raise Closed(f"workshop {workshop.public_id}")
    more = people - registration.people
    if registration.standing is Standing.SEATED:
        if more > 0 and not take_seats(session, workshop.id, more):
            raise Full(f"workshop {workshop.public_id}")
        if more < 0:
            give_back_seats(session, workshop.id, -more)
    changed = took_effect(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            Registration.standing == registration.standing,
            Registration.people == registration.people,
        )
        .values(people=people),
    )
    if not changed:  # the same person, in another window, at the same moment
        raise Closed(f"workshop {workshop.public_id}")
    if more < 0:
        promote(session, workshop, now=now)


def release(session: Session, registration: Registration, *, now: datetime) -> None:
    """Cancels or forgets: before the day the places are free again at once; the row stays, empty.

    Its key is destroyed first (`ring.destroy`): from that moment no copy anywhere can be read.
    """
    workshop = registration.workshop
    is_ahead = now < workshop.starts_at
    values: dict[str, object] = {
        "key_id": None,
        "sealed": None,
        "manage": None,
        "entry": None,
        "door_code": None,
        "contact": Contact.NONE,
        "needs": Codes(),
        "may_leave_message": False,
        "wants_reminder": False,
    }
    if is_ahead:
        values["standing"] = Standing.CANCELLED
        # The workshop's row is locked first, always: two who cancel at once wait for each other.
        session.execute(sa.select(Workshop.id).where(Workshop.id == workshop.id).with_for_update())
    notices.drop_pending(session, registration.id)
    was = session.scalar(sa.select(Registration.standing).where(Registration.id == registration.id))
    emptied = took_effect(
        session,
        sa.update(Registration)
        .where(Registration.id == registration.id, Registration.key_id.is_not(None))
        .values(**values),
    )
    if emptied and is_ahead and was in {Standing.SEATED, Standing.OFFERED}:
        give_back_seats(session, workshop.id, registration.people)
        promote(session, workshop, now=now)


def promote(session: Session, workshop: Workshop, *, now: datetime) -> int:
    """Gives free places to who waited longest and fits, and says to how many parties."""
    if now > workshop.starts_at - NO_PROMOTION_BEFORE:
        return 0
    promoted = 0
    waiting = session.execute(
        sa.select(Registration.id, Registration.people, Registration.contact)
        .where(Registration.workshop_id == workshop.id, Registration.standing == Standing.WAITING)
        .order_by(Registration.queued_at, Registration.id)
    ).all()
    for waiting_id, people, contact in waiting:
        if not take_seats(session, workshop.id, people):
            continue
        moved = took_effect(
            session,
            sa.update(Registration)
            .where(
                Registration.id == waiting_id,
                Registration.standing == Standing.WAITING,
                Registration.people == people,
            )
            .values(standing=Standing.SEATED),
        )
        if not moved:
            give_back_seats(session, workshop.id, people)
            continue
        promoted += 1
        if contact is not Contact.NONE:
            notices.owe(session, waiting_id, Cause.SEATED, now=now)
    return promoted


def tell_all(session: Session, workshop: Workshop, cause: Cause, *, now: datetime) -> int:
    """Owe a notice to each who has a place or a turn and left a way to be told; says how many."""
    reachable = session.scalars(
        sa.select(Registration.id).where(
            Registration.workshop_id == workshop.id,
            Registration.standing.in_(LIVE),
            Registration.contact != Contact.NONE,
        )
    ).all()
    for registration_id in reachable:
        notices.owe(session, registration_id, cause, now=now)
    if cause is Cause.CHANGED:
        notices.move_reminders(session, reachable, workshop.remind_at)
    return len(reachable)
