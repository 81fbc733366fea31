"""Address approval: staff allow one confirmed person at a time to read a hidden address."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import changes_one_row
from outreach.domain.network.kinds import Visibility
from outreach.domain.registrations import notifications
from outreach.domain.registrations.models import ContactMethod, Registration, RegistrationStatus
from outreach.domain.registrations.notifications import NotificationType
from outreach.errors import ErrorCode, Refusal


def approve(session: Session, registration: Registration, *, now: datetime) -> bool:
    """Lets the person read the address and notifies them. False where they were approved already.
    Raises Refusal where the workshop or the registration needs no approval."""
    if registration.workshop.visibility is not Visibility.APPROVED:
        raise Refusal(ErrorCode.ADDRESS_NOT_BY_APPROVAL)
    if registration.status is not RegistrationStatus.CONFIRMED:
        raise Refusal(ErrorCode.APPROVAL_NEEDS_SEAT)
    is_new = changes_one_row(
        session,
        sa.update(Registration)
        .where(
            Registration.id == registration.id,
            Registration.status == RegistrationStatus.CONFIRMED,
            Registration.key_id.is_not(None),
            Registration.approved_at.is_(None),
        )
        .values(approved_at=now),
    )
    if is_new and registration.contact is not ContactMethod.NONE:
        notifications.enqueue(session, registration.id, NotificationType.APPROVED, now=now)
    return is_new


def revoke_approval(session: Session, registration: Registration) -> bool:
    """Hides the address from the person again. False where it was not approved."""
    was_approved = changes_one_row(
        session,
        sa.update(Registration)
        .where(Registration.id == registration.id, Registration.approved_at.is_not(None))
        .values(approved_at=None),
    )
    if was_approved:
        notifications.cancel_pending(session, registration.id, NotificationType.APPROVED)
    return was_approved
