"""Another name, or another way to be reached: what people change about themselves."""

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.registrations import notifications
from outreach.domain.registrations.models import (
    ContactMethod,
    PersonalData,
    Registration,
    RegistrationStatus,
    encrypt_person,
)
from outreach.domain.registrations.notifications import NotificationType


def change_person(
    session: Session,
    registration: Registration,
    key: bytes,
    person: PersonalData,
    contact: ContactMethod,
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
    registration.sealed = encrypt_person(key, registration.id, person)
    registration.may_leave_message = may_leave_message
    if contact is not ContactMethod.EMAIL:
        registration.wants_entry = False
    if contact is ContactMethod.NONE:
        registration.wants_reminder = False
        notifications.cancel_pending(session, registration.id)
    registration.contact = contact
    session.flush()
    causes = {
        RegistrationStatus.CONFIRMED: NotificationType.REGISTERED,
        RegistrationStatus.WAITLISTED: NotificationType.WAITLISTED,
    }
    cause = causes.get(registration.status)
    if has_moved and contact is not ContactMethod.NONE and cause is not None:
        notifications.cancel_pending(session, registration.id, *causes.values())
        notifications.enqueue(session, registration.id, cause, now=now)
