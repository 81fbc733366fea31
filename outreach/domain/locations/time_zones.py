"""The time zone of a place, from the boundaries of zones (tzfpy)."""

from zoneinfo import ZoneInfo

import tzfpy

from outreach import reader_zone
from outreach.domain.locations import gazetteer
from outreach.domain.locations.gazetteer import GazetteerPlace, PlaceKind, Position
from outreach.domain.locations.geocoding import Location, LocationScale


def find_zone(where: Location) -> ZoneInfo | None:
    """Returns the zone of a place.

    None where it has several, as Texas has, or where no place was found or chosen.
    """
    if where.scale is LocationScale.REGION:
        return find_zone_of_region(where.region, where.position)
    return None if where.position is None else find_zone_at(where.position)


def find_zone_of_place(place: GazetteerPlace) -> ZoneInfo | None:
    """Returns the zone of a place of the gazetteer; None for a region with several."""
    if place.kind is PlaceKind.REGION:
        return find_zone_of_region(place.region, place.position)
    return find_zone_at(place.position)


def find_zone_at(position: Position) -> ZoneInfo | None:
    """Returns the zone at a latitude and longitude in degrees."""
    return reader_zone.parse(_find_key(position))


def find_zone_of_region(region: str, centre: Position | None) -> ZoneInfo | None:
    """Returns the zone of all counties of a state or province; where we know none, that of its
    centre.

    None where the counties have several.
    """
    keys = {_find_key(each.position) for each in gazetteer.load().counties(region)}
    if not keys and centre is not None:
        keys = {_find_key(centre)}
    return reader_zone.parse(keys.pop()) if len(keys) == 1 else None


def _find_key(position: Position) -> str:
    latitude, longitude = position
    return tzfpy.get_tz(longitude, latitude)
