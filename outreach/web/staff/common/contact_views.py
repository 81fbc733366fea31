"""Counts the looks of a staff member at contacts (S23)."""

from outreach import clock
from outreach.domain.newsletter import mailings
from outreach.domain.newsletter.mailings import MailingTopic
from outreach.web.context import store
from outreach.web.middleware import rate_limits
from outreach.web.middleware.rate_limits import ContactAllowance
from outreach.web.staff.common.guards import current_staff


def count_view() -> bool:
    """Counts a look; False where the second factor has to be shown again first. The first look
    beyond the usual number is reported to the administrators."""
    who, now = current_staff(), clock.now()
    allowance = rate_limits.count_contact_view(who.organizer_id, is_fresh=who.is_fresh(now))
    if allowance is ContactAllowance.NEEDS_FACTOR:
        return False
    is_more = allowance is ContactAllowance.MORE
    if is_more and rate_limits.is_first_beyond_usual(who.organizer_id):
        with store().change() as session:
            mailings.notify_admins(session, MailingTopic.CONTACTS, now=now)
    return True
