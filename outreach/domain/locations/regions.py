"""States, provinces and departments of the network's countries: names, codes, the tile map.

What they are stands in the packs (`outreach.countries`)."""

from functools import cache
from typing import Final

from outreach import network_profile
from outreach.countries import packs
from outreach.db.base import Words
from outreach.domain.text import fold

# Spellings that addresses of calendars have, which are kept for years.
_OTHER_SPELLINGS: Final = {"misouri": "MO", "tejas": "TX"}


def load_names() -> dict[str, Words]:
    """Returns the names of the network's regions by language, by their code, in the order of
    the packs.
    """
    return _names(network_profile.current().countries)


def find_names(code: str) -> Words | None:
    """Returns the names of a region of any country, also of one that the network has left.

    None for a code that is of no region.
    """
    found = packs.find_region(code)
    return None if found is None else found.names


def abbreviate(code: str, lang: str) -> str:
    """Returns a region as it is written behind a city: IL, as the post does; Jalisco, Perú,
    whose codes nobody knows.
    """
    names = find_names(code) if "-" in code else None
    return code if names is None else names[lang]


def after_city(city: str, code: str, lang: str) -> str:
    """Writes a city with its region, unless the region is that one city.

    Chicago, IL · Guadalajara, Jalisco · Lima, Perú · Berlín
    """
    region = abbreviate(code, lang)
    return city if fold(city) == fold(region) else f"{city}, {region}"


def load_tiles() -> dict[str, tuple[int, int]]:
    """Returns where regions are drawn on the tile map: column and row by code.

    Empty where no country of the network has tiles, or there are many countries, most of
    which would not be on it.
    """
    profile = network_profile.current()
    return {} if profile.has_many_countries else _tiles(profile.countries)


def find_region_code(text: str) -> str | None:
    """Returns the code of a region by its name in any of the languages, or by its code.

    Accents and capitals do not matter.
    """
    return _codes(network_profile.current().countries).get(fold(text))


def make_iso_code(code: str) -> str:
    """The code of ISO 3166-2: US-IL, MX-JAL."""
    return code if "-" in code else f"{network_profile.country_of(code)}-{code}"


@cache
def _names(countries: tuple[str, ...]) -> dict[str, Words]:
    return {each.code: each.names for code in countries for each in packs.load(code).regions}


@cache
def _tiles(countries: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    found = {
        each.code: each.tile
        for code in countries
        for each in packs.load(code).regions
        if each.tile is not None
    }
    return dict(sorted(found.items(), key=lambda item: item[1][::-1]))  # row by row


@cache
def _codes(countries: tuple[str, ...]) -> dict[str, str]:
    names = _names(countries)
    found = {word: code for word, code in _OTHER_SPELLINGS.items() if code in names}
    found |= {fold(name): code for code, those in names.items() for name in those.values()}
    return found | {fold(code): code for code in names}
