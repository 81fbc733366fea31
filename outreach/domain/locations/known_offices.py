"""Offices by place and by name, and the place names that they add, as a search asks for them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.locations import office_places, regions
from outreach.domain.locations.gazetteer import (
    GazetteerPlace,
    PlaceKind,
    Position,
    miles_between,
)
from outreach.domain.locations.place_text import canonicalize, without_article
from outreach.domain.network.offices import Office
from outreach.domain.text import fold
from outreach.network_profile import country_of

MAX_MILES_FROM_OFFICE: Final = 15  # of its city's position in the gazetteer


class KnownOffices:
    """Offices in the order of their slugs, as rows or entities. Read only: threads share it.

    What a look-up needs is made at the first one. `places` are those of `office_places`."""

    def __init__(self, offices: Sequence[Any], places: Mapping[str, list[GazetteerPlace]]) -> None:
        self._offices = offices
        self._places = places

    def find_places(self, words: str) -> list[GazetteerPlace]:
        """The places that offices add under a name, as `canonicalize` writes it."""
        return self._places.get(without_article(words), [])

    def find_in(self, place: GazetteerPlace) -> Any:
        """The office in a town, if it has one."""
        if place.kind is not PlaceKind.TOWN or place.parent:
            return None
        names = {canonicalize(name) for name in (place.name, *place.names.values())}
        return next(
            (
                office
                for office, city, position in self._by_region.get(place.region, ())
                if city in names and miles_between(place.position, position) < MAX_MILES_FROM_OFFICE
            ),
            None,
        )

    def list_in_country(self, country: str) -> list[Any]:
        """The offices of a country, by its code, in the alphabetical order of their cities."""
        own = (each for each in self._offices if country_of(each.region) == country)
        return sorted(own, key=lambda each: fold(each.city))

    def find_named(self, text: str) -> Any:
        """The office of this slug, city or name, as `fold` writes them."""
        found = self._by_name.get(text)
        return self.find_by_full_name(text) if found is None and " " in text else found

    def find_by_full_name(self, text: str) -> Any:
        """The office of this whole name, as `fold` writes it."""
        return self._by_full_name.get(text)

    def find_nearest(self, position: Position) -> Any:
        """The office nearest to a position in degrees, which is near enough to tell a time zone."""
        latitude, longitude = position
        nearest = min(
            self._positions,
            key=lambda each: (each[0] - latitude) ** 2 + (each[1] - longitude) ** 2,
            default=None,
        )
        return None if nearest is None else nearest[2]

    @cached_property
    def _positions(self) -> list[tuple[float, float, Any]]:
        return [(each.latitude, each.longitude, each) for each in self._offices]

    @cached_property
    def _by_region(self) -> dict[str, list[tuple[Any, str, Position]]]:
        found: dict[str, list[tuple[Any, str, Position]]] = {}
        for each in self._offices:
            entry = each, canonicalize(each.city), (each.latitude, each.longitude)
            found.setdefault(each.region, []).append(entry)
        return found

    @cached_property
    def _by_name(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in self._offices:
            states = (each.region, *(regions.find_names(each.region) or {}).values())
            for name in (each.slug, each.city, *(f"{each.city} {state}" for state in states)):
                found.setdefault(fold(name), each)
        return found

    @cached_property
    def _by_full_name(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in sorted(self._offices, key=lambda each: int(each.id)):
            for name in each.name.values():
                found.setdefault(fold(name), each)
        return found


def load(session: Session) -> KnownOffices:
    """All offices and their place names, as they are now."""
    offices = session.connection().execute(_OFFICES).all()
    return KnownOffices(offices, office_places.load_places(session))


_OFFICES: Final = sa.select(
    Office.id,
    Office.slug,
    Office.city,
    Office.region,
    Office.latitude,
    Office.longitude,
    Office.name,
).order_by(Office.slug)
