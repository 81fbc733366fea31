"""The names of those of the team who give a workshop, for its page and its form.

They are read from the roster and copied nowhere: it has them encrypted, and erases them (decision
0054).
"""

from sqlalchemy.orm import Session

from outreach.domain.roster import assignments, members
from outreach.domain.roster.models import AssignmentState, RosterAssignment
from outreach.domain.workshops import Workshop
from outreach.i18n import gettext as _
from outreach.web.context import key_store


def list_speakers(session: Session, workshop: Workshop) -> list[str]:
    """The speakers of the team who have not declined, in the order in which they were assigned:
    «Nayeli Flores (por contestar)». Only for who edits the workshop."""
    speaking = assignments.list_speakers(session, workshop)
    details = members.open_details(key_store(), [each.member for each in speaking])
    return [
        _name(each, details[each.member_id].name) for each in speaking if each.member_id in details
    ]


def _name(assignment: RosterAssignment, name: str) -> str:
    if assignment.state is AssignmentState.CONFIRMED:
        return name
    words: str = _("%(name)s (por contestar)", name=name)
    return words
