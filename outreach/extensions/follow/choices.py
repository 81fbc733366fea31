"""What somebody follows, as it is encrypted: subjects, an area no finer than a county, a distance.

Whoever leaves an e-mail or a phone stores no single kind of high sensitivity: such a choice would
say something about them. It is possible with Web Push, whose subscription names nobody.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from outreach import network_profile
from outreach.domain.locations import gazetteer, regions, time_zones
from outreach.domain.locations.gazetteer import GazetteerPlace, PlaceKind
from outreach.domain.locations.geocoding import Location, LocationScale
from outreach.domain.network.kinds import HIGH_SENSITIVITIES, Kind
from outreach.extensions.follow.tables import FollowChannel

DISTANCES: Final = (25, 50, 100)  # miles from the middle of the area
USUAL_DISTANCE: Final = 50
MAX_KINDS: Final = 12  # more than these are all
# Where the gazetteer has no counties: the large town nearby, else the province.
LARGE_TOWN_MILES: Final = 40
LARGE_TOWN_POPULATION: Final = 100_000


@dataclass(frozen=True, slots=True)
class FollowChoice:
    """The workshops that somebody follows.

    Who has equal choices is notified of the same. Without kinds it is all workshops of the
    public list; without an area, one workshop.
    """

    area: GazetteerPlace | None = None
    miles: int = USUAL_DISTANCE
    has_online: bool = True
    kinds: tuple[str, ...] = ()  # codes, in their order


@dataclass(frozen=True, slots=True)
class FollowDetails:
    """All that is encrypted of a follow.

    `recipient` is an e-mail, a phone in E.164 form, or a push subscription as JSON.
    """

    recipient: str
    lang: str
    choice: FollowChoice

    def __repr__(self) -> str:
        return "FollowDetails()"  # a log line must not show an address


def find_zone(choice: FollowChoice) -> ZoneInfo | None:
    """Returns the time zone of the place of a choice, where it has one."""
    return None if choice.area is None else time_zones.find_zone_of_place(choice.area)


def may_be_followed(kind: Kind, channel: FollowChannel) -> bool:
    """Tells whether this one kind may be a choice.

    A discreet one never may, and one of high sensitivity only where no e-mail and no phone is left.
    """
    if kind.is_discreet:
        return False
    return channel is FollowChannel.PUSH or kind.sensitivity not in HIGH_SENSITIVITIES


def list_refused(kinds: Iterable[Kind], channel: FollowChannel) -> list[Kind]:
    """Returns those of the kinds that may not be followed one by one."""
    return [each for each in kinds if not may_be_followed(each, channel)]


def leave_out_refused(
    choice: FollowChoice, kinds: Iterable[Kind], channel: FollowChannel
) -> FollowChoice:
    """Returns the choice without kinds that became discreet or of high sensitivity since it was
    stored.

    Where none is left it is all workshops, as the form offers.
    """
    refused = {each.code for each in list_refused(kinds, channel)}
    return replace(choice, kinds=tuple(each for each in choice.kinds if each not in refused))


def coarsen(where: Location) -> GazetteerPlace | None:
    """Returns the area that is stored for a place: its county, else a large town nearby, or its
    state.

    None where the place is not known, or several are meant.
    """
    if where.position is None or not where.region:
        return None
    places, found = gazetteer.load(), None
    if where.scale is not LocationScale.REGION:
        if places.has_counties(network_profile.country_of(where.region)):
            found = places.find_county(where.region, where.position)
        else:
            found = places.find_largest(where.region, where.position, LARGE_TOWN_MILES)
            if found is not None and found.population < LARGE_TOWN_POPULATION:
                found = None
    found = found or places.region_places.get(where.region)
    if found is None:  # in a country whose places the gazetteer does not have
        names = regions.find_names(where.region) or {}
        name = names.get("en", where.region)
        return GazetteerPlace(PlaceKind.REGION, name, where.region, where.position)
    return _bare(found)


def _bare(place: GazetteerPlace) -> GazetteerPlace:
    """Returns the place with nothing but what is stored of it."""
    return GazetteerPlace(place.kind, place.name, place.region, place.position)


def pack(details: FollowDetails) -> bytes:
    choice, area = details.choice, details.choice.area
    values = [
        details.recipient,
        details.lang,
        list(choice.kinds),
        choice.miles,
        choice.has_online,
        None if area is None else [area.kind.value, area.name, area.region, *area.position],
    ]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(packed: bytes) -> FollowDetails:
    recipient, lang, kinds, miles, has_online, area = json.loads(packed)
    place = None
    if area is not None:
        kind, name, region, latitude, longitude = area
        place = GazetteerPlace(PlaceKind(kind), name, region, (latitude, longitude))
    return FollowDetails(recipient, lang, FollowChoice(place, miles, has_online, tuple(kinds)))


def sort_codes(kinds: Collection[Kind]) -> tuple[str, ...]:
    """Returns the codes of kinds, as a choice has them: in one order, and none for all."""
    in_order = sorted(kinds, key=lambda each: (each.position, each.code))
    codes = tuple(each.code for each in in_order)
    return codes if len(codes) <= MAX_KINDS else ()
