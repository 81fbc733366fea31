"""Making a registration of what somebody answered: a key, a place or a turn, or nothing of it."""

from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain import registrations
from outreach.domain.registrations import Applicant, Ticket
from outreach.domain.workshops import Workshop
from outreach.errors import Closed, Full, Taken, TooMany
from outreach.web.context import ring, store


def save(
    wanted: Sequence[Workshop],
    applicant: Applicant,
    nonce: str,
    *,
    now: datetime,
    also: Callable[[Session], None] = lambda session: None,
) -> bytes:
    """Registers somebody for one workshop, or for all the dates of a series, and gives the key of
    the first; of a form that was sent before, the key it made then. `also` is done in the same
    transaction. Raises TooMany, Closed, Full, Taken: then nothing of it is left."""
    made: list[tuple[Workshop, Ticket]] = []
    try:
        for each in wanted:
            made.append((each, registrations.prepare(ring(), each, applicant)))
        (workshop, ticket), *others = made
        with store().change() as session:
            if others:
                registrations.register_all(session, made, applicant, nonce, now=now)
            else:
                registrations.register(session, workshop, applicant, ticket, nonce, now=now)
            also(session)
        return ticket.key
    except (TooMany, Closed, Full, Taken):
        _destroy(made)
        raise
    except sa.exc.IntegrityError:
        _destroy(made)
        # The same form, sent twice at the same moment: the other post was first.
        with store().read() as session:
            before = registrations.saved_before(session, nonce)
        if before is None:
            raise
        return registrations.key_of(ring(), before)


def _destroy(made: Sequence[tuple[Workshop, Ticket]]) -> None:
    if made:
        ring().destroy(*(ticket.key_id for _workshop, ticket in made))
