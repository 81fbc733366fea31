"""Names of cities by language, one spelling each: Nueva York, New York; Montreal, Montréal.

Those of the United States and Canada stand in a file, with some of other countries; of these, the
cities of time zones are known from CLDR: Tokio, Tokyo."""

import csv
from functools import cache
from importlib import resources
from typing import Final

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location

from outreach.countries import packs
from outreach.db.base import Words
from outreach.domain.locations import regions
from outreach.domain.text import fold
from outreach.memory_cache import remember

LANGUAGES: Final = ("es", "en", "fr")


@cache
def load() -> dict[tuple[str, str], Words]:
    """Returns the names of cities that differ by language, by region and the gazetteer's name."""
    data = resources.files("outreach.domain.locations") / "data" / "localized_names.csv"
    rows = csv.DictReader(data.read_text(encoding="utf-8").splitlines())
    return {(row["region"], row["place"]): {each: row[each] for each in LANGUAGES} for row in rows}


@remember(4096)  # a page of the list asks for those of its cards, twice
def localize(city: str, region: str, lang: str) -> str:
    """Returns the city's name in a language, whatever the language and accents it was typed in."""
    names = _by_spelling().get((region, fold(city)))
    if names is None and "-" in region:  # neither of the United States nor of Canada
        names = _load_zone_cities(packs.find_country(region)).get(fold(city))
    return names.get(lang, city) if names else city  # a language added later has none


def with_region(city: str, region: str, lang: str) -> str:
    """Writes a city in a language with its region, unless its name has the region already.

    Nueva York, NY · Tokio, Japón · Washington, D.C.
    """
    name = localize(city, region, lang)
    return name if region == "DC" and "," in name else regions.after_city(name, region, lang)


@cache
def _load_zone_cities(country: str | None) -> dict[str, Words]:
    """Returns the names by language of the cities of the country's time zones, by each of their
    names.
    """
    found: dict[str, Words] = {}
    for zone in get_global("territory_zones").get(country or "", ()):
        names = {
            lang: get_timezone_location(zone, Locale(lang), return_city=True) for lang in LANGUAGES
        }
        found |= {fold(name): names for name in names.values()}
    return found


@cache
def _by_spelling() -> dict[tuple[str, str], Words]:
    return {
        (region, fold(spelling)): names
        for (region, place), names in load().items()
        for spelling in (place, *names.values())
    }
