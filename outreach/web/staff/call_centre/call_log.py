"""The audit log of calls: who did what, when, at which workshop.

It does not say at which discreet workshop. The log has the minute, and a telephone has the minutes
of its calls: the two together would say what somebody called for (S33).
"""

from sqlalchemy.orm import Session

from outreach.domain.audit.audit_log import Details
from outreach.domain.workshops import Workshop
from outreach.web.staff.common.guards import log_office_action, log_workshop_action


def record(
    session: Session, workshop: Workshop, action: str, details: Details | None = None
) -> None:
    if workshop.is_discreet:
        log_office_action(session, "", action, details)
    else:
        log_workshop_action(session, workshop, action, details)
