"""Changes the name or the contact details of a registration."""

from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.registrations import call_attempts, notifications
from outreach.domain.registrations.models import (
    ContactMethod,
    PersonalData,
    Registration,
    RegistrationStatus,
    decrypt_person,
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
    takes_calls: bool,
    now: datetime,
    has_moved: bool = True,
) -> None:
    """Stores the person's data, encrypted with the key of the registration.

    Pending notifications are dropped where the person leaves no contact any more. With `has_moved`
    (a new address, or a new time slot) the confirmation is sent again. Link recovery finds the
    registration by the new address only after `KeyStore.set_contact`.
    """
    if decrypt_person(registration, key).address != person.address:
        call_attempts.allow_new_number(session, registration)
    registration.sealed = encrypt_person(key, registration.id, person)
    registration.may_leave_message = may_leave_message
    registration.takes_calls = takes_calls
    if contact is not ContactMethod.EMAIL:
        registration.wants_entry = False
    if contact is ContactMethod.NONE:
        registration.wants_reminder = False
        notifications.cancel_pending(session, registration.id)
    registration.contact = contact
    session.flush()
    notification_types = {
        RegistrationStatus.CONFIRMED: NotificationType.REGISTERED,
        RegistrationStatus.WAITLISTED: NotificationType.WAITLISTED,
    }
    notification_type = notification_types.get(registration.apparent_status)
    if has_moved and contact is not ContactMethod.NONE and notification_type is not None:
        notifications.cancel_pending(session, registration.id, *notification_types.values())
        notifications.enqueue(session, registration.id, notification_type, now=now)
