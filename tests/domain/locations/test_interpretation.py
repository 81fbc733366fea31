"""What a typed place means: the list of phrases, slips of the finger, and nonsense."""

import random
import time
from typing import Final

import pytest

from outreach.domain.locations import gazetteer, regions
from outreach.domain.locations.gazetteer import GazetteerPlace, PlaceKind, miles_between
from outreach.domain.locations.interpretation import Meaning, MeaningKind, interpret
from outreach.web.presentation.place_words import search_words
from tests.support.fixed_clock import fixed_clock
from tests.support.place_phrases import read_phrases

pytestmark = [pytest.mark.core, fixed_clock]

MIN_RIGHT_SHARE: Final = 0.98
SLIPS: Final = 400
MASHED_WORDS: Final = 3_000


def names_place(meaning: Meaning, place: GazetteerPlace, miles: float = 12) -> bool:
    """Whether the answer is the place, or offers it."""
    offered = ([meaning.place] if meaning.place else []) + [*meaning.others]
    return any(miles_between(each.position, place.position) < miles for each in offered)


def large_towns(least: int) -> list[GazetteerPlace]:
    return [each for each in gazetteer.load().towns() if each.population >= least]


def test_phrases_that_people_type_are_understood() -> None:
    faults = {
        phrase.typed: fault
        for phrase in read_phrases()
        if (fault := phrase.fault(interpret(phrase.typed)))
    }
    assert len(read_phrases()) >= 400
    assert len(faults) <= (1 - MIN_RIGHT_SHARE) * len(read_phrases()), faults


def test_no_nonsense_of_the_list_is_a_place() -> None:
    nonsense = [each for each in read_phrases() if each.kinds == {"unknown"}]
    assert len(nonsense) >= 60
    assert not [
        each.typed for each in nonsense if interpret(each.typed).kind is not MeaningKind.UNKNOWN
    ]


def test_town_with_its_state_is_that_town_in_any_order_and_language() -> None:
    wrong = []
    for town in large_towns(40_000):
        for name in dict.fromkeys((town.region, *regions.load_names()[town.region].values())):
            for typed in (f"{town.name}, {name}", f"{name} {town.name}".upper()):
                meaning = interpret(typed)
                # Some states have two of a name; Washington, DC is a district as well.
                if not names_place(meaning, town):
                    wrong.append(typed)
    assert len(wrong) < 10, wrong


def test_town_by_its_name_alone_is_found_or_offered() -> None:
    wrong = [
        (town.name, town.region)
        for town in large_towns(20_000)
        if not names_place(interpret(town.name), town)
    ]
    assert not wrong


def test_slip_of_the_finger_in_a_city_is_forgiven_and_seldom_taken_for_another() -> None:
    rng = random.Random(20260127)
    towns = sorted(large_towns(50_000), key=lambda each: -each.population)
    right = offered = wrong = 0
    cities = [each for each in towns if not each.parent and len(each.name) >= 6][:SLIPS]
    for town in cities:
        name, at = town.name.lower(), rng.randrange(1, len(town.name) - 1)
        typed = rng.choice(
            (
                name[:at] + name[at + 1] + name[at] + name[at + 2 :],
                name[:at] + name[at + 1 :],
                name[:at] + name[at] + name[at:],
            )
        )
        meaning = interpret(typed)
        right += names_place(meaning, town)
        offered += any(miles_between(each.position, town.position) < 12 for each in meaning.guesses)
        wrong += meaning.kind is MeaningKind.POINT and not names_place(meaning, town)
    assert right >= 0.85 * len(cities)
    assert right + offered >= 0.97 * len(cities)
    assert wrong <= 0.01 * len(cities)


@pytest.mark.thorough
def test_keys_hit_at_random_are_no_place() -> None:
    rng = random.Random(7)
    letters = "bcdfghjklmnpqrstvwxyzaeiou"
    typed = [
        "".join(rng.choice(letters) for _letter in range(rng.randrange(5, 14)))
        for _word in range(MASHED_WORDS)
    ]
    found = [each for each in typed if interpret(each).kind is not MeaningKind.UNKNOWN]
    assert len(found) <= 1, found


@pytest.mark.parametrize(
    "typed",
    ["Aurora", "Springfield", "Washington", "Ontario", "Brentwood", "Midway", "Orange", "Franklin",
     "condado de Washington", "Greenfield", "San Juan", "Union", "Carolina", "LA", "Highland"],
)  # fmt: skip
def test_each_offered_place_leads_to_itself(typed: str) -> None:
    """A link of «¿Cuál Aurora?» may not ask again."""
    meaning = interpret(typed)
    assert len(meaning.others) > 1
    for place in meaning.others:
        words = search_words(place)
        answer = interpret(words)
        assert answer.place is not None, words
        assert answer.place.kind in {place.kind, PlaceKind.POSTAL}, words
        assert miles_between(answer.place.position, place.position) < 12, words


@pytest.mark.parametrize("typed", ["Aurora", "Springfield", "Columbus", "Hollywood", "Arlington"])
def test_choice_lists_the_largest_first(typed: str) -> None:
    people = [each.population for each in interpret(typed).others]
    assert people == sorted(people, reverse=True)


def test_postal_code_far_from_the_city_beside_it_asks_which() -> None:
    meaning = interpret("60608 Houston")
    assert meaning.kind is MeaningKind.CHOICE
    assert {each.region for each in meaning.others} == {"IL", "TX"}


def test_unknown_postal_code_offers_the_nearest_numbers() -> None:
    meaning = interpret("60699")
    assert meaning.kind in {MeaningKind.UNKNOWN, MeaningKind.POINT}
    assert [each.kind for each in interpret("60600").guesses] == [PlaceKind.POSTAL] * 3


def test_unknown_place_offers_names_like_it() -> None:
    assert [each.name for each in interpret("Pilsenn").guesses][:1] == ["Pilsen"] or interpret(
        "Pilsenn"
    ).place
    assert "Chicago" in {each.name for each in interpret("zapatos en Chicago baratos").guesses}


def test_very_long_text_is_cut_and_means_nothing() -> None:
    assert interpret("chicago " * 500).kind is MeaningKind.UNKNOWN
    assert interpret("a" * 100_000).kind is MeaningKind.UNKNOWN


def test_look_up_takes_little_of_the_processor() -> None:
    """The measured times are in decision 0034; here is only what a slow machine never exceeds."""
    interpret("chicgo")
    spent = []
    for phrase in read_phrases():
        start = time.process_time()
        interpret(phrase.typed)
        spent.append(time.process_time() - start)
    assert sorted(spent)[len(spent) * 95 // 100] < 0.02
