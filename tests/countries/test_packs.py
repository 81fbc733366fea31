"""The packs of countries as data: complete, without doubles, and as the libraries know them."""

import re
from collections import defaultdict
from typing import Final

import babel
import holidays as library
import phonenumbers
import pytest
from babel.core import Locale, get_global

from outreach import languages
from outreach.countries import packs
from outreach.domain.locations.place_text import canonicalize
from outreach.domain.text import fold
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

CODES: Final = ("CA", "DE", "ES", "FR", "GT", "HN", "MX", "SV", "US")
# Subdivisions of the library `holidays` that are no region of ours.
NO_REGIONS: Final = {
    "US": {"AS", "GU", "MP", "UM"},  # islands without offices; the gazetteer does not have them
    "ES": {"Barcelona"},  # a city
    "DE": {"Augsburg"},  # a city
    # Departments and collectivities below or beside the regions, and zones of school holidays.
    "FR": {"57", "6AE", "BL", "MF", "NC", "PF", "PM", "TF", "WF", "Zone A", "Zone B", "Zone C"},
}
# How many regions a country has; the library lists those of few countries.
REGIONS: Final = {
    "CA": 13, "DE": 16, "ES": 19, "FR": 18, "GT": 22, "HN": 18, "MX": 32, "SV": 14, "US": 53,
}  # fmt: skip
# Countries of which the library lists all regions; the others keep the days of the whole.
SUBDIVIDED: Final = ("CA", "DE", "ES", "SV", "US")


def test_packs_are_those_that_the_documents_name() -> None:
    assert packs.list_codes() == CODES
    with pytest.raises(KeyError):
        packs.load("us")


@pytest.mark.parametrize("code", CODES)
def test_country_is_one_that_the_libraries_know(code: str) -> None:
    pack = packs.load(code)
    assert pack.code == code
    assert babel.Locale("es").territories[code]
    assert babel.core.get_global("territory_aliases").get(pack.alpha3) == [code]
    assert code in phonenumbers.SUPPORTED_REGIONS
    assert code in library.list_supported_countries()
    assert re.fullmatch(pack.postal_pattern, pack.postal_example)
    assert all(canonicalize(name) == name for name in pack.also)
    assert pack.region_word in {"state", "province", "department", "region", "community"}


@pytest.mark.parametrize("code", CODES)
def test_regions_are_complete_and_none_is_listed_twice(code: str) -> None:
    regions = packs.load(code).regions
    assert len(regions) == len({each.code for each in regions}) == REGIONS[code]
    names = [name for each in regions for name in {fold(name) for name in each.names.values()}]
    assert len(names) == len(set(names))
    others = [name for each in regions for name in each.also]
    assert len(others) == len(set(others))
    assert all(canonicalize(name) == name for name in others)
    assert all(set(each.names) == set(languages.CODES) for each in regions)


@pytest.mark.parametrize("code", CODES)
def test_regions_are_those_for_which_the_library_has_holidays(code: str) -> None:
    listed = set(library.country_holidays(code).subdivisions) - NO_REGIONS.get(code, set())
    own = {each.code.rpartition("-")[2] for each in packs.load(code).regions}
    assert listed <= own
    assert own == listed or code not in SUBDIVIDED


def test_code_of_a_region_tells_its_country() -> None:
    every = [each.code for code in CODES for each in packs.load(code).regions]
    assert len(every) == len(set(every))
    for code in CODES:
        for each in packs.load(code).regions:
            assert packs.find_country(each.code) == code
            assert packs.find_region(each.code) is each
            assert each.code.startswith(f"{code}-") or code in {"US", "CA"}
    assert packs.find_country("XX") is None
    assert packs.find_region("XX") is None


def test_tiles_are_drawn_once_each() -> None:
    tiles = [each.tile for code in CODES for each in packs.load(code).regions if each.tile]
    assert len(tiles) == len(set(tiles)) == 58


def test_groups_of_regions_name_regions_of_their_country() -> None:
    assert packs.load("US").region_groups["dakota"] == ("SD", "ND")
    for code in CODES:
        own = {each.code for each in packs.load(code).regions}
        assert all(own.issuperset(each) for each in packs.load(code).region_groups.values())


def test_what_people_type_for_a_country_means_no_other() -> None:
    """Of the packs and of all countries that CLDR knows, by their names and other words."""
    territories = get_global("territory_zones")
    found: dict[str, set[str]] = defaultdict(set)
    for code in sorted({*packs.list_codes(), *filter(packs.is_country, territories)}):
        pack = packs.load(code)
        names = {Locale(lang).territories[code] for lang in languages.CODES}
        for words in (*pack.also, *map(canonicalize, names)):
            assert canonicalize(words) == words
            found[words].add(code)
    assert len(found) > 400
    assert not {words: codes for words, codes in found.items() if len(codes) > 1}
