"""Stores that people have come, without a check-in event."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import Registration, totals
from outreach.domain.registrations.totals import PeopleTotals


def store_arrival(session: Session, registration: Registration, people: int) -> None:
    """Adds to the total of the workshop, and to the registration's own details if it has any."""
    if registration.is_readable:
        registration.change_details(arrived=people)
    changes = totals.of_arrival(registration, people)
    totals.add(session, registration.workshop_id, changes)


def forget_arrivals(session: Session) -> None:
    for registration in session.scalars(sa.select(Registration)):
        if registration.is_readable:
            registration.change_details(arrived=0)
    session.execute(sa.delete(PeopleTotals))
