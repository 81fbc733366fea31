"""How a registration stands, and every way from one standing to another.

This table is the whole of it: nothing changes a standing but `follow`, and who is seated or has an
offer holds places.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import took_effect
from outreach.domain.registrations.models import Registration, Standing


class Move(StrEnum):
    OFFER = "offer"  # a place came free and is theirs to take
    ACCEPT = "accept"  # yes, I want it
    LAPSE = "lapse"  # the offer ran out, for the first time
    DROP = "drop"  # it ran out again
    GRANT = "grant"  # the staff give a place by hand
    SILENCE = "silence"  # asked whether they still come, they did not say
    RETURN = "return"  # they want to wait again
    CANCEL = "cancel"  # they give it up, say no to an offer, or are forgotten before the day


SEATED, WAITING, OFFERED = Standing.SEATED, Standing.WAITING, Standing.OFFERED
CANCELLED, LAPSED = Standing.CANCELLED, Standing.LAPSED

# A new registration is seated where it fits, and waits where it does not.
ARROWS: Final[Mapping[tuple[Standing, Move], Standing]] = {
    (WAITING, Move.OFFER): OFFERED,
    (WAITING, Move.GRANT): SEATED,
    (WAITING, Move.CANCEL): CANCELLED,
    (OFFERED, Move.ACCEPT): SEATED,
    (OFFERED, Move.LAPSE): WAITING,  # at the end of the list
    (OFFERED, Move.DROP): LAPSED,
    (OFFERED, Move.GRANT): SEATED,
    (OFFERED, Move.CANCEL): CANCELLED,
    (SEATED, Move.CANCEL): CANCELLED,
    (SEATED, Move.SILENCE): LAPSED,
    (LAPSED, Move.RETURN): WAITING,
    (LAPSED, Move.CANCEL): CANCELLED,
}


def follow(
    session: Session, registration_id: str, start: Standing, move: Move, **values: object
) -> bool:
    """Moves a registration along its arrow if it still stands at `start`; False when it has moved
    on meanwhile. Places are the caller's business, see `service`."""
    return took_effect(
        session,
        sa.update(Registration)
        .where(Registration.id == registration_id, Registration.standing == start)
        .values(standing=ARROWS[start, move], **values),
    )
