"""What a typed place means: one place, a choice of several, or nothing that is known.

    interpret("Corona Queens").place.name    Corona
    interpret("Aurora").others               Aurora in Colorado, Illinois, Ontario…
    interpret("tuscon").place.name           Tucson

A name is looked up as it is; then as the name of a place in another that is named beside it, in
either order; then without the words around it («cerca del Walmart de»); then as a misspelling.
Every word has to be understood, or the text means nothing; `filler_words` says which need not be.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, pairwise
from typing import Final

from outreach.countries import packs
from outreach.domain.locations import (
    border_cities,
    gazetteer,
    place_text,
    spelling,
    translated_names,
)
from outreach.domain.locations.filler_words import Core, is_beside, is_filler, list_cores
from outreach.domain.locations.gazetteer import (
    GazetteerPlace,
    PlaceKind,
    list_distinct,
    miles_between,
)
from outreach.domain.locations.place_text import canonicalize

MAX_TYPED: Final = 80
MAX_WORDS: Final = 9  # a name and the places beside it
MAX_WORDS_WITH_FILLERS: Final = 20
MAX_CHOICES: Final = 40
MAX_GUESSES: Final = 3
# One meaning answers at once where it has this many times the people of the next.
DOMINANCE: Final = 6
MIN_SHORT_NAME_POPULATION: Final = 1_000  # a town whose name has up to four letters
MIN_EVERYDAY_NAMESAKE: Final = 40_000  # «Mobile» and «Reading» are cities, «Gratis» is a hamlet
# A town that is as well known as the state that has its name.
MIN_REGION_NAMESAKE: Final = 100_000
MIN_BARE_COUNTY: Final = 200_000  # a county that people name without saying «county»
MIN_COUNTY_NAMESAKE: Final = 5_000  # a town that such a name means before a county
MIN_GUARDED_POPULATION: Final = 10_000  # a town beside words that are in no list
MAX_QUARTER_MILES: Final = 30  # from a place to the one that it is said to be in

_LINK_CODES: Final = frozenset({"al", "de", "in"})  # prepositions that are codes of states
_FILLER_CODES: Final = _LINK_CODES | {"la", "me", "mi"}
_CITY_REGION: Final = "DC"  # a region that is one city

Lookup = Callable[[str], list[GazetteerPlace]]


class MeaningKind(StrEnum):
    NONE = "none"  # nothing was typed
    POINT = "point"
    REGION = "region"
    CHOICE = "choice"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a text.

    `others` are the places of a choice, or those that a point or region may mean as well;
    `guesses` are names like an unknown one.
    """

    kind: MeaningKind
    place: GazetteerPlace | None = None
    others: tuple[GazetteerPlace, ...] = ()
    guesses: tuple[GazetteerPlace, ...] = ()


NOTHING: Final = Meaning(MeaningKind.NONE)


@dataclass(frozen=True, slots=True)
class _Within:
    """What the words beside a name say of its place: states, a country, the place that it is
    part of.
    """

    regions: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    places: tuple[tuple[GazetteerPlace, ...], ...] = ()

    def holds(self, place: GazetteerPlace) -> bool:
        if self.regions and place.region not in self.regions:
            return False
        if self.countries and place.country not in self.countries:
            return False
        return all(any(_is_part(place, each) for each in those) for those in self.places)


def interpret(
    typed: str,
    *,
    extra: Lookup | None = None,
    is_main: Callable[[GazetteerPlace], bool] | None = None,
) -> Meaning:
    """Returns what a text means.

    `extra` finds places that an installation adds. `is_main` tells which places answer at
    once, whatever else has their name: the cities of offices.
    """
    text = typed.strip()[:MAX_TYPED]
    if not text:
        return NOTHING
    return _Interpreter(extra or (lambda _words: []), is_main or (lambda _place: False)).interpret(
        text
    )


def suggest(typed: str, limit: int, *, extra: Lookup) -> list[GazetteerPlace]:
    """Returns places that a text may be the beginning of.

    What it means as it is comes first, then the largest places that start with it. `extra`
    finds those that an installation adds, by the beginning of a name. Misspellings are not
    looked for, since the text is not finished.
    """
    words = canonicalize(typed[:MAX_TYPED])
    if len(words) < 2:
        return []
    interpreter = _Interpreter(lambda _words: [], lambda _place: False)
    found = [*extra(words), *interpreter.find(typed)]
    for name in spelling.complete(words, limit):
        found += interpreter.find(name)
    distinct = list_distinct(each for each in found if each.kind is not PlaceKind.REGION)
    regions = [each for each in found if each.kind is PlaceKind.REGION]
    return list(dict.fromkeys([*regions, *distinct]))[:limit]


class _Interpreter:
    def __init__(self, extra: Lookup, is_main: Callable[[GazetteerPlace], bool]) -> None:
        self._gazetteer = gazetteer.load()
        self._extra = extra
        self._is_main = is_main

    def interpret(self, text: str) -> Meaning:
        code, rest = place_text.split_postal(text)
        words = tuple(canonicalize(text).split())
        if code:
            return self._postal(code, tuple(canonicalize(rest).split()))
        if not words or len(words) > MAX_WORDS_WITH_FILLERS:
            return Meaning(MeaningKind.UNKNOWN)
        found = self._literal(words) or self._without_elisions(text, words)
        if not found and not _is_everyday(words) and not all(map(is_filler, words)):
            found = self._corrected(words)
        if found:
            return self._decide(" ".join(words), found)
        return Meaning(MeaningKind.UNKNOWN, guesses=tuple(self._guesses(words)))

    def find(self, text: str) -> list[GazetteerPlace]:
        """Returns the places that a text means as it is spelled."""
        code, _rest = place_text.split_postal(text)
        places = self._gazetteer.find_postal(code) if code else []
        if places:
            return places
        words = tuple(canonicalize(text).split())[:MAX_WORDS]
        return self._literal(words) if words else []

    def _postal(self, code: str, rest: tuple[str, ...]) -> Meaning:
        places = self._gazetteer.find_postal(code)
        beside = self._literal(rest) if rest else []
        if places and not gazetteer.is_certain(code):
            within = self._within(rest) if rest else None
            inside = [each for each in places if within is not None and within.holds(each)]
            if len(inside) == 1:
                return Meaning(MeaningKind.POINT, inside[0])
            if inside or not beside:
                return Meaning(MeaningKind.CHOICE, others=tuple(inside or places))
        elif places:
            return _decide_postal(places[0], beside)
        if beside:
            return self._decide(" ".join(rest), beside)
        near = list(self._gazetteer.list_postal_like(code[:3]))
        near.sort(key=lambda each: abs(_as_number(each.code) - _as_number(code)))
        return Meaning(MeaningKind.UNKNOWN, guesses=tuple(near[:MAX_GUESSES]))

    def _literal(self, words: tuple[str, ...]) -> list[GazetteerPlace]:
        """Returns the places that the words mean as they are spelled."""
        text = " ".join(words)
        state, is_state = place_text.strip_state(text)
        county, is_county = place_text.strip_county(text)
        if is_county and (found := self._find(tuple(county.split()), self._counties)):
            return [*self._gazetteer.find(text), *found]
        if is_state and (region := gazetteer.find_region_place(state)) is not None:
            return [region]
        bare = [Core(tuple(state.split()), False)] if is_state and state else []
        cores = list_cores(words)
        for each in (words, *(core.words for core in cores)):
            if across := border_cities.find(" ".join(each)):
                return [*across, *self._mean(each)]
        if found := self._mean(words):
            if words[0] in _LINK_CODES:  # «in Portland» is not only in Indiana
                found += self._mean(words[1:])
            return found
        for core in (*cores, *bare):  # «provincia de Sevilla»
            if found := self._mean_core(core):
                return found
        return []

    def _mean(self, words: tuple[str, ...]) -> list[GazetteerPlace]:
        """Returns the places that the words mean if each of them says where."""
        if not 0 < len(words) <= MAX_WORDS:
            return []
        found = self._find(words, self._names)
        return found if any(_may_mean(words, each) for each in found) else []

    def _mean_core(self, core: Core) -> list[GazetteerPlace]:
        words = core.words
        if len(words) == 1 and len(words[0]) < 3:
            return []  # «cerca de mi» is not near Michigan
        text = " ".join(words)
        # «Del Rio», but not «in Portland»; «El Centro», but not «el» of a place called Centro.
        if words[0] in _LINK_CODES or all(map(is_filler, words)):
            found = [] if text in place_text.NO_PLACE else self._names(text)
        else:
            found = self._mean(words)
        return [each for each in found if _is_well_known(each)] if core.is_guarded else found

    def _without_elisions(self, text: str, words: tuple[str, ...]) -> list[GazetteerPlace]:
        """Returns the places of a text without its French elisions: «À l’ouest d’Ottawa»."""
        rest = tuple(canonicalize(place_text.strip_elisions(text)).split())
        return self._literal(rest) if rest and rest != words else []

    def _find(self, words: tuple[str, ...], lookup: Lookup) -> list[GazetteerPlace]:
        text = " ".join(words)
        if text not in place_text.NO_PLACE and (whole := lookup(text)):
            return whole
        found: dict[tuple[bool, int], list[GazetteerPlace]] = {}
        for name, beside in _splits(words):
            if (places := lookup(" ".join(name))) and (within := self._within(beside)) is not None:
                # «Central, LA», but not Miles, Iowa, in «30 miles from Charlotte».
                if (within.places or not within.regions) and all(map(is_filler, name)):
                    continue
                those = [each for each in places if within.holds(each)]
                if not those:  # «San Juan, Nuevo Brunswick» is Saint John
                    those = [each for each in self._translated(name) if within.holds(each)]
                found.setdefault((not within.places, len(name)), []).extend(those)
        # A name in a state rather than in a town; the longest, since «Union City, NJ» is not Union.
        best = next((found[key] for key in sorted(found, reverse=True) if found[key]), [])
        # «New York, NY» is the city.
        return [each for each in best if each.kind is not PlaceKind.REGION] or best[:1]

    def _names(self, words: str) -> list[GazetteerPlace]:
        """Returns the places and regions of exactly that name; large counties too."""
        found = [*self._extra(words), *self._gazetteer.find(words)]
        if not found and (translated := self._translated(words.split())):
            return translated
        if not any(each.population >= MIN_COUNTY_NAMESAKE for each in found):
            counties = self._gazetteer.find_counties(words)
            found += [each for each in counties if each.population >= MIN_BARE_COUNTY]
        named = (self._region_of(code) for code in place_text.list_regions(words))
        return [*chain.from_iterable(named), *found]

    def _across(self, words: str) -> list[GazetteerPlace]:
        """Returns the town across from a border city of that name, else the places of that name."""
        return border_cities.find(words) or self._names(words)

    def _translated(self, words: Sequence[str]) -> list[GazetteerPlace]:
        """Returns the towns that a name means which is said in another language than theirs."""
        text = " ".join(words)
        found = [
            each
            for name in translated_names.translate(text)
            for each in self._gazetteer.find(name)
            if each.population >= gazetteer.MIN_CORRECTED_POPULATION
        ]
        if found and translated_names.is_city(text):
            found += self._gazetteer.find(translated_names.strip_city(text))
        return found

    def _counties(self, words: str) -> list[GazetteerPlace]:
        return self._gazetteer.find_counties(words)

    def _within(self, words: tuple[str, ...]) -> _Within | None:
        """Returns what the words beside a name say; None if one of them is not understood."""
        regions, countries, places = set[str](), set[str](), list[tuple[GazetteerPlace, ...]]()
        rest = words
        while rest:
            for size in range(len(rest), 0, -1):
                text = " ".join(rest[:size])
                region = place_text.find_region(text)
                towns = self._gazetteer.find(text) if len(text) > 2 else []
                if towns and all(map(is_filler, rest[:size])):
                    if any(map(_is_well_known, towns)):
                        return None  # «Phoenix south side» is not on that of Chicago
                    towns = []
                country = place_text.find_country(text)
                if country and not (region and country not in packs.list_codes()):
                    countries.add(country)
                # «Ontario» and «Nueva York» beside a name may be the state or a town.
                elif towns and (not region or len(words) > size):
                    places.append((*towns, *self._region_of(region)))
                elif region:
                    regions.add(region)
                else:
                    continue
                rest = rest[size:]
                break
            else:
                if not is_beside(rest[0]):
                    return None
                rest = rest[1:]
        return _Within(frozenset(regions), frozenset(countries), tuple(places))

    def _region_of(self, code: str | None) -> list[GazetteerPlace]:
        place = self._gazetteer.region_places.get(code or "")
        return [place] if place else []

    def _corrected(self, words: tuple[str, ...]) -> list[GazetteerPlace]:
        """Returns the places that the words mean when misspellings are forgiven."""
        cores = (each.words for each in list_cores(words) if not each.is_guarded)
        for each in (words, *cores):
            if len(each) > MAX_WORDS:
                continue
            text = " ".join(each)
            if text in place_text.NO_PLACE:
                continue
            if found := [p for name in spelling.correct(text) for p in self._across(name)]:
                return found
            for name, beside in _splits(each, only_ends=True):
                if found := self._corrected_within(name, beside):
                    return found
        return []

    def _corrected_within(
        self, name: tuple[str, ...], beside: tuple[str, ...]
    ) -> list[GazetteerPlace]:
        text = " ".join(name)
        within = self._within(beside)
        if within is not None:
            corrected = spelling.correct(text, is_qualified=True)
            return [p for each in corrected for p in self._names(each) if within.holds(p)]
        places = self._names(text)
        if not places:
            return []
        for each in spelling.correct(" ".join(beside)):
            within = self._within(tuple(each.split()))
            if within is not None and (found := [p for p in places if within.holds(p)]):
                return found
        return []

    def _decide(self, words: str, found: Sequence[GazetteerPlace]) -> Meaning:
        """Decides on one meaning of the places that were found, or on a choice between several."""
        regions = [each for each in found if each.kind is PlaceKind.REGION]
        others = list_distinct(each for each in found if each.kind is not PlaceKind.REGION)
        if any(each.region == _CITY_REGION and not each.parent for each in others):
            regions = [each for each in regions if each.region != _CITY_REGION]
        if (main := self._decide_main(words, regions, others)) is not None:
            return main
        if regions and (len(regions) > 1 or not _is_clear_region(words, regions[0], others)):
            return Meaning(MeaningKind.CHOICE, others=(*others[:1], *regions, *others[1:]))
        if regions:
            return Meaning(MeaningKind.REGION, regions[0], tuple(others[:MAX_CHOICES]))
        if len(others) == 1 or others[0].population >= DOMINANCE * others[1].population:
            return Meaning(MeaningKind.POINT, others[0], tuple(others[1:MAX_CHOICES]))
        return Meaning(MeaningKind.CHOICE, others=tuple(others[:MAX_CHOICES]))

    def _decide_main(
        self, words: str, regions: Sequence[GazetteerPlace], towns: Sequence[GazetteerPlace]
    ) -> Meaning | None:
        """Decides for the town of an office, or for a choice where offices of several states
        have such a town.

        None where no office decides it.
        """
        main = [each for each in towns if self._is_main(each)]
        rest = [each for each in (*regions, *towns) if each not in main]
        if any(each.region != main[0].region for each in main):
            return Meaning(MeaningKind.CHOICE, others=(*main, *rest)[:MAX_CHOICES])
        if main and _is_clear_town(words, main[0], regions):
            others = (*main[1:], *rest)
            return Meaning(MeaningKind.POINT, main[0], others[:MAX_CHOICES])
        return None

    def _guesses(self, words: tuple[str, ...]) -> Iterator[GazetteerPlace]:
        """Yields up to MAX_GUESSES places: those that a part of the text names, then names like
        it.
        """
        seen: set[tuple[str, str]] = set()
        for name in self._guess_names(words):
            for place in self._best(name):
                key = place.name, place.region
                if key not in seen and len(seen) < MAX_GUESSES:
                    seen.add(key)
                    yield place

    def _guess_names(self, words: tuple[str, ...]) -> Iterator[str]:
        for size in range(len(words), 0, -1):
            for start in range(len(words) - size + 1):
                part = words[start : start + size]
                if len(" ".join(part)) >= 4 and not all(map(is_filler, part)):
                    yield " ".join(part)
        yield from spelling.guess(" ".join(words), MAX_GUESSES)
        longest = max(words, key=len)
        if longest != words[0] or len(words) > 1:
            yield from spelling.guess(longest, MAX_GUESSES)

    def _best(self, name: str) -> list[GazetteerPlace]:
        places = self._across(name)
        return sorted(places, key=lambda each: -each.population)[:1]


def _decide_postal(place: GazetteerPlace, beside: Sequence[GazetteerPlace]) -> Meaning:
    """Decides for the place of a postal code, or for a choice where it is far from all places
    beside it.
    """
    far = [
        each
        for each in beside
        if each.kind is not PlaceKind.REGION and miles_between(each.position, place.position) > 60
    ]
    if far and len(far) == len(beside):
        return Meaning(MeaningKind.CHOICE, others=(place, list_distinct(far)[0]))
    return Meaning(MeaningKind.POINT, place)


def _may_mean(words: tuple[str, ...], place: GazetteerPlace) -> bool:
    """Tells whether a word alone may mean a place.

    «Gratis» and «Lola» are hamlets, which are only offered; «Gratis, Ohio» is one.
    """
    if len(words) > 1 or place.kind is PlaceKind.REGION:
        return True
    if _is_everyday(words):
        return place.kind is PlaceKind.TOWN and place.population >= MIN_EVERYDAY_NAMESAKE
    return len(words[0]) > 4 or place.population >= MIN_SHORT_NAME_POPULATION


def _is_well_known(place: GazetteerPlace) -> bool:
    return place.kind is PlaceKind.REGION or place.population >= MIN_GUARDED_POPULATION


def _is_everyday(words: tuple[str, ...]) -> bool:
    return all(word in gazetteer.load_everyday_words() or is_beside(word) for word in words)


def _splits(
    words: tuple[str, ...], *, only_ends: bool = False
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yields each name in the words with the words beside it, the longest names first."""
    for size in range(len(words) - 1, 0, -1):
        last = len(words) - size
        for start in (0, last) if only_ends else range(last + 1):
            before, after = words[:start], words[start + size :]
            if len(before) > 1:  # «cerca de Houston» is not in Delaware
                before = tuple(word for word in before if word not in _FILLER_CODES)
            yield words[start : start + size], before + _drop_filler_codes(after)


def _drop_filler_codes(after: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the words behind a name without those that are both a code and a filler behind a
    filler.

    «Wilmington cerca de la …» names neither Delaware nor Louisiana.
    """
    return after[:1] + tuple(
        word for last, word in pairwise(after) if word not in _FILLER_CODES or not is_filler(last)
    )


def _is_part(place: GazetteerPlace, whole: GazetteerPlace) -> bool:
    """Tells whether one may say that a place is in another one."""
    if whole.kind is PlaceKind.REGION:
        return place.region == whole.region
    if place.kind is PlaceKind.REGION or place.population > whole.population:
        return False
    return miles_between(place.position, whole.position) < MAX_QUARTER_MILES and place != whole


def _is_clear_town(words: str, town: GazetteerPlace, regions: Iterable[GazetteerPlace]) -> bool:
    """Tells whether a name means the town of an office, without asking.

    A state of its name that is elsewhere has to be asked about, unless the town is known by exactly
    these words: Washington is not only D.C.
    """
    if all(each.region == town.region for each in regions):
        return True
    return canonicalize(town.names.get("es", town.name)) in place_text.list_meant(words)


def _is_clear_region(words: str, region: GazetteerPlace, others: Iterable[GazetteerPlace]) -> bool:
    """Tells whether a name means the state, since no large town elsewhere has it too.

    Of the codes, only LA is what people call a city elsewhere.
    """
    rivals = [each for each in others if each.population >= MIN_REGION_NAMESAKE]
    return all(each.region == region.region for each in rivals)


def _as_number(code: str) -> int:
    return int(code, 36)


def warm_up() -> None:
    """Reads the data of the network, so that the first search does not wait for it. Most of the
    files is read only for the names that spelling is compared with."""
    interpret("chicgo")
    gazetteer.load().release()
