"""Offices by place and by name, and the place names that they add, as a search asks for them."""

from collections.abc import Mapping, Sequence, Set
from functools import cached_property
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.base import Words
from outreach.domain.locations import city_names, gazetteer, office_places, place_text, regions
from outreach.domain.locations.gazetteer import (
    GazetteerPlace,
    PlaceKind,
    Position,
    miles_between,
)
from outreach.domain.locations.place_text import canonicalize, without_article
from outreach.domain.network.offices import Office
from outreach.domain.text import fold
from outreach.memory_cache import is_silent
from outreach.network_profile import country_of

MAX_MILES_FROM_OFFICE: Final = 15  # from its city's position in the gazetteer
CITY_POPULATION: Final = 1_000_000  # where the gazetteer lacks the office's city
_PREPOSITIONS: Final = frozenset({"en", "in", "a", "au", "aux"})  # as `canonicalize` writes them


class KnownOffices:
    """Offices in the order of their slugs, as rows or entities. Read only: threads share it.

    What a look-up needs is made at the first one. `places` are those of `office_places`."""

    def __init__(self, offices: Sequence[Any], places: Mapping[str, list[GazetteerPlace]]) -> None:
        self._offices = offices
        self._places = places
        self._city_names: dict[int, Set[str]] = {}  # by the id of the office

    def find_places(self, words: str) -> list[GazetteerPlace]:
        """Returns the places that offices add under a name, and their cities that the gazetteer
        lacks.

        The name is as `canonicalize` writes it.
        """
        key = without_article(words)
        return [*self._places.get(key, ()), *self._cities.get(key, ())]

    def complete(self, words: str) -> list[GazetteerPlace]:
        """Returns the cities of offices whose name begins so and that the gazetteer lacks."""
        key = without_article(words)
        if len(key) < 2:
            return []
        begun = (those for name, those in self._cities.items() if name.startswith(key))
        return list(dict.fromkeys(chain.from_iterable(begun)))

    def find_in(self, place: GazetteerPlace) -> Any:
        """Returns the office in a town, if it has one."""
        if place.kind is not PlaceKind.TOWN or place.parent:
            return None
        names = {
            without_article(canonicalize(name)) for name in (place.name, *place.names.values())
        }
        return next(
            (
                office
                for office in self._by_region.get(place.region, ())
                if not names.isdisjoint(self._get_city_names(office))
                and miles_between(place.position, _position(office)) < MAX_MILES_FROM_OFFICE
            ),
            None,
        )

    def list_cities(self, country: str) -> tuple[GazetteerPlace, ...]:
        """Returns the cities of the offices of a country, by its code, in alphabetical order."""
        own = (each for each in self._offices if country_of(each.region) == country)
        return tuple(map(_make_city, sorted(own, key=lambda each: fold(each.city))))

    def find_named(self, text: str) -> Any:
        """Finds the office of this slug, city or name, as `fold` writes them."""
        found = self._by_name.get(text)
        return self.find_by_full_name(text) if found is None and " " in text else found

    def find_by_full_name(self, text: str) -> Any:
        """Finds the office of this whole name, as `fold` writes it."""
        return self._by_full_name.get(text)

    def find_nearest(self, position: Position) -> Any:
        """Returns the office nearest to a position in degrees, which is near enough to tell a
        time zone.
        """
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
    def _cities(self) -> dict[str, list[GazetteerPlace]]:
        """The cities of offices that the gazetteer lacks, since it has few countries, by name."""
        places, found = gazetteer.load(), dict[str, list[GazetteerPlace]]()
        for office in self._offices:
            same_name = places.find(canonicalize(office.city))
            if not any(each.region == office.region for each in same_name):
                place = _make_city(office)
                for name in self._get_city_names(office):
                    found.setdefault(name, []).append(place)
        return dict(sorted(found.items()))

    def _get_city_names(self, office: Any) -> Set[str]:
        """Returns what people call the office's city.

        The names are made once, when a look-up in its state asks for them: there may be
        2,000 offices.
        """
        names = self._city_names.get(office.id)
        if names is None:
            names = _list_city_names(office)
            if not is_silent():
                self._city_names[office.id] = names
        return names

    @cached_property
    def _by_region(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for each in self._offices:
            found.setdefault(each.region, []).append(each)
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


def _position(office: Any) -> Position:
    return office.latitude, office.longitude


def _make_city(office: Any) -> GazetteerPlace:
    return GazetteerPlace(
        PlaceKind.TOWN, office.city, office.region, _position(office), CITY_POPULATION,
        names=_localize(office),
    )  # fmt: skip


def _localize(office: Any) -> Words:
    """Returns the name of the office's city by language."""
    return {
        lang: city_names.localize(office.city, office.region, lang) for lang in city_names.LANGUAGES
    }


def _list_city_names(office: Any) -> set[str]:
    """Returns what people call the office's city, without the article.

    It includes what the office's name ends with in each language, «… de España en Ginebra»,
    «… of Spain in Geneva», unless that is a country or a state.
    """
    found = {canonicalize(office.city), canonicalize(office.slug.replace("-", " "))}
    found.update(map(canonicalize, _localize(office).values()))
    for name in office.name.values():
        words = canonicalize(name).split()
        last = max((at for at, word in enumerate(words) if word in _PREPOSITIONS), default=None)
        end = "" if last is None else " ".join(words[last + 1 :])
        if not place_text.find_country(end) and not place_text.find_region(end):
            found.add(end)
    return {without_article(each) for each in found if each}


def load(session: Session) -> KnownOffices:
    """Returns all offices and their place names, as they are now."""
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
