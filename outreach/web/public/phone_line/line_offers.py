"""What can be had by the phone line: seats at ordinary workshops with a public address.

Nothing discreet is ever on it, nor what needs more than a key: a link, a phone to call back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from outreach import network_profile
from outreach.domain import workshops
from outreach.domain.locations import gazetteer, geocoding
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.locations.reference_data import ReferenceData
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.search import workshop_list
from outreach.domain.search.search import SearchFilters, SearchResult
from outreach.domain.workshops import DeliveryMode, Workshop, time_slots
from outreach.errors import NotFound

MAX_KINDS: Final = 5
MAX_DATES: Final = 3
MAX_OFFICES: Final = 9
MAX_PEOPLE: Final = 8  # the key 9 says it once more
ZIP_DIGITS: Final = 5
MAX_MILES: Final = 100.0
_MODES: Final = tuple(each for each in DeliveryMode if each.has_venue)
_WAYS: Final = frozenset({Way.PLACE, Way.SLOTS})


@dataclass(frozen=True)
class PhoneOffer:
    """A workshop at which a seat can be saved by phone, with its first free hour if it has any."""

    workshop: Workshop
    slot: str = ""
    most_people: int = 1


def find_place(session: Session, typed: str, known: ReferenceData) -> Location | None:
    """The place of a ZIP code or of an office's slug; None where it is not one point. Who dials a
    code is in a country whose codes are known, as the prompt says, so one place is enough."""
    found = geocoding.resolve(session, typed, offices=known.known_offices)
    if found.scale is LocationScale.CHOICE and len(found.others) == 1:
        words = found.others[0].spelling
        found = geocoding.resolve(session, words, offices=known.known_offices)
    return found if found.scale in workshop_list.POINTS and found.position is not None else None


def is_zip_code(session: Session, keys: str, known: ReferenceData) -> bool:
    is_five = len(keys) == ZIP_DIGITS and keys.isdecimal()
    return is_five and find_place(session, keys, known) is not None


def list_countries_without_zip() -> list[str]:
    """The countries of the network whose postal codes have letters, or are not in the gazetteer: a
    caller there chooses a city."""
    places = gazetteer.load()
    own = network_profile.current().countries
    return [code for code in own if not places.has_numeric_postal_codes(code)]


def list_offices_without_zip(known: ReferenceData, now: datetime) -> list[Office]:
    """The offices in those countries, by their city."""
    countries = list_countries_without_zip()
    found = [each for each in known.offices if each.country in countries]
    found = [each for each in found if each.is_open(now.date())]
    return sorted(found, key=lambda each: each.city)[:MAX_OFFICES]


def list_kinds(
    session: Session, where: Location, known: ReferenceData, now: datetime
) -> list[Kind]:
    """The kinds of which something can be had near, in their order."""
    found: set[str] = set()
    for each in _search(session, where, known, (), now):
        if each.kind_code not in found and find_offer(session, each.public_id, now) is not None:
            found.add(each.kind_code)
    return [each for each in known.kinds if each.code in found][:MAX_KINDS]


def list_dates(
    session: Session,
    where: Location,
    known: ReferenceData,
    kind_code: str,
    now: datetime,
    taken: Sequence[str] = (),
) -> list[PhoneOffer]:
    """Returns the next workshops of a kind near a place, the soonest first; `taken` as in
    `find_offer`."""
    ids = tuple(each.id for each in known.kinds if each.code == kind_code)
    if not ids:
        return []
    offers = []
    for each in _search(session, where, known, ids, now):
        offer = find_offer(session, each.public_id, now, taken)
        if offer is not None:
            offers.append(offer)
        if len(offers) == MAX_DATES:
            break
    return offers


def find_offer(
    session: Session, public_id: str, now: datetime, taken: Sequence[str] = ()
) -> PhoneOffer | None:
    """Returns what can be had at a workshop at this moment; None where nothing can.

    A workshop that hides its seats is offered as the public sees it: late, and without a number
    (S28). `taken` has the hours, as `describe_hour` writes them, that this call has asked for and
    found taken."""
    try:
        workshop = workshops.find_public(session, public_id)
    except NotFound:
        return None
    is_offered = (
        workshop.way in _WAYS
        and workshop.mode in _MODES
        and workshop.venue is not None
        and not workshop.has_secret_address
        and not (workshop.is_discreet or workshop.kind.is_discreet)
        and workshop.is_open(now)
        and not workshop.appears_full
    )
    if not is_offered:
        return None
    hides = workshop.hides_seats
    most = min(workshop.party_limit, MAX_PEOPLE)
    if not workshop.has_slots:
        return PhoneOffer(workshop, "", most if hides else min(most, workshop.seats_left))
    for slot in time_slots.list_slots(session, workshop):
        hour = f"{time_slots.get_start(workshop, slot.minute):%H:%M}"
        is_free = slot.appears_free if hides else slot.seats_left > 0
        if is_free and describe_hour(workshop, hour) not in taken:
            people = slot.capacity if hides else min(slot.seats_left, workshop.seats_left)
            return PhoneOffer(workshop, hour, min(most, people))
    return None


def describe_hour(workshop: Workshop, hour: str) -> str:
    """Names an hour of a workshop among those of other workshops."""
    return f"{workshop.public_id} {hour}"


def _search(
    session: Session,
    where: Location,
    known: ReferenceData,
    kind_ids: tuple[int, ...],
    now: datetime,
) -> Sequence[SearchResult]:
    """Finds workshops near a place that may have something to offer; `find_offer` decides about
    each."""
    discreet = tuple(each.id for each in known.kinds if each.is_discreet)
    filters = SearchFilters(
        where=where, kinds=kind_ids, excluded_kinds=discreet, modes=_MODES, has_free_places=True
    )
    page = workshop_list.search_in_person(session, filters, now=now)
    return [each.workshop for each in page.found if each.miles is None or each.miles <= MAX_MILES]
