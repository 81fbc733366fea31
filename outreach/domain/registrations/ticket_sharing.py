"""«Apartar para otra persona»: who has a seat registers one other party of up to four people (S29).

So somebody who brings neighbours is not limited by the share of her connection. A ticket may do it
once, at ordinary workshops, and a ticket made so may not; together they take a quarter of the seats
at most. No row leads from one of the two registrations to the other.
"""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import changes_one_row
from outreach.domain.registrations.models import (
    ACTIVE_STATUSES,
    Registration,
    RegistrationStatus,
    TicketSharing,
)
from outreach.domain.workshops import Workshop

MAX_PEOPLE: Final = 4


def is_offered(registration: Registration, now: datetime) -> bool:
    """Tells whether the person may register another party with the ticket of this registration."""
    return (
        registration.status is RegistrationStatus.CONFIRMED
        and registration.sharing is TicketSharing.OPEN
        and not registration.workshop.is_sensitive
        and registration.workshop.is_open(now)
    )


def use(
    session: Session, workshop: Workshop, giver_id: str, registration_id: str, people: int
) -> bool:
    """Uses the ticket `giver_id` for a registration just stored, in its transaction.

    The transaction has locked the workshop. Returns False where the ticket does not help:
    the party is too large, the ticket is of another workshop or used, or too many seats are
    taken so.
    """
    if not giver_id or workshop.is_sensitive or people > MAX_PEOPLE:
        return False
    taken = session.scalar(_TAKEN, {"workshop": workshop.id}) or 0
    if taken + people > (workshop.capacity + workshop.overbooked) // 4:
        return False
    given = sa.update(Registration).where(
        Registration.id == giver_id,
        Registration.workshop_id == workshop.id,
        Registration.status == RegistrationStatus.CONFIRMED,
        Registration.sharing == TicketSharing.OPEN,
    )
    if not changes_one_row(session, given.values(sharing=TicketSharing.GIVEN)):
        return False
    received = sa.update(Registration).where(Registration.id == registration_id)
    return changes_one_row(session, received.values(sharing=TicketSharing.RECEIVED))


_TAKEN: Final = sa.select(sa.func.coalesce(sa.func.sum(Registration.people), 0)).where(
    Registration.workshop_id == sa.bindparam("workshop"),
    Registration.sharing == TicketSharing.RECEIVED,
    Registration.status.in_(ACTIVE_STATUSES),
)
