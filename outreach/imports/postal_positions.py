"""Positions of postal codes of which only the names of their places are known.

A code is where the largest town is that it serves, of those that the gazetteer has. One of which no
town is known is between the codes that begin like it, if these are near each other; otherwise it is
left out. Towns far from the others of the code, or of its postal area, are namesakes elsewhere, and
ignored.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Protocol

from outreach.domain.locations.gazetteer import Position, miles_between
from outreach.domain.locations.place_text import canonicalize

MAX_MILES_FROM_OTHERS: Final = 15  # from a town to the middle of those that have its code
SAME_BEGINNING: Final = 3  # characters of codes that are neighbours
MIN_NEIGHBOURS: Final = 3  # by which a code without a town is placed
MAX_MILES_BETWEEN_NEIGHBOURS: Final = 15  # from those codes to their middle
# What lists of codes leave out: «Ciudad Juárez», «Heroica Ciudad de Juchitán de Zaragoza»,
# «Universitäts- und Hansestadt Greifswald».
_TITLE: Final = re.compile(
    r"^(?:heroica )?ciudad (?:de )?|^heroica |^(?:universitats und )?hansestadt "
)


@dataclass(frozen=True)
class PostalName:
    """A code and the names of one place that it serves, the usual one first. `region` is empty
    where the source has none; `area` is the beginning of all codes that lie together."""

    code: str
    area: str
    names: tuple[str, ...]
    region: str = ""


class Town(Protocol):
    """A row of the gazetteer."""

    @property
    def name(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def position(self) -> Position: ...
    @property
    def population(self) -> int: ...
    @property
    def aliases(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class PlacedCode:
    code: str
    city: str
    region: str
    position: Position


def locate(
    names: Iterable[PostalName], towns: Iterable[Town], *, area_miles: float
) -> list[PlacedCode]:
    """The codes that can be placed, in their order. `area_miles` is how far a postal area reaches
    from its middle."""
    by_code: dict[str, list[PostalName]] = defaultdict(list)
    for each in names:
        by_code[each.code].append(each)
    by_name = _index(towns)
    candidates = {
        code: [town for each in those for town in _find(each, by_name)]
        for code, those in by_code.items()
    }
    areas = {code: those[0].area for code, those in by_code.items()}
    middles = _middles(candidates, areas)
    placed: dict[str, PlacedCode] = {}
    for code, found in candidates.items():
        town = _choose_town(found, middles.get(areas[code]), area_miles)
        if town is not None:
            placed[code] = PlacedCode(code, town.name, town.region, town.position)
    neighbours: dict[str, list[PlacedCode]] = defaultdict(list)
    for code, there in placed.items():
        neighbours[code[:SAME_BEGINNING]].append(there)
    between = [
        _between(those[0], neighbours.get(code[:SAME_BEGINNING], ()))
        for code, those in by_code.items()
        if not candidates[code]
    ]
    every = [*placed.values(), *(found for found in between if found is not None)]
    return sorted(every, key=lambda each: each.code)


def _choose_town(found: list[Town], middle: Position | None, area_miles: float) -> Town | None:
    """The largest town of a code near the middle of its area; None where there is none."""
    near = [
        each
        for each in found
        if middle is not None and miles_between(each.position, middle) < area_miles
    ]
    return max(_without_namesakes(near), key=lambda each: each.population, default=None)


def _index(towns: Iterable[Town]) -> Mapping[str, list[Town]]:
    found: dict[str, list[Town]] = defaultdict(list)
    for town in towns:
        names = {*_spellings(town.name), *town.aliases}
        for name in names | {_TITLE.sub("", each) for each in names}:
            found[name].append(town)
    return found


def _find(wanted: PostalName, towns: Mapping[str, list[Town]]) -> list[Town]:
    """The towns of the first of its names that any town has."""
    for name in wanted.names:
        # What stands in parentheses may be a name too: «Juchitán (Juchitán de Zaragoza)».
        for spelling in (*_spellings(name), canonicalize(name.partition(" (")[2].rstrip(")"))):
            there = towns.get(spelling, ())
            if found := [town for town in there if wanted.region in {"", town.region}]:
                return found
    return []


def _spellings(name: str) -> Iterator[str]:
    """Returns a name as `canonicalize` writes it, and also without what stands after it: «Wehlen,
    Stadt», «Lübbenau/Spreewald», «Forst (Lausitz)», «Marseille 1er Arrondissement»."""
    whole = canonicalize(name)
    if whole:
        yield whole
    for mark in (",", "/", " (", " 1er Arr", "e Arr"):
        bare = canonicalize(name.partition(mark)[0].rstrip("0123456789 "))
        if bare and bare != whole:
            yield bare


def _middles(
    candidates: Mapping[str, Sequence[Town]], areas: Mapping[str, str]
) -> Mapping[str, Position]:
    """The middle of each area."""
    found: dict[str, list[Position]] = defaultdict(list)
    for code, towns in candidates.items():
        found[areas[code]] += [each.position for each in towns]
    return {area: _middle(positions) for area, positions in found.items() if positions}


def _middle(positions: Sequence[Position]) -> Position:
    """Returns the medians of the positions, which a few namesakes elsewhere hardly move."""
    return median(p[0] for p in positions), median(p[1] for p in positions)


def _without_namesakes(towns: list[Town]) -> list[Town]:
    """Returns the towns of a code without those that lie far from the others. If there are only
    two, or all are far apart, it returns all."""
    if len(towns) < 3:
        return towns
    middle = _middle([each.position for each in towns])
    together = [
        each for each in towns if miles_between(each.position, middle) < MAX_MILES_FROM_OTHERS
    ]
    return together or towns


def _between(wanted: PostalName, near: Sequence[PlacedCode]) -> PlacedCode | None:
    """Places a code in the middle of those that have its first three characters. None where these
    are too few, far apart, or in several regions."""
    if len(near) < MIN_NEIGHBOURS:
        return None
    middle = (
        sum(each.position[0] for each in near) / len(near),
        sum(each.position[1] for each in near) / len(near),
    )
    regions = {wanted.region} if wanted.region else {each.region for each in near}
    is_far = any(
        miles_between(each.position, middle) > MAX_MILES_BETWEEN_NEIGHBOURS for each in near
    )
    if is_far or len(regions) > 1:
        return None
    return PlacedCode(wanted.code, wanted.names[0], regions.pop(), middle)
