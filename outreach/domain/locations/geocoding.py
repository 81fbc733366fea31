"""Geocoding: what a typed place means, with the offices and venues that are there.

`interpretation` says what the words mean; this module adds what an installation knows: its offices,
the names that they have added, the cities of its venues. Nothing typed is stored or logged.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.countries import packs
from outreach.domain.locations import (
    gazetteer,
    interpretation,
    known_offices,
    place_text,
    regions,
)
from outreach.domain.locations.gazetteer import GazetteerPlace, PlaceKind, miles_between
from outreach.domain.locations.interpretation import MAX_TYPED, Meaning, MeaningKind
from outreach.domain.locations.known_offices import KnownOffices
from outreach.domain.locations.place_text import canonicalize
from outreach.domain.locations.venues import Venue
from outreach.domain.text import fold
from outreach.network_profile import country_of

MAX_OFFICES_OF_COUNTRY: Final = 100  # that a person can choose from


class LocationScale(StrEnum):
    EVERYWHERE = "everywhere"
    OFFICE = "office"
    CITY = "city"
    REGION = "region"
    COUNTRY = "country"  # the whole of one, of feeds and programs only (`resolve_stored`)
    NEAR = "near"  # around a position
    CHOICE = "choice"  # several places are meant
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Location:
    """The place that a text means.

    `region` is a code, `position` latitude and longitude in degrees. `place` is the
    gazetteer's, and None where only an office or venue has the name; `others` are the places
    of a choice, or those that have the same name; `guesses` are names like an unknown one.
    """

    scale: LocationScale
    typed: str = ""
    name: str = ""  # as it is spelled: «Rockford»
    region: str = ""
    office: int | None = None
    city: str = ""  # folded
    position: tuple[float, float] | None = None
    place: GazetteerPlace | None = None
    others: tuple[GazetteerPlace, ...] = ()
    guesses: tuple[GazetteerPlace, ...] = field(default=())
    country: str = ""  # the code of a country, or of a choice between the cities of one

    @property
    def spelling(self) -> str:
        """The canonical spelling, which `resolve` maps to the same place: IL, joliet il, 60608."""
        if self.scale is LocationScale.REGION:
            return self.region
        if self.scale is LocationScale.COUNTRY:
            return self.typed
        if self.scale is LocationScale.NEAR and self.place is not None:
            return self.place.spelling
        return f"{fold(self.name)} {self.region.lower()}".strip()


ANYWHERE: Final = Location(scale=LocationScale.EVERYWHERE)


def resolve(session: Session, typed: str, *, offices: KnownOffices | None = None) -> Location:
    """Returns the place that a typed text means.

    It is of scale CHOICE where the text means several, of scale UNKNOWN where it is not
    found. `offices` are all offices, if the caller has them.
    """
    text = typed.strip()[:MAX_TYPED]
    if not text:
        return ANYWHERE
    known = offices or known_offices.load(session)
    if len(text.split()) > 3 and (named := known.find_by_full_name(fold(text))) is not None:
        return _office(named)
    meaning = _interpret(known, text)
    if (country := _by_country(known, text, meaning)) is not None:
        return country
    if meaning.kind is MeaningKind.UNKNOWN:
        return (
            _by_office_name(known, text)
            or _by_venue_city(session, fold(text))
            or _by_region_name(text)
            or Location(scale=LocationScale.UNKNOWN, typed=text, guesses=meaning.guesses)
        )
    if meaning.kind is MeaningKind.CHOICE:
        return Location(scale=LocationScale.CHOICE, typed=text, others=meaning.others)
    return replace(_locate(session, known, meaning.place), others=meaning.others)


def resolve_stored(session: Session, spelling: str) -> Location:
    """Returns the place that a feed's address or a program names, without ever asking back.

    A code or name of a state is the state, a name of a country the whole country, and of
    several places of a name it is the largest. Calendars keep addresses for years, so what
    they mean does not change.
    """
    text = spelling.strip()[:MAX_TYPED]
    offices = known_offices.load(session)
    if office := _by_office_name(offices, text):
        return office
    if (code := regions.find_region_code(text)) is not None:
        return _region(code)
    if (country := _whole_country(offices, text)) is not None:
        return country
    found = resolve(session, text, offices=offices)
    if found.scale is not LocationScale.CHOICE:
        return replace(found, others=())
    return next(
        (
            place
            for each in found.others
            if (place := _locate(session, offices, each)).scale is LocationScale.CITY
        ),
        _locate(session, offices, max(found.others, key=lambda each: each.population)),
    )


def distance_in_miles(
    position: tuple[float, float] | None, latitude: float | None, longitude: float | None
) -> float | None:
    """Returns the distance in miles, to within half a percent; None if unknown."""
    if position is None or latitude is None or longitude is None:
        return None
    return miles_between(position, (latitude, longitude))


def _locate(session: Session, offices: KnownOffices, place: GazetteerPlace | None) -> Location:
    """Turns a place of the gazetteer into an office's city, a city with a venue, or a position."""
    assert place is not None
    if place.kind is PlaceKind.REGION:
        return _region(place.region)
    office = offices.find_in(place)
    if office is not None:
        return replace(_office(office), place=place)
    venue = _venue_in(session, place) if place.kind is PlaceKind.TOWN else None
    near = Location(
        scale=LocationScale.NEAR,
        typed=place.code,
        name=place.name,
        region=place.region,
        position=place.position,
        place=place,
    )
    if venue is None:
        return near
    return replace(near, scale=LocationScale.CITY, name=venue.city, city=venue.city_plain)


def _region(code: str) -> Location:
    place = gazetteer.load().region_places.get(code)
    return Location(
        scale=LocationScale.REGION,
        typed=code,
        region=code,
        position=None if place is None else place.position,
        place=place,
    )


def _by_region_name(typed: str) -> Location | None:
    """Finds a region that the gazetteer does not have: the whole of a country without a pack."""
    code = regions.find_region_code(typed)
    return None if code is None else _region(code)


def _interpret(known: KnownOffices, text: str) -> Meaning:
    return interpretation.interpret(
        text, extra=known.find_places, is_main=lambda place: known.find_in(place) is not None
    )


def _whole_country(known: KnownOffices, typed: str) -> Location | None:
    """Returns the country of the network that was typed, if it has a pack.

    It is spelled as in addresses: by its first name that means nothing else. A country
    without a pack is its only region.
    """
    country = place_text.find_country_alone(typed)
    if country not in packs.list_codes() or _is_known_by(_interpret(known, typed).place, typed):
        return None
    names = (
        name
        for name in packs.load(country).also
        if regions.find_region_code(name) is None and _by_office_name(known, name) is None
    )
    return Location(scale=LocationScale.COUNTRY, typed=next(names, typed), country=country)


def _by_country(known: KnownOffices, typed: str, meaning: Meaning) -> Location | None:
    """Returns the cities of the offices of a country that was typed; for one without a pack,
    all of it.

    None where the name of the country rather means a place (Guatemala is a department,
    Francia a hamlet of Honduras and a country), and where the country has no office, or too
    many to choose from.
    """
    country = place_text.find_country_alone(typed)
    if country is None:
        return None
    is_also_region = meaning.kind is MeaningKind.REGION and country not in packs.list_codes()
    if not is_also_region and _is_known_by(meaning.place, typed):
        return None
    if country not in packs.list_codes():
        whole = _region(packs.load(country).regions[0].code)
        places = () if meaning.place is None else (meaning.place,)
        if meaning.kind is MeaningKind.REGION:  # «Georgia», the state as well
            both = (*places, _make_country(known, whole.region), *meaning.others)
            return Location(scale=LocationScale.CHOICE, typed=typed, others=both)
        return replace(whole, others=places + meaning.others)
    cities = known.list_cities(country)
    if not 0 < len(cities) <= MAX_OFFICES_OF_COUNTRY:
        return None
    return Location(scale=LocationScale.CHOICE, typed=typed, country=country, others=cities)


def _make_country(known: KnownOffices, region: str) -> GazetteerPlace:
    """Makes a place of the only region of a country, about where its first office is."""
    names = regions.find_names(region) or {}
    office = next(iter(known.list_cities(country_of(region))), None)
    position = (0.0, 0.0) if office is None else office.position
    return GazetteerPlace(PlaceKind.REGION, names.get("en", region), region, position, names=names)


def _is_known_by(place: GazetteerPlace | None, typed: str) -> bool:
    """Tells whether the place is a region or large town that has the typed name."""
    if place is None or place.population < interpretation.MIN_EVERYDAY_NAMESAKE:
        return False
    names = {canonicalize(name) for name in (place.name, *place.names.values())}
    return not names.isdisjoint(place_text.list_meant(canonicalize(typed)))


def _office(row: Any) -> Location:
    return Location(
        scale=LocationScale.OFFICE,
        typed=row.slug,
        name=row.city,
        region=row.region,
        office=row.id,
        city=fold(row.city),
        position=(row.latitude, row.longitude),
    )


def _by_office_name(offices: KnownOffices, typed: str) -> Location | None:
    """Finds an office by its slug, its city or one of its names."""
    found = offices.find_named(fold(typed))
    return None if found is None else _office(found)


def _venue_in(session: Session, place: GazetteerPlace) -> Any:
    """Returns the city of a venue in this town, as the venue spells it and folded; None without
    a venue.
    """
    names = {fold(name) for name in (place.name, *place.names.values())}
    values = {"names": sorted(names), "region": place.region}
    return session.connection().execute(_VENUE_CITIES, values).first()


_VENUE_CITIES: Final = (
    sa.select(Venue.city, Venue.city_plain)
    .where(
        Venue.city_plain.in_(sa.bindparam("names", expanding=True)),
        Venue.region == sa.bindparam("region"),
    )
    .order_by(Venue.id)
    .limit(1)
)


_VENUES: Final = (
    sa.select(Venue.city, Venue.city_plain, Venue.region, Venue.near_latitude, Venue.near_longitude)
    .where(Venue.city_plain == sa.bindparam("city"))
    .order_by(Venue.id)
    .limit(1)
)
_VENUES_IN_REGION: Final = _VENUES.where(Venue.region == sa.bindparam("region"))


def _by_venue_city(session: Session, text: str) -> Location | None:
    """Finds a city with a venue that the gazetteer does not have: «joliet», «joliet il»."""
    city, _, last = text.rpartition(" ")
    region = regions.find_region_code(last) if city else None
    name = city if region else text
    statement = _VENUES if region is None else _VENUES_IN_REGION
    venue = session.connection().execute(statement, {"city": name, "region": region}).first()
    if venue is None:
        return None
    return Location(
        scale=LocationScale.CITY,
        typed=text,
        name=venue.city,
        region=venue.region,
        city=venue.city_plain,
        position=(venue.near_latitude, venue.near_longitude),
    )
