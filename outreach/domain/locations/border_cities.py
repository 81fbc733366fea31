"""Cities of Mexico across from a town of the United States: «Juárez» leads to El Paso.

Who lives there crosses for a workshop. Only where Mexico is no country of the network, whose
gazetteer then has these cities themselves."""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from outreach import network_profile
from outreach.countries import packs
from outreach.domain.locations import gazetteer
from outreach.domain.locations.gazetteer import GazetteerPlace
from outreach.domain.locations.place_text import canonicalize

# Short forms that mean a region of another country, or none, where no city stands before them.
_STATE_WORDS: Final = {"MX-BCN": {"bc", "baja"}, "MX-SON": {"son"}}
_COUNTRY_WORDS: Final = {"mx", "mex"}


class BorderCity(NamedTuple):
    names: Sequence[str]
    region: str  # its state in Mexico
    needs_state: bool  # whether its name alone means another place
    town: str  # where the office across the border is, in the United States
    town_region: str


def find(words: str) -> list[GazetteerPlace]:
    """Returns the town across the border from the city that a text names, or an empty list.

    The text is as `canonicalize` writes it, with or without the city's state.
    """
    if not _is_across():
        return []
    across = _load().get(words)
    if across is None:
        return []
    towns = gazetteer.load().find(canonicalize(across.town))
    own = [each for each in towns if each.region == across.town_region]
    return own[:1]


def list_names() -> list[str]:
    """Returns the names without their states; misspelled texts are compared with them."""
    if not _is_across():
        return []
    return [canonicalize(name) for city in read() if not city.needs_state for name in city.names]


def read() -> list[BorderCity]:
    data = resources.files("outreach.domain.locations") / "data" / "border_cities.csv"
    rows = csv.DictReader(data.read_text(encoding="utf-8").splitlines())
    return [
        BorderCity(
            row["names"].split("|"), row["state"], row["needs_state"] == "yes",
            row["town"], row["town_region"],
        )
        for row in rows
    ]  # fmt: skip


def _is_across() -> bool:
    """Tells whether the network has the country of the towns, and not that of the cities."""
    own = network_profile.current().countries
    here, across = _countries()
    return across in own and here not in own


@cache
def _countries() -> tuple[str | None, str | None]:
    """Returns the country of the cities and that of the towns across, by the codes of their
    states.
    """
    first = read()[0]
    return packs.find_country(first.region), packs.find_country(first.town_region)


@cache
def _load() -> Mapping[str, BorderCity]:
    """Returns the border cities by what people type: the name, with its state in any spelling,
    with the country.
    """
    pack = packs.load(_countries()[0] or "")
    states = {
        each.code: {
            *map(canonicalize, each.names.values()), *each.also, *_STATE_WORDS.get(each.code, ()),
        }
        for each in pack.regions
    }  # fmt: skip
    countries = {*pack.also, *_COUNTRY_WORDS}
    found: dict[str, BorderCity] = {}
    for city in read():
        for name in map(canonicalize, city.names):
            forms = {f"{name} {state}" for state in states[city.region]}
            forms |= {f"{form} {country}" for form in forms for country in countries}
            if not city.needs_state:
                forms |= {name, *(f"{name} {country}" for country in countries)}
            for form in forms:
                found.setdefault(form, city)
    return found
