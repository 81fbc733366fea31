"""The status of a registration and the transitions between statuses.

`TRANSITIONS` has all of them, and only `transition` changes a stored status. Confirmed and offered
registrations hold seats.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import changes_one_row
from outreach.domain.registrations.models import Registration, RegistrationStatus


class StatusEvent(StrEnum):
    OFFER = "offer"  # a seat came free and is reserved for them
    ACCEPT = "accept"  # they accept the offer
    EXPIRE = "lapse"  # the first offer expired
    EXPIRE_SECOND = "drop"  # the second offer expired
    GRANT = "grant"  # staff give a seat by hand
    RELEASE = "release"  # staff release seats that seem to be of one person
    NO_ANSWER = "silence"  # no answer to «are you still coming?»
    REJOIN = "return"  # they join the waitlist again
    CANCEL = "cancel"  # they cancel, decline an offer, or are erased before the day


CONFIRMED, WAITLISTED, OFFERED = (
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.WAITLISTED,
    RegistrationStatus.OFFERED,
)
CANCELLED, EXPIRED = RegistrationStatus.CANCELLED, RegistrationStatus.EXPIRED

# A new registration is confirmed where it fits and waitlisted where it does not.
TRANSITIONS: Final[Mapping[tuple[RegistrationStatus, StatusEvent], RegistrationStatus]] = {
    (WAITLISTED, StatusEvent.OFFER): OFFERED,
    (WAITLISTED, StatusEvent.GRANT): CONFIRMED,
    (WAITLISTED, StatusEvent.NO_ANSWER): EXPIRED,  # only where it appears confirmed
    (WAITLISTED, StatusEvent.CANCEL): CANCELLED,
    (OFFERED, StatusEvent.ACCEPT): CONFIRMED,
    (OFFERED, StatusEvent.EXPIRE): WAITLISTED,  # at the end of the waitlist
    (OFFERED, StatusEvent.EXPIRE_SECOND): EXPIRED,
    (OFFERED, StatusEvent.GRANT): CONFIRMED,
    (OFFERED, StatusEvent.RELEASE): WAITLISTED,
    (OFFERED, StatusEvent.CANCEL): CANCELLED,
    (CONFIRMED, StatusEvent.RELEASE): WAITLISTED,  # and gets no offers
    (CONFIRMED, StatusEvent.CANCEL): CANCELLED,
    (CONFIRMED, StatusEvent.NO_ANSWER): EXPIRED,
    (EXPIRED, StatusEvent.REJOIN): WAITLISTED,
    (EXPIRED, StatusEvent.CANCEL): CANCELLED,
}


def transition(
    session: Session,
    registration_id: str,
    start: RegistrationStatus,
    event: StatusEvent,
    **values: object,
) -> bool:
    """Changes the status of a registration if it is still `start`.

    Returns False where it has changed meanwhile. `values` are further columns. The caller
    reserves and releases seats.
    """
    return changes_one_row(
        session,
        sa.update(Registration)
        .where(Registration.id == registration_id, Registration.status == start)
        .values(status=TRANSITIONS[start, event], **values),
    )
