"""People by office of one kind in one quarter, as ranges that narrow nobody's number (S24).

The network's total of each month is published to the digit, and so is who held how many workshops
when. From those and the ranges a reader can compute bounds of every office: `compute_bounds` does,
exactly. A table is drawn at random until it leaves each office at least `RANGE_SIZE` possible
numbers, or as many as the totals alone leave it; after `MAX_DRAWS` there is none.

Whether a draw is taken depends on published numbers only, and every number in a range could have
led to it. So who knows this algorithm knows no more than the bounds (decision 0060).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

MIN_WORKSHOPS: Final = 3
RANGE_SIZE: Final = 10  # numbers in a range: 20 to 29
MAX_DRAWS: Final = 500


@dataclass(frozen=True, kw_only=True)
class OfficeQuarter:
    """What one office held of a kind: its workshops by month, which are public, and who came."""

    workshops: Mapping[int, int]  # by number of the month, without zeros
    people: int


@dataclass(frozen=True)
class Bounds:
    """The numbers that an office may have, by all that was published."""

    least: int
    most: int

    @property
    def size(self) -> int:
        return self.most - self.least + 1


def draw_ranges(
    offices: Mapping[str, OfficeQuarter],
    totals: Mapping[int, int],
    *,
    pick: Callable[[int], int] = secrets.randbelow,
) -> dict[str, Bounds]:
    """Returns the range of each office that may be published, by its slug; empty if none may.

    `totals` are the people of the whole network by month, to the digit. `pick(n)` returns a random
    number below n, which nobody can guess.
    """
    active = {slug: frozenset(each.workshops) for slug, each in offices.items()}
    known = compute_bounds(active, totals, {})
    eligible = _choose_eligible(offices, known)
    if not eligible:
        return {}
    for _draw in range(MAX_DRAWS):
        ranges = {}
        for slug in eligible:
            least = offices[slug].people - pick(min(RANGE_SIZE, offices[slug].people + 1))
            ranges[slug] = Bounds(least, least + RANGE_SIZE - 1)
        found = compute_bounds(active, totals, ranges)
        if all(each.size >= min(RANGE_SIZE, known[slug].size) for slug, each in found.items()):
            return ranges
    return {}


def compute_bounds(
    active: Mapping[str, frozenset[int]], totals: Mapping[int, int], ranges: Mapping[str, Bounds]
) -> dict[str, Bounds]:
    """Returns the bounds of each office that follow from totals by month and published ranges.

    `active` has the months in which each office held workshops. People of an office and a month are
    a flow from the month to the office; by Hoffman's theorem it exists if and only if no set of
    months has more people than its offices may have, or fewer than those must have that held
    workshops in these months only. So the bounds are attained, and there are no tighter ones.
    """
    everybody = sum(totals.values())
    own = {slug: ranges.get(slug, Bounds(0, everybody)) for slug in active}
    bounds = dict(own)
    for size in range(1, len(totals) + 1):
        for some in map(frozenset, combinations(totals, size)):
            people = sum(totals[month] for month in some)
            touched = [slug for slug, months in active.items() if months & some]
            within = [slug for slug, months in active.items() if months <= some]
            most, least = sum(own[s].most for s in touched), sum(own[s].least for s in within)
            for slug in touched:
                needed = people - (most - own[slug].most)
                bounds[slug] = Bounds(max(bounds[slug].least, needed), bounds[slug].most)
            for slug in within:
                left = people - (least - own[slug].least)
                bounds[slug] = Bounds(bounds[slug].least, min(bounds[slug].most, left))
    return bounds


def _choose_eligible(
    offices: Mapping[str, OfficeQuarter], known: Mapping[str, Bounds]
) -> list[str]:
    """The offices whose range is drawn: with enough workshops, and not known more closely already.
    The others together have enough workshops too, or none. Depends on public numbers only."""
    counts = {slug: sum(each.workshops.values()) for slug, each in offices.items()}
    eligible = sorted(
        (
            slug
            for slug, count in counts.items()
            if count >= MIN_WORKSHOPS and known[slug].size > RANGE_SIZE
        ),
        key=lambda slug: (-counts[slug], slug),
    )
    while eligible:
        others = sum(counts.values()) - sum(counts[slug] for slug in eligible)
        if others == 0 or others >= MIN_WORKSHOPS:
            break
        eligible.pop()
    return eligible
