"""Holidays of any country that the library `holidays` has, with names in the site's languages.

An office keeps those of its country and those of the network's home country; a venue keeps those of
its state or province.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from outreach import clock, languages, network_profile
from outreach.countries import packs
from outreach.db.base import Words

if TYPE_CHECKING:
    from holidays import HolidayBase

ENGLISH: Final = "en_US"  # the library's name for the language of the packs' keys
_SEPARATOR: Final = "; "  # two holidays on one day
_OBSERVED: Final = " (observed)"  # a holiday on a weekend is kept on another day
_KEPT_THEN: Final = {"es": "se guarda este día", "en": "observed", "fr": "observé ce jour"}
_SAMPLE_YEARS: Final = 4  # in which a stored name is looked for


@dataclass(frozen=True)
class Holiday:
    names: Words
    is_home: bool  # in the home country

    @property
    def name(self) -> str:
        """The name in Spanish."""
        return self.names["es"]


def list_holidays(day: date, country: str, region: str) -> list[Holiday]:
    """Returns the holidays of that day at a place, then those of the home country; none twice."""
    local = [
        Holiday(names, is_home=False)
        for names in _load_year(country, region, day.year).get(day, ())
    ]
    home = network_profile.current().home_country
    known = {each.name for each in local}
    return local + [
        Holiday(names, is_home=True)
        for names in (_load_year(home, "", day.year).get(day, ()) if home else ())
        if names["es"] not in known
    ]


def find_names(spanish: str) -> Words:
    """Returns the names of a holiday by its Spanish name, where only that is stored."""
    bare = spanish.removesuffix(f" ({_KEPT_THEN['es']})")
    network = network_profile.current()
    countries = tuple(dict.fromkeys((*network.phone_countries, *packs.list_codes())))
    names = _names_in_packs(countries).get(bare)
    if names is None:
        names = _names_in_library(network.phone_countries).get(bare, _same_in_all(bare))
    return _mark(names, is_observed=bare != spanish)


@lru_cache(maxsize=256)
def _load_year(country: str, region: str, year: int) -> dict[date, tuple[Words, ...]]:
    import holidays as library  # a slow import that few processes need

    if country not in library.list_supported_countries():
        return {}
    code = region.removeprefix(f"{country}-")
    subdivisions = library.country_holidays(country).subdivisions
    calendars = {
        language: library.country_holidays(
            country, subdiv=code if code in subdivisions else None, years=year, language=language
        )
        for language in _languages(country)
    }
    own, *_others = calendars.values()
    return {day: tuple(_names_of(day, country, calendars)) for day in own}


@cache
def _languages(country: str) -> tuple[str, ...]:
    """Returns the languages in which the library is asked: English first, if it has it; then
    the site's.
    """
    import holidays as library

    known = library.country_holidays(country).supported_languages
    found = [ENGLISH, *(each.code for each in languages.SITE_LANGUAGES)]
    return tuple(each for each in found if each in known) or (
        library.country_holidays(country).default_language or ENGLISH,
    )


def _names_of(day: date, country: str, calendars: Mapping[str, "HolidayBase"]) -> Iterator[Words]:
    """Yields the names of the holidays of one day, each once."""
    seen = set[str]()
    first, *_others = calendars.values()
    every = first[day].split(_SEPARATOR)
    for name in every:
        bare = name.replace(_OBSERVED, "")
        names = _find_in_pack(bare, country) or {
            # Several names of a day are in another order in each language.
            **_same_in_all(bare),
            **({} if len(every) > 1 else _names_by_library(day, calendars)),
        }
        if names["es"] not in seen:
            seen.add(names["es"])
            yield _mark(names, is_observed=bare != name)


def _find_in_pack(english: str, country: str) -> Words | None:
    own = packs.load(country).holiday_names if country in packs.list_codes() else {}
    return own.get(english) or packs.load_shared_holidays().get(english)


def _names_by_library(day: date, calendars: Mapping[str, "HolidayBase"]) -> Words:
    return {
        language: calendar[day]
        for language, calendar in calendars.items()
        if language in languages.CODES and _SEPARATOR not in calendar[day]
    }


def _same_in_all(name: str) -> Words:
    return dict.fromkeys(languages.CODES, name)


def _mark(names: Words, *, is_observed: bool) -> Words:
    if not is_observed:
        return names
    return {lang: f"{name} ({_KEPT_THEN.get(lang, '*')})" for lang, name in names.items()}


@cache
def _names_in_packs(countries: tuple[str, ...]) -> dict[str, Words]:
    """Returns the names in the packs by the Spanish one; where two countries share it, those of
    the first.
    """
    tables = [packs.load(code).holiday_names for code in countries if code in packs.list_codes()]
    found: dict[str, Words] = {}
    for table in (packs.load_shared_holidays(), *tables):
        for names in table.values():
            found.setdefault(names["es"], names)
    return found


@cache
def _names_in_library(countries: tuple[str, ...]) -> dict[str, Words]:
    """Returns the library's names for these countries by the Spanish one, for the years around
    this one.
    """
    since = clock.now().year - 1
    return {
        names["es"]: names
        for country in countries
        for year in range(since, since + _SAMPLE_YEARS)
        for each in _load_year(country, "", year).values()
        for names in each
    }
