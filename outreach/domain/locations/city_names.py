"""Names of cities by language, one spelling each: Nueva York, New York; Montreal, Montréal."""

import csv
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from outreach.db.base import Words
from outreach.domain.text import fold

LANGUAGES: Final = ("es", "en", "fr")


@cache
def load() -> dict[tuple[str, str], Words]:
    """The names of cities that differ by language, by region and the gazetteer's name."""
    data = resources.files("outreach.domain.locations") / "data" / "localized_names.csv"
    rows = csv.DictReader(data.read_text(encoding="utf-8").splitlines())
    return {(row["region"], row["place"]): {each: row[each] for each in LANGUAGES} for row in rows}


@lru_cache(maxsize=4096)  # a page of the list asks for those of its cards, twice
def localize(city: str, region: str, lang: str) -> str:
    """The city's name in a language, whatever the language and accents it was typed in."""
    names = _by_spelling().get((region, fold(city)), {})
    return names.get(lang) or city


def with_region(city: str, region: str, lang: str) -> str:
    """Nueva York, NY · Washington, D.C., which names its region itself"""
    name = localize(city, region, lang)
    return name if region == "DC" and "," in name else f"{name}, {region}"


@cache
def _by_spelling() -> dict[tuple[str, str], Words]:
    return {
        (region, fold(spelling)): names
        for (region, place), names in load().items()
        for spelling in (place, *names.values())
    }
