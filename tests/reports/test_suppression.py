"""Nobody can work out a number of people that we do not tell, from all that was ever published.

Whoever tries knows our program: a number is possible only if the program itself, given it, would
have published exactly what it did."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import Final

import pytest

from outreach.reports import attendance_counts
from outreach.reports.attendance_counts import MIN_PUBLISHED, Attendance

People = Mapping[str, int]
KINDS: Final = "abcde"
# A withheld number can be any from 5 on: so many of them are enough to find two that fit.
SOME: Final = 14


@dataclass(frozen=True)
class Hidden:
    """A number that is not told, of one revision or of several in which it looks the same."""

    kind: str
    revisions: tuple[int, ...]
    can_be: tuple[int, ...]


def published(tables: Sequence[People]) -> list[Attendance]:
    """What the program publishes of a month that is closed so many times."""
    told: list[Attendance] = []
    for people in tables:
        told.append(attendance_counts.suppress(people, tuple(told)))
    return told


def small_differences(told: Sequence[Attendance]) -> list[tuple[str, int, int]]:
    """The kinds of which two revisions tell numbers that are a few people apart: as good as the
    number of those few."""
    return [
        (kind, one.published[kind], other.published[kind])
        for one, other in combinations(told, 2)
        for kind in one.published.keys() & other.published.keys()
        if 0 < abs(one.published[kind] - other.published[kind]) < MIN_PUBLISHED
    ]


def hidden_in(told: Sequence[Attendance], revisions: Sequence[int]) -> list[Hidden]:
    """The numbers that these revisions do not tell. Who tries to solve several at once takes it
    that a number which looks the same in two of them is the same."""
    found: dict[tuple[str, bool], Hidden] = {}
    for number in revisions:
        each = told[number]
        for kind in sorted(each.hidden):
            key, can_be = (kind, kind in each.small), _values(each, kind, told[:number])
            same = found.get(key)
            seen = same.revisions if same else ()
            can_be |= set(same.can_be if same else ())
            found[key] = Hidden(kind, (*seen, number), tuple(sorted(can_be)))
    return list(found.values())


def _values(each: Attendance, kind: str, before: Sequence[Attendance]) -> set[int]:
    if kind in each.small:
        return set(range(MIN_PUBLISHED))
    if each.total is None:
        said = [one.published[kind] for one in before if kind in one.published]
        near = {n + more for n in said for more in range(1 - MIN_PUBLISHED, MIN_PUBLISHED)}
        return {
            *range(MIN_PUBLISHED, MIN_PUBLISHED + SOME),
            *(n for n in near if n >= MIN_PUBLISHED),
        }
    left = each.total - sum(each.published.values())
    most_beside = (MIN_PUBLISHED - 1) * len(each.small)
    least = left - most_beside if len(each.withheld) == 1 else 0
    return set(range(max(MIN_PUBLISHED, least), left + 1))


def solved(tables: Sequence[People]) -> list[Hidden]:
    """The numbers that can be worked out: those that can be one only. Each revision is tried by
    itself, and all of them together."""
    told = published(tables)
    everything = range(len(told))
    found = []
    for revisions in {*((number,) for number in everything), tuple(everything)}:
        unknown = hidden_in(told, revisions)
        left = [set[int]() for _one in unknown]
        for values in fitting(tables, told, unknown, revisions):
            for possible, value in zip(left, values, strict=True):
                possible.add(value)
            if all(len(possible) > 1 for possible in left):
                break
        for one, possible in zip(unknown, left, strict=True):
            truth = {tables[number][one.kind] for number in one.revisions}
            if len(possible) == 1 and possible == truth:
                found.append(one)
    return found


def fitting(
    tables: Sequence[People],
    told: Sequence[Attendance],
    unknown: Sequence[Hidden],
    revisions: Sequence[int],
) -> Iterator[tuple[int, ...]]:
    """Ways to fill in what is hidden from which the program would make what it published: some at
    random, which is mostly enough, and then all of them."""
    chance = random.Random(1)
    some = (tuple(chance.choice(one.can_be) for one in unknown) for _ in range(400))
    for values in chain(some, product(*(one.can_be for one in unknown))):
        filled = list(zip(unknown, values, strict=True))
        if all(_publishes(number, filled, tables[number], told) for number in revisions):
            yield values


def _publishes(
    number: int,
    filled: Sequence[tuple[Hidden, int]],
    kinds: People,
    told: Sequence[Attendance],
) -> bool:
    here = {one.kind: value for one, value in filled if number in one.revisions}
    people = {kind: here[kind] if kind in here else told[number].published[kind] for kind in kinds}
    return attendance_counts.suppress(people, told[:number]) == told[number]


def made_up(chance: random.Random) -> list[People]:
    """A month of two to five kinds, closed one to three times; now and then numbers just at the
    edge of what is told, or a few more than before."""
    kinds = KINDS[: chance.randint(1, len(KINDS))]
    most = chance.choice([6, 9, 12, 40, 300])
    tables: list[People] = [{kind: chance.randint(0, most) for kind in kinds}]
    for _again in range(chance.randint(0, 2)):
        late = dict(tables[-1])
        for kind in chance.sample(kinds, chance.randint(0, len(kinds))):
            before, luck = late.pop(kind, None), chance.random()
            if before is not None and luck < 0.3:
                late[kind] = max(0, before + chance.randint(-MIN_PUBLISHED, MIN_PUBLISHED))
            elif luck < 0.9:
                late[kind] = chance.randint(0, most)
        tables.append({kind: late[kind] for kind in KINDS if kind in late})
    return tables


def try_to_solve(how_many: int, seed: int) -> None:
    chance = random.Random(seed)
    hidden = 0
    for _number in range(how_many):
        tables = made_up(chance)
        told = published(tables)
        hidden += sum(len(each.hidden) for each in told)
        assert small_differences(told) == [], f"{tables} tells {told}"
        assert solved(tables) == [], f"{tables} tells {told}"
    assert hidden > how_many, "there was something to solve"


def test_the_few_of_a_late_report_are_not_told_by_the_difference_of_two_revisions() -> None:
    first, second, third = published(
        [{"a": 31, "b": 40}, {"a": 32, "b": 40}, {"a": 60, "b": 46}],
    )
    assert (first.published, first.total) == ({"a": 31, "b": 40}, 71)
    for later, others in ((second, {"b": 40}), (third, {"b": 46})):
        assert (later.published, later.total) == (others, None)
        assert later.withheld == {"a"}


def test_a_number_is_compared_with_every_revision_not_only_the_last() -> None:
    told = published([{"a": 31}, {"a": 36}, {"a": 41}, {"a": 33}])
    assert [each.published.get("a") for each in told] == [31, 36, 41, None]


def test_no_hidden_number_can_be_worked_out() -> None:
    try_to_solve(300, seed=5)


@pytest.mark.long
def test_no_hidden_number_of_ten_thousand_months_can_be_worked_out() -> None:
    try_to_solve(10_000, seed=2026)
