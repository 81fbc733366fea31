"""No small count can be derived from all tables of the figures together (S24).

The attacker knows the algorithm and everything that is shown: a count is possible only if the
program, given other counts with it, would have shown exactly the same."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import product
from typing import Final

import pytest

from outreach.reports import small_counts, staff_figures
from outreach.reports.attendance_counts import MIN_PUBLISHED
from outreach.reports.small_counts import MIN_PEOPLE, MIN_WORKSHOPS, SafeSum
from outreach.reports.staff_figures import FigureGrouping, StaffFigures, WorkshopFacts
from tests.support.fixed_clock import fixed_clock

pytestmark = fixed_clock

# What may be asked for: offices, kind, grouping, and the key of the row.
Address = tuple[frozenset[int] | None, int | None, str, int]
STEPS: Final = 6_000  # the search for other values of one small count takes that many
LARGEST: Final = 30


def make_workshops(rng: random.Random) -> list[WorkshopFacts]:
    """Up to nine workshops of two offices, two kinds and two months, some with few people."""
    largest = rng.choice([6, 9, 14, LARGEST])
    facts = [
        WorkshopFacts(
            id=number,
            month=202600 + rng.randint(1, 2),
            office_id=rng.randint(1, 2),
            kind_id=(kind := rng.randint(1, 2)),
            kind_position=kind,
            venue_id=rng.choice([None, 1, 2]),
            day=date(2026, 1, 5) + timedelta(days=rng.randint(0, 1)),
            starts=time(rng.choice([10, 18])),
            has_seats=True,
            capacity=20,
            head_count=rng.randint(0, largest),
        )
        for number in range(rng.randint(2, 9))
    ]
    facts.sort(key=lambda each: (each.month, each.kind_position, each.office_id, each.id))
    return facts


def figures_of(workshops: Sequence[WorkshopFacts], *, is_network: bool) -> StaffFigures:
    return StaffFigures(workshops=workshops, is_network=is_network, attendance={}, waiting={})


def publish(found: StaffFigures) -> Mapping[Address, SafeSum]:
    """Every number of people that some address of the page shows, and where it hides some."""
    offices = (None, frozenset([1]), frozenset([2]))
    tables: dict[Address, SafeSum] = {}
    for chosen, kind_id in product(offices, (None, 1, 2)):
        total = found.total(offices=chosen, kind_id=kind_id)
        tables[chosen, kind_id, "", 0] = total.people
        for by in FigureGrouping:
            for row in found.list_rows(by, offices=chosen, kind_id=kind_id):
                tables[chosen, kind_id, by, row.key] = row.people
    return tables


def with_counts(workshops: Sequence[WorkshopFacts], counts: Sequence[int]) -> list[WorkshopFacts]:
    return [each._replace(head_count=count) for each, count in zip(workshops, counts, strict=True)]


def groups_of(found: StaffFigures) -> list[int | None]:
    return found._people._groups


def list_possible(
    found: StaffFigures, wanted: int, rng: random.Random
) -> Iterator[tuple[int, list[int]]]:
    """Values of the count `wanted`, each with counts of all workshops, from which the program makes
    the same groups with the same sums: a random walk that moves people within its own group."""
    counts = [each.head_count or 0 for each in found.workshops]
    groups = groups_of(found)
    keys = staff_figures._list_network_keys if found.is_network else staff_figures._list_office_keys
    levels = list(zip(*(keys(each) for each in found.workshops), strict=True))
    same = [index for index, group in enumerate(groups) if group == groups[wanted]]
    is_hidden = groups[wanted] is None  # then the sum is not shown, and anybody may come or go
    for _step in range(STEPS):
        tried = counts.copy()
        for _move in range(rng.randint(1, 3)):
            people, giver, taker = rng.randint(1, 4), rng.choice(same), rng.choice(same)
            if not is_hidden or rng.random() < 0.5:
                tried[giver] -= people
            if not is_hidden or rng.random() < 0.5:
                tried[taker] += people
        if min(tried) >= 0 and small_counts.find_groups(tried, levels) == groups:
            counts = tried
            yield counts[wanted], counts


def try_to_narrow(worlds: int, seed: int) -> int:
    """Fails where the possible values of a small count are narrower than from 0 to 4; returns how
    many small counts there were."""
    rng = random.Random(seed)
    small = 0
    for number in range(worlds):
        found = figures_of(make_workshops(rng), is_network=bool(number % 2))
        shown = publish(found)
        for wanted, each in enumerate(found.workshops):
            if (each.head_count or 0) >= MIN_PUBLISHED:
                continue
            small += 1
            low = high = each.head_count or 0
            for value, counts in list_possible(found, wanted, rng):
                if low <= value <= high:
                    continue
                other = replace(found, workshops=with_counts(found.workshops, counts))
                assert publish(other) == shown
                low, high = min(low, value), max(high, value)
                if high - low >= MIN_PUBLISHED - 1:
                    break
            counts = [one.head_count or 0 for one in found.workshops]
            assert high - low >= MIN_PUBLISHED - 1, (
                f"{each} is from {low} to {high} of {counts} in {groups_of(found)}"
            )
    return small


@pytest.mark.thorough
def test_no_small_count_can_be_narrowed() -> None:
    assert try_to_narrow(150, seed=7) > 150


@pytest.mark.long
def test_no_small_count_of_two_thousand_years_can_be_narrowed() -> None:
    assert try_to_narrow(2_000, seed=2026) > 2_000


def test_no_difference_of_a_total_and_its_part_is_small() -> None:
    rng = random.Random(3)
    for number in range(300):
        tables = publish(figures_of(make_workshops(rng), is_network=bool(number % 2)))
        for (offices, kind_id, _by, _key), part in tables.items():
            whole = tables[offices, kind_id, "", 0]
            if part.people is not None and whole.people not in {None, part.people}:
                assert (whole.people or 0) - part.people >= MIN_PUBLISHED


def test_office_is_never_joined_with_another_for_its_own_staff() -> None:
    workshops = [
        WorkshopFacts(1, 202601, 1, 1, 1, None, date(2026, 1, 5), time(10), True, 20, 3),
        WorkshopFacts(2, 202601, 2, 1, 1, None, date(2026, 1, 5), time(10), True, 20, 30),
    ]
    own = figures_of(workshops, is_network=False)
    shown = [row.people for row in own.list_rows(FigureGrouping.OFFICE)]
    hidden = SafeSum(people=None, has_more=True)
    assert shown == [hidden, SafeSum(people=30, has_more=False)]
    assert own.total().people == SafeSum(people=30, has_more=True)
    network = figures_of(workshops, is_network=True)
    assert [row.people for row in network.list_rows(FigureGrouping.OFFICE)] == [hidden, hidden]
    assert network.total().people.exact == 33


@pytest.mark.parametrize("people", [*range(MIN_PEOPLE, 131), 480, 499, 500, 501, 777])
def test_rate_leaves_five_people_open(people: int) -> None:
    by_rate: dict[object, list[int]] = {}
    for part in range(people + 1):
        by_rate.setdefault(
            small_counts.round_rate(part, people, workshops=MIN_WORKSHOPS), []
        ).append(part)
    assert None not in by_rate
    assert min(len(parts) for parts in by_rate.values()) >= MIN_PUBLISHED


@pytest.mark.parametrize(("people", "workshops"), [(49, 10), (500, 4), (0, 0)])
def test_few_people_or_workshops_have_no_rate(people: int, workshops: int) -> None:
    assert small_counts.round_rate(people // 2, people, workshops=workshops) is None


def test_interval_is_wilsons() -> None:
    rate = small_counts.round_rate(70, 100, workshops=9)
    assert rate is not None
    # 0.70 of 100: 0.604 to 0.781
    assert (rate.percent, rate.low, rate.high) == (70, 6, 8)
    many = small_counts.round_rate(4_040, 5_000, workshops=200)
    assert many is not None
    assert (many.percent, many.low, many.high) == (81, 7, 9)
