"""Counts the looks of a staff member at contacts (S23)."""

from outreach import clock
from outreach.domain.checkin import checkin
from outreach.domain.network import staff
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import MailingTopic
from outreach.domain.registrations import ContactMethod, Registration
from outreach.web.context import store
from outreach.web.middleware import rate_limits
from outreach.web.middleware.rate_limits import ContactAllowance
from outreach.web.staff.common.guards import current_staff, find_workshop


def count_view() -> bool:
    """Counts a look; False where the second factor has to be shown again first. The first look
    beyond the usual number is reported to the administrators."""
    who, now = current_staff(), clock.now()
    with store().read() as session:
        owner_id = staff.find_allowance_owner(session, who.organizer_id, now=now)
    allowance = rate_limits.count_contact_view(owner_id, is_fresh=who.is_fresh(now))
    if allowance is ContactAllowance.NEEDS_FACTOR:
        return False
    is_more = allowance is ContactAllowance.MORE
    if is_more and rate_limits.is_first_beyond_usual(owner_id):
        with store().change() as session:
            mailings.notify_admins(session, MailingTopic.CONTACTS, now=now)
    return True


def count_call(public_id: str, registration_id: str) -> bool:
    """Counts a look at whom a call is for, as `count_view` does. It is not counted where the
    workshop was closed for danger, or cancelled on its day: somebody has to call all of its people
    now. The audit log has each look."""
    with store().read() as session:
        workshop = find_workshop(session, public_id)
        is_urgent = _is_urgent_call(checkin.find(session, workshop, registration_id))
    return is_urgent or count_view()


def _is_urgent_call(party: Registration) -> bool:
    workshop = party.workshop
    if party.contact is not ContactMethod.PHONE or not workshop.is_cancelled:
        return False
    cancelled_at = workshop.cancelled_at
    is_same_day = cancelled_at is not None and (
        cancelled_at.astimezone(workshop.zone).date() == workshop.day
    )
    return workshop.is_closed_for_danger or is_same_day
