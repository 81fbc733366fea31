"""Makes the calendar's list of clashes at venues, of speakers, and in the teams of workshops.

Staff who may edit one of the workshops read the names of members of the roster, as on the page of
its team; others read only the role.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from outreach.domain.dashboard.clashes import Clash
from outreach.domain.network.staff import Permission
from outreach.domain.roster import members
from outreach.domain.roster.member_clashes import TeamClash
from outreach.domain.roster.members import MemberDetails
from outreach.domain.workshops import Workshop
from outreach.web.context import key_store
from outreach.web.staff.common import roster_labels
from outreach.web.staff.common.guards import has_permission


@dataclass(frozen=True, kw_only=True, repr=False)
class ClashRow:
    """One clash in the list below the calendar."""

    who: str  # the venue, the speaker or the member
    workshops: Sequence[Workshop]  # that it is about, by start: two at the same time, or one
    reason: str = ""  # with one workshop: what keeps the member from it

    @property
    def day(self) -> date:
        return self.workshops[-1].day


def make_rows(
    found: Sequence[Clash], in_teams: Sequence[TeamClash], shown: Collection[int]
) -> list[ClashRow]:
    """Returns the rows by start. `shown` are the ids of the workshops that the page may name; about
    any other workshop a row says no more than the page of a team."""
    editable = [each for each in in_teams if _may_name(each, shown)]
    details = members.open_details(key_store(), [each.member for each in editable])
    rows = [ClashRow(who=each.place, workshops=(each.first, each.second)) for each in found]
    rows += [_make_team_row(each, details, shown) for each in in_teams]
    return sorted(rows, key=lambda row: (row.workshops[-1].starts_at, row.workshops[-1].id))


def _may_name(found: TeamClash, shown: Collection[int]) -> bool:
    return any(
        has_permission(Permission.EDIT, each.office.slug) for each in _list_shown(found, shown)
    )


def _list_shown(found: TeamClash, shown: Collection[int]) -> Sequence[Workshop]:
    other = found.clash.workshop
    if other is None or other.id not in shown:
        return (found.workshop,)
    return (other, found.workshop)


def _make_team_row(
    found: TeamClash, details: dict[int, MemberDetails], shown: Collection[int]
) -> ClashRow:
    may_name, opened = _may_name(found, shown), details.get(found.member.id)
    role = roster_labels.role_words(found.member.role)
    about = _list_shown(found, shown)
    return ClashRow(
        who=opened.name if opened is not None and may_name else role,
        workshops=about,
        reason=roster_labels.clash_words(found.clash, has_place=may_name)
        if len(about) == 1
        else "",
    )
