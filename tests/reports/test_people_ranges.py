"""Ranges of people by office: an attacker with a solver finds no office more closely."""

import random
from collections.abc import Callable, Iterator, Mapping

import highspy
import pytest

from outreach.reports import people_ranges
from outreach.reports.people_ranges import RANGE_SIZE, Bounds, OfficeQuarter, compute_bounds

MONTHS = (1, 2, 3)
pytestmark = pytest.mark.any_database("numbers")


class Quarter:
    """A random quarter of one kind, and what its table publishes."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.people: dict[str, dict[int, int]] = {}
        offices = {}
        largest = chance.choice((3, 12, 60, 300))
        for number in range(chance.randint(1, 8)):
            workshops = {
                month: count for month in MONTHS if (count := chance.choice((0, 0, 1, 1, 2, 5)))
            }
            if workshops:
                slug = f"office-{number}"
                came = {month: chance.randint(0, largest) for month in workshops}
                self.people[slug] = came
                offices[slug] = OfficeQuarter(workshops=workshops, people=sum(came.values()))
        self.offices: Mapping[str, OfficeQuarter] = offices
        self.totals = {
            month: sum(came.get(month, 0) for came in self.people.values()) for month in MONTHS
        }
        self.active = {slug: frozenset(each.workshops) for slug, each in offices.items()}
        self.ranges = people_ranges.draw_ranges(offices, self.totals, pick=chance.randrange)

    def attack(self, ranges: Mapping[str, Bounds]) -> dict[str, Bounds]:
        """The bounds of each office by linear programming, from all that was published."""
        solver = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy has no types
        solver.silent()
        cells = {
            (slug, month): solver.addVariable(lb=0)
            for slug, months in self.active.items()
            for month in months
        }
        sums = {
            slug: sum(cells[slug, month] for month in months)
            for slug, months in self.active.items()
        }
        for month in MONTHS:
            here = [cell for (_slug, each), cell in cells.items() if each == month]
            if here:
                solver.addConstr(sum(here) == self.totals[month])
        for slug, bounds in ranges.items():
            solver.addConstr(sums[slug] >= bounds.least)
            solver.addConstr(sums[slug] <= bounds.most)
        found = {}
        for slug, people in sums.items():
            solver.minimize(people)
            least = solver.getObjectiveValue()
            solver.maximize(people)
            found[slug] = Bounds(round(least), round(solver.getObjectiveValue()))
        return found


def follow(steps: Iterator[int]) -> Callable[[int], int]:
    return lambda _below: next(steps)


def check(seed: int) -> int:
    """How many ranges the quarter has, once none of them was found to say too much."""
    quarter = Quarter(seed)
    before, after = quarter.attack({}), quarter.attack(quarter.ranges)
    assert compute_bounds(quarter.active, quarter.totals, quarter.ranges) == after, seed
    for slug, bounds in after.items():
        assert bounds.least <= quarter.offices[slug].people <= bounds.most, seed
        assert bounds.size >= min(RANGE_SIZE, before[slug].size), seed
    return len(quarter.ranges)


def test_solver_finds_no_office_more_closely_than_its_range() -> None:
    assert sum(check(seed) for seed in range(150)) > 100


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 10_000, 2_000))
def test_solver_finds_nothing_in_ten_thousand_quarters(first: int) -> None:
    assert sum(check(seed) for seed in range(first, first + 2_000)) > 2_000


def test_each_number_of_a_range_could_have_led_to_it() -> None:
    # Who knows the algorithm enumerates all quarters with the same published numbers.
    offices = {
        slug: OfficeQuarter(workshops={1: 3}, people=people)
        for slug, people in (("a", 4), ("b", 21))
    }
    ranges = people_ranges.draw_ranges(offices, {1: 25}, pick=random.Random(1).randrange)
    for people in range(ranges["a"].least, ranges["a"].most + 1):
        wanted = {"a": people, "b": 25 - people}
        assert ranges["b"].least <= wanted["b"] <= ranges["b"].most
        steps = iter([wanted[slug] - ranges[slug].least for slug in ("a", "b")])
        same = {
            slug: OfficeQuarter(workshops={1: 3}, people=number) for slug, number in wanted.items()
        }
        assert people_ranges.draw_ranges(same, {1: 25}, pick=follow(steps)) == ranges


@pytest.mark.parametrize(
    ("workshops", "published"),
    [
        ({"a": 5}, set()),  # the total says it
        ({"a": 5, "b": 2}, set()),  # the others have fewer than three
        ({"a": 5, "b": 4, "c": 2}, {"a"}),  # so the smaller one is left out too
        ({"a": 5, "b": 4, "c": 2, "d": 1}, {"a", "b"}),
        ({"a": 5, "b": 4}, {"a", "b"}),
    ],
)
def test_only_cells_of_three_workshops_are_published(
    workshops: dict[str, int], published: set[str]
) -> None:
    offices = {
        slug: OfficeQuarter(workshops={1: count}, people=40) for slug, count in workshops.items()
    }
    found = people_ranges.draw_ranges(
        offices, {1: 40 * len(offices)}, pick=random.Random(1).randrange
    )
    assert set(found) == published


def test_office_that_held_all_of_a_month_gets_no_range() -> None:
    offices = {
        "a": OfficeQuarter(workshops={1: 4}, people=50),
        "b": OfficeQuarter(workshops={2: 4}, people=60),
        "c": OfficeQuarter(workshops={2: 4}, people=70),
    }
    found = people_ranges.draw_ranges(offices, {1: 50, 2: 130}, pick=random.Random(1).randrange)
    assert "a" not in found
