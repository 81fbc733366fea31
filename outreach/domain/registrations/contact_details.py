"""Another name, or another way to be reached: what people change about themselves."""

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.registrations import notifications
from outreach.domain.registrations.models import (
    Contact,
    Person,
    Registration,
    Standing,
    seal_person,
)
from outreach.domain.registrations.notifications import Cause


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
        notifications.drop_pending(session, registration.id)
    registration.contact = contact
    session.flush()
    causes = {Standing.SEATED: Cause.SAVED, Standing.WAITING: Cause.WAITING}
    cause = causes.get(registration.standing)
    if has_moved and contact is not Contact.NONE and cause is not None:
        notifications.drop_pending(session, registration.id, *causes.values())
        notifications.owe(session, registration.id, cause, now=now)
