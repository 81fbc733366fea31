"""Places of one name: which is taken, which are asked about, and how they are told apart."""

from collections import Counter

import pytest

from outreach import i18n
from outreach.db.store import Store
from outreach.domain.locations import gazetteer, known_offices
from outreach.domain.locations.gazetteer import PlaceKind, make_county_name, miles_between
from outreach.domain.locations.geocoding import Location, LocationScale, resolve
from outreach.domain.locations.interpretation import (
    DOMINANCE,
    Meaning,
    MeaningKind,
    interpret,
    suggest,
)
from outreach.domain.locations.place_text import canonicalize
from outreach.imports import offices
from outreach.languages import CODES
from outreach.network_profile import NetworkProfile, use_profile
from outreach.web.presentation import place_words
from tests.support.fixed_clock import fixed_clock

pytestmark = [pytest.mark.core, fixed_clock]


def list_names(least: int) -> list[str]:
    """All names of the gazetteer that a place of so many people has, with those of counties."""
    data = gazetteer.load()
    names = {canonicalize(each.name) for each in data.towns() if each.population >= least}
    names |= {name for name, place in data.spoken() if place.population >= least}
    names |= {make_county_name(each.name) for each in data.counties() if each.population >= least}
    return sorted(names)


def find_identical(found: Location | Meaning) -> list[str]:
    """The names that two choices have on the page, with the place that the page is about."""
    shown = found.place if getattr(found, "scale", None) is not LocationScale.CHOICE else None
    identical = []
    for lang in CODES:
        with i18n.use_language(lang):
            links = place_words.links(found.others, shown=shown)
            names = [(each.name, each.detail if shown is None else "") for each in links]
            names += [(place_words.full_name(shown), "")] if shown else []
        counted = Counter((canonicalize(name), detail) for name, detail in names)
        identical += [name for (name, _detail), number in counted.items() if number > 1]
    return identical


def test_no_two_choices_of_a_large_name_are_identical(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    with store.read() as session:
        names, known = list_names(60_000), known_offices.load(session)
        found = {name: find_identical(resolve(session, name, offices=known)) for name in names}
    assert len(names) > 800
    assert not {name: those for name, those in found.items() if those}


@pytest.mark.thorough
def test_no_two_choices_of_any_name_are_identical() -> None:
    names = list_names(0)
    assert len(names) > 30_000
    found = {name: find_identical(interpret(name)) for name in names}
    assert not {name: those for name, those in found.items() if those}


@pytest.mark.thorough
def test_no_two_suggestions_are_identical() -> None:
    begun = sorted({name[:5] for name in list_names(15_000)})
    identical = []
    for words in begun:
        links = place_words.links(suggest(words, 6, extra=lambda _words: []))
        # A state is told from its city by what the link searches for.
        towns = [each.name for each in links if "data-choice-region" not in each.attributes]
        identical += [words] if len(set(towns)) < len(towns) else []
    assert not identical


def test_choices_of_one_name_say_their_postal_codes() -> None:
    places = gazetteer.load().find("carthage")
    own = [each for each in places if each.region == "IL"]
    assert len(own) == 2
    names = {each.name for each in place_words.links(own)}
    assert names == {f"{each.code} (Carthage, Illinois)" for each in own}
    (link,) = place_words.links(own[1:], shown=own[0])
    assert own[1].code in link.name, "the page is about the other one"
    assert [each.name for each in place_words.links(own[:1])] == ["Carthage, Illinois"]


def test_far_larger_namesake_is_taken_and_the_others_are_offered() -> None:
    wrong = []
    for name in list_names(20_000):
        found = interpret(name)
        if found.kind is MeaningKind.CHOICE:
            towns = [each for each in found.others if each.kind is not PlaceKind.REGION]
            is_alone = len(towns) == len(found.others)
            if is_alone and towns[0].population >= DOMINANCE * towns[1].population:
                wrong.append(name)
    assert not wrong
    for typed, region in (("Santa Fe", "NM"), ("Lewisville", "TX"), ("Des Moines", "IA")):
        found = interpret(typed)
        assert found.place is not None
        assert found.place.region == region
        assert found.others, "offered below"


def test_post_office_of_part_of_a_name_leads_to_the_town() -> None:
    """«Lake Worth» is Lake Worth Beach in Florida, ten times as large as the one in Texas."""
    data = gazetteer.load()
    large = [each for each in data.towns() if each.population >= 25_000 and not each.parent]
    lost = []
    for town in data.towns():
        if town.population != gazetteer.UNCOUNTED_POPULATION or town.parent:
            continue
        name = canonicalize(town.name)
        for whole in large:
            if whole.region == town.region and canonicalize(whole.name).startswith(f"{name} "):
                found = interpret(town.name)
                there = [*([found.place] if found.place else []), *found.others]
                near = miles_between(whole.position, town.position) < 8
                if near and not any(
                    miles_between(each.position, whole.position) < 12 for each in there
                ):
                    lost.append((town.name, whole.name))
    assert not lost
    asked = interpret("Lake Worth")
    places = [*([asked.place] if asked.place else []), *asked.others]
    assert (places[0].name, places[0].region) == ("Lake Worth Beach", "FL")
    assert "TX" in {each.region for each in places}


def test_state_that_is_a_country_too_is_asked_about(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    with store.read() as session:
        alone = resolve(session, "Georgia")
        assert (alone.scale, alone.region) == (LocationScale.REGION, "GA")
        with use_profile(NetworkProfile(countries=("US", "CA", "GE"), home_country="")):
            for lang in CODES:
                with i18n.use_language(lang):
                    asked = resolve(session, "Georgia")
                    assert asked.scale is LocationScale.CHOICE
                    links = place_words.links(asked.others)
                    assert len({(each.name, each.detail) for each in links}) == 2
                    led = [resolve(session, each.words).region for each in links]
                    assert led == ["GA", "GE-00"], lang
            assert resolve(session, "Atlanta, Georgia").region == "GA"
            assert resolve(session, "Georgia, USA").region == "GA"


@pytest.mark.thorough
def test_every_postal_code_is_one_place_of_its_state() -> None:
    wrong = [
        each.code
        for each in gazetteer.load().postal_codes()
        if (found := interpret(each.code)).kind is not MeaningKind.POINT or found.place != each
    ]
    assert not wrong


def test_every_office_is_found_by_its_names_in_three_languages(
    store: Store, network: list[offices.OfficeRow]
) -> None:
    wrong = []
    with store.read() as session:
        for row in network:
            for lang in CODES:
                named = row.name[lang]
                for typed in (named, f"taller en {row.city}, {row.region}", f"near {row.city}"):
                    found = resolve(session, typed)
                    is_own = found.scale is LocationScale.OFFICE and found.region == row.region
                    if not is_own and row.slug != "washington":
                        wrong.append(typed)
    assert not wrong
