"""Cities of Mexico at the border lead to the office across from them."""

from functools import cache
from typing import Final

import pytest

from outreach import network_profile
from outreach.countries import packs
from outreach.db.store import Store
from outreach.domain.locations import border_cities, gazetteer, known_offices
from outreach.domain.locations.gazetteer import GazetteerPlace, miles_between
from outreach.domain.locations.geocoding import LocationScale, resolve
from outreach.domain.locations.interpretation import MeaningKind, interpret, suggest
from outreach.domain.locations.place_text import canonicalize
from outreach.domain.text import fold
from outreach.imports import offices
from outreach.network_profile import NetworkProfile, use_profile
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.core, fixed_clock]

MEXICO: Final = NetworkProfile(countries=("MX",), home_country="")
MAX_MILES_TO_BORDER_TOWN: Final = 12  # a city that people cross from is nearer
MIN_POPULATION: Final = 5_000
MAX_DETOUR_MILES: Final = 25  # to the office of its district, which is not always the nearest
# They lie near the border, and their names mean other places to whoever writes them alone.
CITIES: Final = """
Tijuana|Rosarito|Tecate|Ensenada|Mexicali|Los Algodones|San Luis Río Colorado|Sonoyta|Nogales|Naco
Agua Prieta|Ciudad Juárez|Juárez|Puerto Palomas|Ojinaga|Ciudad Acuña|Acuña|Piedras Negras
Nuevo Laredo|Ciudad Miguel Alemán|Miguel Alemán|Camargo|Gustavo Díaz Ordaz|Reynosa|Río Bravo
Nuevo Progreso|Matamoros|Valle Hermoso
"""


@cache
def mexican_towns() -> list[GazetteerPlace]:
    with use_profile(MEXICO):
        return list(gazetteer.load().towns())


def test_every_border_city_leads_to_the_office_across(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    """By each of its names, with each form of its state, with and without accents."""
    by_code = {each.code: each for each in packs.load("MX").regions}
    wrong, asked = [], 0
    with store.read() as session:
        known = known_offices.load(session)
        for city in border_cities.read():
            state = by_code[city.region]
            states = [*state.names.values(), *state.also]
            for name in city.names:
                typed = [f"{name}, {each}" for each in states]
                typed += [] if city.needs_state else [name, f"{name} México", f"vivo en {name}"]
                for text in (*typed, *map(fold, typed), *map(str.upper, typed)):
                    asked += 1
                    found = resolve(session, text, offices=known)
                    is_right = found.scale is LocationScale.OFFICE and (
                        canonicalize(found.place.name) == canonicalize(city.town)
                        if found.place
                        else False
                    )
                    if not is_right or found.region != city.town_region:
                        wrong.append(text)
    assert asked > 1_000
    assert not wrong


def test_border_cities_are_those_that_people_name() -> None:
    alone = {
        canonicalize(name)
        for city in border_cities.read()
        if not city.needs_state
        for name in city.names
    }
    named = {canonicalize(each) for each in CITIES.replace("\n", "|").split("|") if each}
    assert named <= alone


def test_every_town_of_mexico_across_from_a_border_town_is_known() -> None:
    """Of all in the gazetteer of Mexico that are that near to a town of the United States."""
    border = [each for each in gazetteer.load().towns() if each.region in {"CA", "AZ", "NM", "TX"}]
    known = {
        (canonicalize(name), city.region) for city in border_cities.read() for name in city.names
    }
    missing = [
        (town.name, town.region, town.population)
        for town in mexican_towns()
        if town.population >= MIN_POPULATION
        and (canonicalize(town.name), town.region) not in known
        and any(
            abs(each.position[0] - town.position[0]) < 0.25
            and miles_between(each.position, town.position) < MAX_MILES_TO_BORDER_TOWN
            for each in border
        )
    ]
    assert not missing


def test_office_across_is_about_the_nearest(network: list[offices.OfficeRow]) -> None:
    towns = mexican_towns()
    far = []
    for city in border_cities.read():
        names = {canonicalize(name) for name in city.names}
        there = [
            each
            for each in towns
            if canonicalize(each.name) in names and each.region == city.region
        ]
        town = max(there, key=lambda each: each.population, default=None)
        if town is None:
            continue
        miles = {
            (canonicalize(row.city), row.region): miles_between(
                town.position, (row.latitude, row.longitude)
            )
            for row in network
        }
        own = miles[canonicalize(city.town), city.town_region]
        if own > min(miles.values()) + MAX_DETOUR_MILES:
            far.append((town.name, city.town, round(own)))
    assert not far


def test_town_here_of_the_same_name_is_kept() -> None:
    for typed, region in (
        ("Rio Bravo, TX", "TX"), ("Camargo, Kentucky", "KY"), ("Ensenada, Puerto Rico", "PR"),
        ("Nogales, AZ", "AZ"), ("Guadalupe, California", "CA"), ("Progreso, Texas", "TX"),
        ("Laredo, Texas", "TX"),
    ):  # fmt: skip
        found = interpret(typed)
        assert found.place is not None, typed
        assert found.place.region == region
        assert canonicalize(found.place.name) in canonicalize(typed)
    below = interpret("Camargo").others
    assert {each.region for each in below} >= {"KY"}, "it is offered below"


def test_misspelled_border_city_is_understood_and_suggested() -> None:
    for typed, town in (
        ("Tihuana", "San Diego"),
        ("reynoza", "McAllen"),
        ("matamorros", "Brownsville"),
    ):
        found = interpret(typed)
        assert found.place is not None, typed
        assert found.place.name == town
    names = [each.name for each in suggest("tiju", 6, extra=lambda _words: [])]
    assert "San Diego" in names


@pytest.mark.parametrize(
    "typed",
    ["Guadalajara", "Monterrey, Nuevo León", "Hermosillo, Sonora", "Saltillo, Coahuila",
     "Ciudad Victoria, Tamaulipas", "Chihuahua, Chihuahua", "Guerrero", "Morelia, Michoacán"],
)  # fmt: skip
def test_city_farther_south_leads_nowhere(typed: str) -> None:
    assert interpret(typed).kind is MeaningKind.UNKNOWN


def test_network_of_mexico_has_the_cities_themselves() -> None:
    profile = NetworkProfile(countries=("US", "MX"), home_country="")
    with use_profile(profile):
        found = interpret("Tijuana").place
        assert found is not None
        assert network_profile.country_of(found.region) == "MX"
        assert not border_cities.find("tijuana")
    with use_profile(NetworkProfile(countries=("CA",), home_country="")):
        assert not border_cities.find("tijuana"), "no town across is known"
