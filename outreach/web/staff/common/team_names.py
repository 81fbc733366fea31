"""The names of those of the team who give a workshop, for its page and its form.

They are read from the roster and copied nowhere: it has them encrypted, and erases them (decision
0054).
"""

from collections.abc import Iterable

from outreach.domain.roster import members
from outreach.domain.roster.models import AssignmentState, RosterAssignment, RosterRole
from outreach.i18n import gettext as _
from outreach.web.context import key_store


def name_speakers(assigned: Iterable[RosterAssignment]) -> list[str]:
    """Returns the speakers among these active assignments, in their order: «Nayeli Flores (por
    contestar)». Only who edits the workshop may read them."""
    speaking = [each for each in assigned if each.role is RosterRole.SPEAKER]
    details = members.open_details(key_store(), [each.member for each in speaking])
    return [
        _name(each, details[each.member_id].name) for each in speaking if each.member_id in details
    ]


def _name(assignment: RosterAssignment, name: str) -> str:
    if assignment.state is AssignmentState.CONFIRMED:
        return name
    words: str = _("%(name)s (por contestar)", name=name)
    return words
