"""The dates that an agent offers: where the person calls from, with room for all who come first.

What is said of a discreet workshop is what the public list says: an area, and no count (S28).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from sqlalchemy.orm import Session

from outreach import clock, network_profile
from outreach.domain import workshops
from outreach.domain.locations import geocoding
from outreach.domain.locations.geocoding import Location
from outreach.domain.locations.reference_data import ReferenceData
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.search import search, workshop_list
from outreach.domain.search.search import SearchFilters
from outreach.domain.search.workshop_list import ListedResult
from outreach.domain.workshops import Workshop, time_slots
from outreach.web.presentation import workshop_cards
from outreach.web.presentation.workshop_cards import CardOptions, WorkshopCard
from outreach.web.staff.call_centre.call_params import CallParams

MAX_OFFERS: Final = 6
KEYS: Final = 3  # the first offers are held with the keys 1, 2, 3
_MAX_ONLINE: Final = 2


@dataclass(frozen=True, kw_only=True)
class Offer:
    workshop: Workshop
    card: WorkshopCard
    key: int  # the key that holds it; 0 for none
    has_room: bool
    has_place: bool  # a place or a turn on the waitlist can be held by telephone
    address: str  # empty where the venue is hidden
    slot: str  # the first free hour, as `10:20`; empty without slots
    starts: time  # when that slot begins, or the workshop without slots


@dataclass(frozen=True, kw_only=True)
class FoundOffers:
    where: Location
    office: str  # the city of the nearest office; empty without a place
    offers: Sequence[Offer] = ()

    @property
    def is_one_place(self) -> bool:
        return self.where.scale not in search.NOT_ONE_PLACE

    @property
    def with_room(self) -> int:
        return sum(each.has_room for each in self.offers)

    @property
    def first(self) -> Offer | None:
        return next((each for each in self.offers if each.key), None)


def find_kind(known: ReferenceData, code: str) -> Kind | None:
    """The kind of a code that stands in an address."""
    return next((each for each in known.kinds if code and code in each.codes), None)


def find(
    session: Session, params: CallParams, known: ReferenceData, *, now: datetime
) -> FoundOffers:
    where = geocoding.resolve(session, params.where, offices=known.known_offices)
    if where.scale in search.NOT_ONE_PLACE:
        return FoundOffers(where=where, office="")
    nearest = (
        known.known_offices.find_nearest(where.position) if where.position is not None else None
    )
    country = network_profile.country_of(where.region) if where.region else ""
    kind = find_kind(known, params.kind)
    filters = SearchFilters(
        where=where,
        kinds=(kind.id,) if kind else (),
        excluded_kinds=tuple(k.id for k in known.kinds if country and not k.is_given_in(country)),
        country=country,
    )
    listed = _list(session, filters, now)
    rows = {
        each.id: each
        for each in workshops.find_all(session, [each.workshop.public_id for each in listed])
    }
    options = CardOptions(
        now=now,
        today=clock.network_day(now) if nearest is None else now.astimezone(nearest.zone).date(),
        is_metric=not network_profile.has_miles(country),
    )
    return FoundOffers(
        where=where,
        office=nearest.city if nearest is not None else "",
        offers=_rank(session, listed, rows, params.people, options),
    )


def _list(session: Session, filters: SearchFilters, now: datetime) -> list[ListedResult]:
    near = list(workshop_list.search_in_person(session, filters, now=now).found)
    if len(near) < KEYS:
        shown = {each.id for each in near}
        near += workshop_list.search_nearest(
            session, filters, now=now, limit=MAX_OFFERS, without=shown
        )
    online = workshop_list.search_from_anywhere(session, filters, now=now, limit=_MAX_ONLINE)
    return [*near, *online.found]


def _rank(
    session: Session,
    listed: Sequence[ListedResult],
    rows: Mapping[int, Workshop],
    people: int,
    options: CardOptions,
) -> list[Offer]:
    """Returns the offers, those with room first, each in the order of the list. The first ones have
    keys."""
    found = [
        (each, workshop, _has_room(workshop, people))
        for each in listed
        if (workshop := rows.get(each.id)) is not None
        and workshop.is_open(options.now)
        and people <= workshop.party_limit
    ]
    found = [each for each in found if each[2] or each[1].has_waiting_list]
    found.sort(key=lambda each: not each[2])
    offers = list[Offer]()
    for each, workshop, has_room in found[:MAX_OFFERS]:
        # Staff call who is to be advised by telephone: that place needs a phone from the start.
        has_place = not workshop.calls_people
        free_keys = sum(bool(offer.key) for offer in offers) < KEYS
        slot = _find_slot(session, workshop, people)
        offers.append(
            Offer(
                workshop=workshop,
                card=workshop_cards.list_card(each, options),
                key=len(offers) + 1 if has_room and has_place and free_keys else 0,
                has_room=has_room,
                has_place=has_place,
                address=_read_address(workshop),
                slot=slot,
                starts=time.fromisoformat(slot) if slot else workshop.starts,
            )
        )
    return offers


def _has_room(workshop: Workshop, people: int) -> bool:
    if workshop.is_discreet:  # as the public sees it
        return not workshop.appears_full
    return workshop.seats_left >= people


def _find_slot(session: Session, workshop: Workshop, people: int) -> str:
    """Returns the first hour with room, as `10:20`; empty where there is none. At a discreet
    workshop it is empty too: the hour is chosen when the place is held."""
    if not workshop.has_slots or workshop.is_discreet:
        return ""
    slot_id = time_slots.find_first_free(session, workshop.id, people)
    minutes = {each.id: each.minute for each in time_slots.list_slots(session, workshop)}
    return f"{time_slots.get_start(workshop, minutes[slot_id]):%H:%M}" if slot_id else ""


def _read_address(workshop: Workshop) -> str:
    is_open = workshop.visibility is Visibility.PUBLIC and not workshop.is_discreet
    return workshop.venue.address or "" if workshop.venue is not None and is_open else ""
