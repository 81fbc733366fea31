"""Find my link: who typed their e-mail gets the links of what is saved under it, by letter.

The page says the same to everybody at once; this happens afterwards, in the worker's round.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.registrations import LIVE, Contact, Registration, Standing, notifications
from outreach.domain.registrations.notifications import Cause, Notice
from outreach.domain.workshops import Workshop

NOT_AGAIN_FOR: Final = timedelta(minutes=10)  # nobody's mailbox is filled by asking and asking


def owe(session: Session, key_ids: Sequence[bytes], *, now: datetime) -> int:
    """Owes the link of each of these registrations that is live and was made with an e-mail,
    unless it is on its way or went out a moment ago; says how many."""
    if not key_ids:
        return 0
    told = sa.exists().where(
        Notice.registration_id == Registration.id,
        Notice.cause == Cause.LINK,
        sa.or_(Notice.done_at.is_(None), Notice.made_at > now - NOT_AGAIN_FOR),
    )
    wanting = session.scalars(
        sa.select(Registration.id)
        .join(Workshop, Workshop.id == Registration.workshop_id)
        .where(
            Registration.key_id.in_(key_ids),
            Registration.contact == Contact.EMAIL,
            Registration.standing.in_((*LIVE, Standing.LAPSED)),  # who lapsed may wait again
            Workshop.ends_at > now,
            sa.not_(told),
        )
    ).all()
    for registration_id in wanting:
        notifications.owe(session, registration_id, Cause.LINK, now=now)
    return len(wanting)
