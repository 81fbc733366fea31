"""How a registration stands, and every way from one standing to another.

This table is the whole of it: nothing changes a standing but `follow`, and who is seated or has an
offer holds places.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import changes_one_row
from outreach.domain.registrations.models import Registration, RegistrationStatus


class StatusEvent(StrEnum):
    OFFER = "offer"  # a place came free and is theirs to take
    ACCEPT = "accept"  # yes, I want it
    EXPIRE = "lapse"  # the offer ran out, for the first time
    EXPIRE_AGAIN = "drop"  # it ran out again
    GRANT = "grant"  # the staff give a place by hand
    NO_ANSWER = "silence"  # asked whether they still come, they did not say
    REJOIN = "return"  # they want to wait again
    CANCEL = "cancel"  # they give it up, say no to an offer, or are forgotten before the day


SEATED, WAITING, OFFERED = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)
CANCELLED, LAPSED = RegistrationStatus.CANCELLED, RegistrationStatus.EXPIRED

# A new registration is seated where it fits, and waits where it does not.
TRANSITIONS: Final[Mapping[tuple[RegistrationStatus, StatusEvent], RegistrationStatus]] = {
    (WAITING, StatusEvent.OFFER): OFFERED,
    (WAITING, StatusEvent.GRANT): SEATED,
    (WAITING, StatusEvent.CANCEL): CANCELLED,
    (OFFERED, StatusEvent.ACCEPT): SEATED,
    (OFFERED, StatusEvent.EXPIRE): WAITING,  # at the end of the list
    (OFFERED, StatusEvent.EXPIRE_AGAIN): LAPSED,
    (OFFERED, StatusEvent.GRANT): SEATED,
    (OFFERED, StatusEvent.CANCEL): CANCELLED,
    (SEATED, StatusEvent.CANCEL): CANCELLED,
    (SEATED, StatusEvent.NO_ANSWER): LAPSED,
    (LAPSED, StatusEvent.REJOIN): WAITING,
    (LAPSED, StatusEvent.CANCEL): CANCELLED,
}


def transition(
    session: Session,
    registration_id: str,
    start: RegistrationStatus,
    move: StatusEvent,
    **values: object,
) -> bool:
    """Moves a registration along its arrow if it still stands at `start`; False when it has moved
    on meanwhile. Places are the caller's business, see `service`."""
    return changes_one_row(
        session,
        sa.update(Registration)
        .where(Registration.id == registration_id, Registration.status == start)
        .values(status=TRANSITIONS[start, move], **values),
    )
