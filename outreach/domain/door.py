"""The door: who came, and how many came without a place.

Two phones may stand at one door. Each of these is one conditional change, so that marking the same
party twice counts it once.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import took_effect
from outreach.domain import registrations
from outreach.domain.registrations import Registration
from outreach.domain.workshops import Standing, Workshop
from outreach.errors import NotFound, Refused


def find(session: Session, workshop: Workshop, registration_id: str) -> Registration:
    """A registration of this workshop that still has a place or a turn. Raises NotFound."""
    registration = session.get(Registration, registration_id)
    if registration is None or registration.workshop_id != workshop.id or not registration.is_live:
        raise NotFound("registration")
    return registration


def mark_arrived(session: Session, registration: Registration, people: int) -> bool:
    """So many of the party have come. False when that was known already.

    Whoever waited and comes is let in like everybody else: walking in is always possible."""
    return took_effect(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            Registration.standing.in_(registrations.LIVE),
            Registration.arrived != people,
            Registration.people >= people,
        )
        .values(arrived=people),
    )


def undo(session: Session, registration: Registration) -> bool:
    """Nobody of the party has come after all. False when nobody had."""
    return took_effect(
        session,
        sa.update(Registration)
        .where(Registration.id == registration.id, Registration.arrived > 0)
        .values(arrived=0),
    )


def count_walk_in(session: Session, workshop: Workshop, people: int) -> bool:
    """People who came without a place, or, below zero, who were counted by mistake. False, and
    nothing changes, when that would leave fewer than none."""
    return took_effect(
        session,
        sa.update(Workshop)
        .where(Workshop.id == workshop.id, Workshop.walk_ins + people >= 0)
        .values(walk_ins=Workshop.walk_ins + people),
    )


def arrived(session: Session, workshop: Workshop) -> int:
    """People of those with a place who have come; after forgetting too."""
    return (
        session.scalar(
            sa.select(sa.func.sum(Registration.arrived)).where(
                Registration.workshop_id == workshop.id
            )
        )
        or 0
    )


def head_count(session: Session, workshop: Workshop) -> int:
    """How many came, as the door knows it: with a place and without."""
    return arrived(session, workshop) + workshop.walk_ins


def require_open(workshop: Workshop) -> None:
    """Raises Refused where there is no door: a draft, or a workshop that is not held."""
    if workshop.standing not in {Standing.PUBLISHED, Standing.HELD}:
        raise Refused("Solo se pasa lista en un taller publicado.")
