"""Sums of people that reveal no small count, in all tables that are made of the same counts (S24).

A month's report hides cells of one table (`attendance_counts`). Staff look at the same people by
month, kind, venue, weekday and hour, and any of these tables can be subtracted from another. So
counts under 5 are joined with others into groups, once, whatever is asked later. A sum has the
groups that are wholly in it, and says whether there is more: whatever is added or subtracted, a
small count never stands alone, and each of its values from 0 to 4 stays possible.

Which counts are joined depends on their order and their keys, and on whether they are enough
people; never on which of several counts is the larger one.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from outreach.reports.attendance_counts import MIN_PUBLISHED

_Z_SCORE: Final = 1.96  # two-sided 95 %
# With so many people, a rate is rounded to so many of a hundred: at least five people each.
_ROUNDING: Final = ((500, 1), (100, 5), (50, 10))
MIN_PEOPLE: Final = _ROUNDING[-1][0]
MIN_WORKSHOPS: Final = 5  # a rate of fewer is not shown


class SafeSums:
    """Sums of `counts`, by their indexes. `levels` has a key of each count, from what a small count
    is joined with first to what it is joined with last; counts that no level joins stay hidden."""

    def __init__(self, counts: Sequence[int], levels: Iterable[Sequence[Hashable]]) -> None:
        self._counts = counts
        self._groups = find_groups(counts, levels)
        self._sizes = Counter(self._groups)

    def sum(self, indexes: Iterable[int]) -> "SafeSum":
        """The sum of some counts, as far as it is shown."""
        people, parts = Counter[int | None](), Counter[int | None]()
        for index in indexes:
            people[self._groups[index]] += self._counts[index]
            parts[self._groups[index]] += 1
        whole = [group for group, size in parts.items() if self._is_whole(group, size)]
        return SafeSum(
            people=sum(people[group] for group in whole) if whole or not parts else None,
            has_more=len(whole) < len(parts),
        )

    def _is_whole(self, group: int | None, size: int) -> bool:
        return group is not None and self._sizes[group] == size


@dataclass(frozen=True, kw_only=True)
class SafeSum:
    """People of whole groups; `has_more` says that there are others, who cannot be told apart."""

    people: int | None  # None where all of them are hidden
    has_more: bool

    @property
    def exact(self) -> int | None:
        """The number of all of them; None where some are hidden."""
        return None if self.has_more else self.people


@dataclass
class _Group:
    """Counts that are only shown together."""

    indexes: list[int]
    people: int
    # What the complete groups in it have at least, as anybody can tell.
    least: int
    is_complete: bool


def find_groups(counts: Sequence[int], levels: Iterable[Sequence[Hashable]]) -> list[int | None]:
    """The number of the group of each count; None for one that stays hidden.

    At each level the small counts with the same key are joined, and the last complete groups with
    that key are added until there are enough people; what is left goes on to the next level, whose
    keys must not part what a level before has in common."""
    groups = [
        _Group(
            [index], count, MIN_PUBLISHED if count >= MIN_PUBLISHED else 0, count >= MIN_PUBLISHED
        )
        for index, count in enumerate(counts)
    ]
    for keys in levels:
        if all(group.is_complete for group in groups):
            break
        by_key: dict[Hashable, list[_Group]] = {}
        for group in groups:
            by_key.setdefault(keys[group.indexes[0]], []).append(group)
        groups = [group for same in by_key.values() for group in _join(same)]
        groups.sort(key=lambda group: group.indexes[0])
    found: list[int | None] = [None] * len(counts)
    for number, group in enumerate(groups):
        if group.is_complete:
            for index in group.indexes:
                found[index] = number
    return found


def _join(same: Sequence[_Group]) -> list[_Group]:
    """Joins the small groups into the first of them, and adds complete groups, the last first,
    until there are enough people. Returns the groups that result.

    Enough is what the complete ones have at least, and five people more: then any of those may be
    of a small count. Before a complete group is added there is never enough: a sum of small counts
    alone, or of some with what was not enough before, would bound each of them.
    """
    small = [group for group in same if not group.is_complete]
    complete = [group for group in same if group.is_complete]
    if not small:
        return complete
    first = small[0]
    for other in small[1:]:
        _add(first, other)
    while complete and not first.is_complete:
        _add(first, complete.pop())
        first.is_complete = first.people >= first.least + MIN_PUBLISHED
    if first.is_complete:
        first.least += MIN_PUBLISHED
    return [*complete, first]


def _add(group: _Group, other: _Group) -> None:
    group.indexes += other.indexes
    group.people += other.people
    group.least += other.least


@dataclass(frozen=True)
class RoundedRate:
    """A rate in percent, rounded so that five people more or fewer are within it, and how many of
    ten that may be by chance. The ends are open: `is_least` means so many or fewer."""

    percent: int
    step: int
    low: int  # so many of ten people, by Wilson's score interval of 95 %
    high: int

    @property
    def is_least(self) -> bool:
        return self.percent <= self.step

    @property
    def is_most(self) -> bool:
        return self.percent >= 100 - self.step


def round_rate(part: int, whole: int, *, workshops: int) -> RoundedRate | None:
    """The rate of `part` in `whole` people; None where they, or the workshops, are too few."""
    step = next((step for people, step in _ROUNDING if whole >= people), None)
    if step is None or workshops < MIN_WORKSHOPS:
        return None
    nearest = step * round(100 * part / whole / step)
    percent = min(100 - step, max(step, nearest))
    # The interval is that of the rounded rate: the exact one's would tell more than the rate.
    low, high = _wilson(percent / 100, whole)
    return RoundedRate(percent, step, math.floor(10 * low), math.ceil(10 * high))


def _wilson(share: float, number: int) -> tuple[float, float]:
    z = _Z_SCORE
    middle = share + z * z / (2 * number)
    half = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    scale = 1 + z * z / number
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
