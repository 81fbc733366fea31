"""Who of the staff sees names, contacts, needs and hidden addresses, and when (S22, S23).

`TABLE` is the whole of it. Every page, file, search, calendar and letter of the staff asks `sees`,
and nothing else decides; the guide has the table (`tests/support/disclosure_table.py` writes it).
The time is that of the door's window: from the day before the workshop, when the list of the door
opens, until the end of the day after it, when phones may no longer send arrivals.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.checkin import checkin, checkin_events
from outreach.domain.network.kinds import Visibility
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.workshops import Workshop


class SeenField(StrEnum):
    """A piece of what staff see of a workshop's people, or of its place."""

    NAMES = "names"
    LISTS = "lists"  # names on paper or in a file, which are carried away
    NEEDS = "needs"  # a person's, and how many at a workshop have each
    CONTACTS = "contacts"
    ADDRESS = "address"  # name, street and link of a venue that is not public (S13)


class Moment(StrEnum):
    """The time at which staff look, by the door's window of the workshop."""

    BEFORE = "before"
    WITHIN = "within"
    AFTER = "after"


class Sight(StrEnum):
    NEVER = "never"
    ACTING = "acting"  # one at a time, where they act on it: queue, call, correction
    ALWAYS = "always"


@dataclass(frozen=True)
class Times:
    """How much is seen before, within and after the door's window."""

    before: Sight
    within: Sight
    after: Sight

    def get_sight(self, moment: Moment) -> Sight:
        return {
            Moment.BEFORE: self.before,
            Moment.WITHIN: self.within,
            Moment.AFTER: self.after,
        }[moment]


NEVER: Final = Times(Sight.NEVER, Sight.NEVER, Sight.NEVER)
ALWAYS: Final = Times(Sight.ALWAYS, Sight.ALWAYS, Sight.ALWAYS)
WITHIN: Final = Times(Sight.NEVER, Sight.ALWAYS, Sight.NEVER)
ACTING: Final = Times(Sight.ACTING, Sight.ACTING, Sight.ACTING)


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """The fields that one role sees at which time, and why it needs them."""

    names: Times = NEVER
    lists: Times = NEVER
    discreet_lists: Times = NEVER  # for discreet workshops, in place of `lists` (S23)
    needs: Times = NEVER
    contacts: Times = NEVER
    address: Times = NEVER
    why: str

    def get_times(self, field: SeenField, *, is_discreet: bool) -> Times:
        if field is SeenField.LISTS:
            return self.discreet_lists if is_discreet else self.lists
        fields = {
            SeenField.NAMES: self.names,
            SeenField.NEEDS: self.needs,
            SeenField.CONTACTS: self.contacts,
            SeenField.ADDRESS: self.address,
        }
        return fields[field]


TABLE: Final[Mapping[Role, Knowledge]] = {
    Role.ADMIN: Knowledge(
        names=ALWAYS,
        lists=ALWAYS,
        needs=ALWAYS,
        contacts=ACTING,
        address=ALWAYS,
        why="answers for the network; downloads a list with a second factor just shown",
    ),
    Role.LEAD: Knowledge(
        names=ALWAYS,
        lists=WITHIN,
        needs=ALWAYS,
        contacts=ACTING,
        address=ALWAYS,
        why="as an organizer",
    ),
    Role.ORGANIZER: Knowledge(
        names=ALWAYS,
        lists=WITHIN,
        needs=ALWAYS,
        contacts=ACTING,
        address=ALWAYS,
        why=(
            "before: approves addresses, gives seats of the waitlist, calls, prepares what people"
            " need; after: corrects arrivals, writes certificates, calls about what comes next"
        ),
    ),
    Role.DOOR: Knowledge(
        names=WITHIN,
        lists=WITHIN,
        needs=WITHIN,
        address=WITHIN,
        why="receives people, and has to find the place",
    ),
    Role.READER: Knowledge(why="reads numbers"),
    Role.CALLER: Knowledge(
        why="reads its own typing back while a call lasts, and by a code day, hour and standing"
    ),
}


def find_moment(workshop: Workshop, *, now: datetime) -> Moment:
    """Tells whether `now` is before, within or after the door's window of the workshop."""
    if not checkin.is_list_open(workshop, now=now):
        return Moment.BEFORE
    is_over = now >= checkin_events.checkin_ends_at(workshop)
    return Moment.AFTER if is_over else Moment.WITHIN


def sees(
    grants: Mapping[str, Role],
    field: SeenField,
    workshop: Workshop,
    *,
    now: datetime,
    is_acting: bool = False,
) -> bool:
    """Tells whether somebody with these roles, by office, sees the field of the workshop now.

    `is_acting`: they act on this one person. An address that everybody may read is seen by all.
    """
    if field is SeenField.ADDRESS and not workshop.has_secret_address:
        return True
    moment = find_moment(workshop, now=now)
    found = {
        TABLE[role].get_times(field, is_discreet=workshop.is_discreet).get_sight(moment)
        for role in _list_roles(grants, workshop.office.slug)
    }
    return Sight.ALWAYS in found or (is_acting and Sight.ACTING in found)


def list_offices_with_addresses(grants: Mapping[str, Role]) -> frozenset[str] | None:
    """Returns the offices (slugs) whose hidden addresses these roles see at any time; None for all.

    Lists that are searched, sorted or counted by venue leave out the venues of all other
    offices, within the window too: one query has workshops of many days.
    """
    open_offices = {office for office, role in grants.items() if TABLE[role].address == ALWAYS}
    return None if ALL_OFFICES in open_offices else frozenset(open_offices)


def list_hidden_venues(
    session: Session, grants: Mapping[str, Role], venue_ids: Iterable[int]
) -> frozenset[int]:
    """Returns those of these venues (ids) that a workshop hides from somebody with these roles.

    A page that sums up the workshops of a venue, or is about the venue itself, does not name them.
    """
    known = list_offices_with_addresses(grants)
    if known is None:
        return frozenset()
    rows = session.scalars(
        sa.select(Workshop.venue_id)
        .join(Office, Office.id == Workshop.office_id)
        .where(
            Workshop.venue_id.in_(sorted(venue_ids)),
            Workshop.visibility != Visibility.PUBLIC,
            Office.slug.not_in(sorted(known)),
        )
        .distinct()
    )
    return frozenset(each for each in rows if each is not None)


def _list_roles(grants: Mapping[str, Role], slug: str) -> list[Role]:
    return [grants[office] for office in (ALL_OFFICES, slug) if office in grants]
