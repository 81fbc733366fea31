"""Forgives misspelled names: «tuscon», «los anjeles», «chicgo».

A name is accepted at once only where the slip is one that people make (a letter left out, doubled
or swapped, letters that sound alike in Spanish) and the place is large for so short a word; all
else is only offered. So that nonsense finds nothing, a word below five letters is never corrected.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from outreach import network_profile
from outreach.domain.locations import border_cities, gazetteer
from outreach.domain.locations.filler_words import is_elsewhere
from outreach.domain.locations.place_text import list_region_names
from outreach.memory_cache import remember

MIN_LENGTH: Final = 5
MIN_POPULATION_SHORT: Final = 90_000  # for words of five and six letters
MIN_POPULATION_LONG: Final = 8_000
MIN_GUESS_SIMILARITY: Final = 0.84
_REGION_POPULATION: Final = 1_000_000

# Letters that sound alike to whoever writes by ear in Spanish.
_SOUNDS: Final = (
    (re.compile("ph"), "f"),
    (re.compile("qu|ck|c(?=[aouhlrt ]|$)"), "k"),
    (re.compile("[zx]|c(?=[eiy])"), "s"),
    (re.compile("v|w"), "b"),
    (re.compile("j(?=[eiy])"), "g"),
    (re.compile("y|ll"), "i"),
    (re.compile("(?<![cst])h"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that texts are compared with, and how many people the largest place of each has."""

    by_letter: dict[str, list[str]]
    all_names: list[str]
    people: dict[str, int]


@cache
def _load_names(_countries: tuple[str, ...]) -> _Names:
    """Returns the names of these countries, which are those of the network at the call."""
    people: dict[str, int] = {}
    for name, number in gazetteer.load().names():
        people[name] = max(number, people.get(name, 0))
    for name in list_region_names():
        people[name] = _REGION_POPULATION
    for name in border_cities.list_names():
        people.setdefault(name, MIN_POPULATION_SHORT)
    by_letter: dict[str, list[str]] = {}
    for name in people:
        if len(name) >= MIN_LENGTH:
            by_letter.setdefault(_first_class(name), []).append(name)
    return _Names(by_letter, sorted(each for each in people if len(each) >= 4), people)


def correct(words: str, *, is_qualified: bool = False) -> list[str]:
    """Returns the names that a misspelled text stands for, the nearest first.

    `is_qualified` says that the text names a state as well, which a smaller place may then answer.
    """
    if not _is_correctable(words):
        return []
    names = _load_names(network_profile.current().countries)
    found = []
    limit = _most_slips(len(words))
    sound = _make_sound(words)
    for name, slips, _index in process.extract(
        words,
        names.by_letter.get(_first_class(words), ()),
        scorer=OSA.distance,
        score_cutoff=limit,
        limit=25,
    ):
        distance = float(slips)
        people = names.people[name]
        if _sound_of_name(name) == sound and (is_qualified or people >= MIN_POPULATION_LONG):
            distance = 0.5
        elif people < _least_people(words, is_qualified=is_qualified) or not _is_usual_slip(
            words, name, people, is_qualified=is_qualified
        ):
            continue
        found.append((distance, -people, name))
    nearest = min(found, default=(0.0, 0, ""))[0]
    return [name for distance, _people, name in sorted(found) if distance <= nearest]


def guess(words: str, limit: int) -> list[str]:
    """Returns the names that look most like a text that means nothing, for people to choose
    from.
    """
    if len(words) < 3 or not any(letter.isalpha() for letter in words):
        return []
    names = _load_names(network_profile.current().countries)
    found = process.extract(
        words,
        names.all_names,
        scorer=JaroWinkler.similarity,
        score_cutoff=MIN_GUESS_SIMILARITY,
        limit=limit * 6,
    )
    order = sorted(found, key=lambda each: (-round(each[1], 2), -names.people[each[0]]))
    return [name for name, _similarity, _index in order[:limit]]


def complete(words: str, limit: int) -> list[str]:
    """Returns the names that start with a text, those of the largest places first."""
    names = _load_names(network_profile.current().countries)
    start = bisect_left(names.all_names, words)
    found = takewhile(lambda name: name.startswith(words), names.all_names[start:])
    return sorted(found, key=lambda name: -names.people[name])[:limit]


def _is_correctable(words: str) -> bool:
    if len(words) < MIN_LENGTH or any(letter.isdigit() for letter in words):
        return False
    return not any(map(is_elsewhere, words.split()))


def _most_slips(length: int) -> int:
    return 1 if length < 9 else 2 if length < 15 else 3


def _least_people(words: str, *, is_qualified: bool) -> int:
    if is_qualified:
        return gazetteer.MIN_CORRECTED_POPULATION
    return MIN_POPULATION_SHORT if len(words) < 7 else MIN_POPULATION_LONG


def _is_usual_slip(words: str, name: str, people: int, *, is_qualified: bool) -> bool:
    """Tells whether two names differ as they do when somebody types in haste.

    In short words only a letter is left out or two are swapped; in others one may also be wrong or
    added, but not many.
    """
    slips = OSA.distance(words, name)
    if len(words) < 7:
        if len(name) < MIN_LENGTH:
            return False
        return len(name) == len(words) + 1 or sorted(name) == sorted(words)
    if slips == 1:
        return True
    # Two slips in one short word of several are too many.
    if any(
        OSA.distance(one, other) > _most_slips(min(len(one), len(other)))
        for one, other in zip(words.split(), name.split(), strict=False)
    ) and len(words.split()) == len(name.split()):
        return False
    return is_qualified or people >= MIN_POPULATION_SHORT


def _first_class(words: str) -> str:
    """Returns the first letter, the same for letters that are taken for one another."""
    return _CLASSES.get(words[0], words[0])


_CLASSES: Final = {"v": "b", "w": "b", "k": "c", "q": "c", "s": "c", "z": "c", "j": "g", "y": "i",
                   "p": "f"}  # fmt: skip


def _make_sound(words: str) -> str:
    for pattern, letters in _SOUNDS:
        words = pattern.sub(letters, words)
    return words


# Only sounds of place names are kept in memory, never what somebody typed.
_sound_of_name: Final = remember(2048)(_make_sound)
