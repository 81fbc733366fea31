"""Another name, or another way to be reached: what people change about themselves."""

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain import notices
from outreach.domain.notices import Cause
from outreach.domain.registrations.registration import (
    Contact,
    Person,
    Registration,
    Standing,
    seal_person,
)


def change_person(
    session: Session,
    registration: Registration,
    key: bytes,
    person: Person,
    contact: Contact,
    *,
    may_leave_message: bool,
    now: datetime,
    has_moved: bool = True,
) -> None:
    """Keeps what the person says now, sealed with the key they have.

    Nothing is said to an address they took back. `has_moved`, to a new address or an hour of their
    own: they are told anew where to come. The ring finds them by the new address only after
    `ring.set_contact`.
    """
    registration.sealed = seal_person(key, registration.id, person)
    registration.may_leave_message = may_leave_message
    if contact is not Contact.EMAIL:
        registration.wants_entry = False
    if contact is Contact.NONE:
        registration.wants_reminder = False
        notices.drop_pending(session, registration.id)
    registration.contact = contact
    session.flush()
    causes = {Standing.SEATED: Cause.SAVED, Standing.WAITING: Cause.WAITING}
    cause = causes.get(registration.standing)
    if has_moved and contact is not Contact.NONE and cause is not None:
        notices.drop_pending(session, registration.id, *causes.values())
        notices.owe(session, registration.id, cause, now=now)
