"""Geocoding: what a typed place means, with the offices and venues that are there.

`interpretation` says what the words mean; this module adds what an installation knows: its offices,
the names that they have added, the cities of its venues. Nothing typed is stored or logged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.locations import gazetteer, interpretation, office_places, regions
from outreach.domain.locations.gazetteer import GazetteerPlace, PlaceKind, miles_between
from outreach.domain.locations.interpretation import MAX_TYPED, MeaningKind
from outreach.domain.locations.place_text import canonicalize, without_article
from outreach.domain.locations.venues import Venue
from outreach.domain.network.offices import Office
from outreach.domain.text import fold

MAX_MILES_FROM_OFFICE: Final = 15  # of its city's position in the gazetteer


class LocationScale(StrEnum):
    EVERYWHERE = "everywhere"
    OFFICE = "office"
    CITY = "city"
    REGION = "region"
    NEAR = "near"  # around a position
    CHOICE = "choice"  # of several places
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Location:
    """A place. `region` is a code, `position` latitude and longitude in degrees.

    `place` is the gazetteer's, without one where only an office or venue has the name; `others` are
    the places of a choice, or those that have the same name; `guesses` are names like an unknown
    one."""

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

    @property
    def spelling(self) -> str:
        """The canonical spelling, which `resolve` maps to the same place: IL, joliet il, 60608."""
        if self.scale is LocationScale.REGION:
            return self.region
        if self.scale is LocationScale.NEAR and self.place is not None:
            return self.place.spelling
        return f"{fold(self.name)} {self.region.lower()}".strip()


ANYWHERE: Final = Location(scale=LocationScale.EVERYWHERE)


def resolve(
    session: Session, typed: str, *, known_offices: Sequence[Office] | None = None
) -> Location:
    """The place that a typed text means; of scale CHOICE where it means several, of scale UNKNOWN
    where it is not found. `known_offices` are all offices by slug, if the caller has them."""
    text = typed.strip()[:MAX_TYPED]
    if not text:
        return ANYWHERE
    offices = known_offices or _list_offices(session)
    if len(text.split()) > 3 and (named := _by_full_name(session, offices, fold(text))):
        return named
    words = canonicalize(text)
    added = office_places.find_places(session, _parts(words)) if words else {}
    meaning = interpretation.interpret(
        text,
        extra=lambda name: added.get(without_article(name), []),
        is_main=lambda place: _office_in(offices, place) is not None,
    )
    if meaning.kind is MeaningKind.UNKNOWN:
        known = _by_office_name(session, offices, text) or _by_venue_city(session, fold(text))
        return known or Location(scale=LocationScale.UNKNOWN, typed=text, guesses=meaning.guesses)
    if meaning.kind is MeaningKind.CHOICE:
        return Location(scale=LocationScale.CHOICE, typed=text, others=meaning.others)
    return replace(_locate(session, offices, meaning.place), others=meaning.others)


def resolve_stored(session: Session, spelling: str) -> Location:
    """The place that a feed's address or a program names. It never asks: a code or name of a state
    is the state, and of several places of a name it is the largest. Addresses are kept for years
    by calendars, so what they mean does not change."""
    text = spelling.strip()[:MAX_TYPED]
    if office := _by_office_name(session, _list_offices(session), text):
        return office
    if (code := regions.find_region_code(text)) is not None:
        return _region(code)
    found = resolve(session, text)
    if found.scale is not LocationScale.CHOICE:
        return replace(found, others=())
    offices = _list_offices(session)
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
    """The distance in miles, to within half a percent; None if unknown."""
    if position is None or latitude is None or longitude is None:
        return None
    return miles_between(position, (latitude, longitude))


def _parts(words: str) -> set[str]:
    """Every text of neighbouring words."""
    each = words.split()[: interpretation.MAX_WORDS]
    return {
        " ".join(each[start:end])
        for start in range(len(each))
        for end in range(start + 1, len(each) + 1)
    }


def _locate(session: Session, offices: Sequence[Any], place: GazetteerPlace | None) -> Location:
    """A place of the gazetteer as an office's city, a city with a venue, or a position."""
    assert place is not None
    if place.kind is PlaceKind.REGION:
        return _region(place.region)
    office = _office_in(offices, place)
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


def _list_offices(session: Session) -> Sequence[Any]:
    return session.execute(_OFFICES).all()


_OFFICES: Final = sa.select(
    Office.id, Office.slug, Office.city, Office.region, Office.latitude, Office.longitude
).order_by(Office.slug)


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


def _office_in(offices: Sequence[Any], place: GazetteerPlace) -> Any:
    """The office in a town, if it has one."""
    if place.kind is not PlaceKind.TOWN or place.parent:
        return None
    names = {canonicalize(name) for name in (place.name, *place.names.values())}
    # At most eleven of a state.
    return next(
        (
            row
            for row in offices
            if row.region == place.region
            and canonicalize(row.city) in names
            and miles_between(place.position, (row.latitude, row.longitude)) < MAX_MILES_FROM_OFFICE
        ),
        None,
    )


def _by_office_name(session: Session, offices: Sequence[Any], typed: str) -> Location | None:
    """An office by its slug, its city or one of its names."""
    text = fold(typed)
    for row in offices:
        states = (row.region, *regions.NAMES.get(row.region, {}).values())
        names = {fold(row.slug), fold(row.city), *(fold(f"{row.city} {each}") for each in states)}
        if text in names:
            return _office(row)
    return _by_full_name(session, offices, text) if " " in text else None


def _by_full_name(session: Session, offices: Sequence[Any], text: str) -> Location | None:
    for office_id, names_by_language in session.execute(sa.select(Office.id, Office.name)):
        if text in {fold(name) for name in names_by_language.values()}:
            return next(_office(row) for row in offices if row.id == office_id)
    return None


def _venue_in(session: Session, place: GazetteerPlace) -> Any:
    """The city of a venue in a town, if it has one: as the venue has it, and folded."""
    names = {fold(name) for name in (place.name, *place.names.values())}
    return session.execute(_VENUE_CITIES, {"names": sorted(names), "region": place.region}).first()


_VENUE_CITIES: Final = (
    sa.select(Venue.city, Venue.city_plain)
    .where(
        Venue.city_plain.in_(sa.bindparam("names", expanding=True)),
        Venue.region == sa.bindparam("region"),
    )
    .order_by(Venue.id)
    .limit(1)
)


def _by_venue_city(session: Session, text: str) -> Location | None:
    """A city with a venue that the gazetteer does not have: «joliet», «joliet il»."""
    city, _, last = text.rpartition(" ")
    region = regions.find_region_code(last) if city else None
    query = sa.select(Venue).where(Venue.city_plain == (city if region else text))
    if region is not None:
        query = query.where(Venue.region == region)
    venue = session.scalars(query.order_by(Venue.id).limit(1)).first()
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
