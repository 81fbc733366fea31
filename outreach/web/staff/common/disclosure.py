"""Asks for the signed-in staff member what they see of a workshop's people and place (S22).

Staff pages read people here and nowhere else: what a role does not see now is not even decrypted.
The table is `outreach.domain.disclosure.who_sees.TABLE`.
"""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy.orm import Session

from outreach import clock
from outreach.domain import registrations
from outreach.domain.disclosure import who_sees
from outreach.domain.disclosure.who_sees import SeenField
from outreach.domain.registrations import PersonalData, Registration
from outreach.domain.workshops import Workshop
from outreach.web.context import key_store
from outreach.web.staff.common.guards import current_staff


def sees(field: SeenField, workshop: Workshop, *, is_acting: bool = False) -> bool:
    """Whether the staff member sees the field of the workshop now; `is_acting` on a page or in an
    answer that is about reaching this one person."""
    return who_sees.sees(
        current_staff().grants, field, workshop, now=clock.now(), is_acting=is_acting
    )


def read_people(workshop: Workshop, parties: Iterable[Registration]) -> dict[str, PersonalData]:
    """Returns the personal data of parties of one workshop, by id of registration; nothing where
    the staff member sees no names now. `workshop_labels.rows` decides which contacts they see."""
    if not sees(SeenField.NAMES, workshop):
        return {}
    return registrations.decrypt_people(key_store(), parties)


def read_people_of_many(parties: Iterable[Registration]) -> dict[str, PersonalData]:
    """Returns the same as `read_people` for parties of several workshops."""
    by_workshop = defaultdict[Workshop, list[Registration]](list)
    for each in parties:
        by_workshop[each.workshop].append(each)
    found = dict[str, PersonalData]()
    for workshop, listed in by_workshop.items():
        found |= read_people(workshop, listed)
    return found


def list_hidden_venues(session: Session, venue_ids: Iterable[int]) -> frozenset[int]:
    """Returns the venues among these (ids) whose name the staff member may not read, whatever the
    day."""
    return who_sees.list_hidden_venues(session, current_staff().grants, venue_ids)


def list_offices_with_addresses() -> frozenset[str] | None:
    """The offices (slugs) whose hidden addresses the staff member sees at any time; None for
    all."""
    return who_sees.list_offices_with_addresses(current_staff().grants)
