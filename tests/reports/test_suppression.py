"""No hidden attendance can be derived from everything that was ever published (S24).

The attacker knows the algorithm: a number is possible only if the program, given that number, would
have published exactly the same."""

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
# A withheld number has no upper limit; this many candidates are enough to find two that fit.
WITHHELD_CANDIDATES: Final = 14


@dataclass(frozen=True)
class HiddenNumber:
    """A hidden number of one revision, or of several that seem to have the same number."""

    kind: str
    revisions: tuple[int, ...]
    candidates: tuple[int, ...]


def publish(tables: Sequence[People]) -> list[Attendance]:
    """Return the publications of a month that is closed once for each table."""
    publications: list[Attendance] = []
    for people in tables:
        publications.append(attendance_counts.suppress(people, tuple(publications)))
    return publications


def find_small_differences(publications: Sequence[Attendance]) -> list[tuple[str, int, int]]:
    """Return (kind, number, number) where two revisions publish numbers that differ by a few
    people: the difference is as revealing as a small number."""
    return [
        (kind, one.published[kind], other.published[kind])
        for one, other in combinations(publications, 2)
        for kind in one.published.keys() & other.published.keys()
        if 0 < abs(one.published[kind] - other.published[kind]) < MIN_PUBLISHED
    ]


def list_hidden(publications: Sequence[Attendance], revisions: Sequence[int]) -> list[HiddenNumber]:
    """Return the hidden numbers of these revisions. An attacker who solves several revisions at
    once assumes that a number which looks the same in two of them is the same."""
    found: dict[tuple[str, bool], HiddenNumber] = {}
    for number in revisions:
        each = publications[number]
        for kind in sorted(each.hidden_kinds):
            key, candidates = (kind, kind in each.small), _values(each, kind, publications[:number])
            same = found.get(key)
            earlier_revisions = same.revisions if same else ()
            candidates |= set(same.candidates if same else ())
            found[key] = HiddenNumber(kind, (*earlier_revisions, number), tuple(sorted(candidates)))
    return list(found.values())


def _values(each: Attendance, kind: str, before: Sequence[Attendance]) -> set[int]:
    if kind in each.small:
        return set(range(MIN_PUBLISHED))
    if each.total is None:
        known = [one.published[kind] for one in before if kind in one.published]
        near_published = {
            n + more for n in known for more in range(1 - MIN_PUBLISHED, MIN_PUBLISHED)
        }
        return {
            *range(MIN_PUBLISHED, MIN_PUBLISHED + WITHHELD_CANDIDATES),
            *(n for n in near_published if n >= MIN_PUBLISHED),
        }
    remainder = each.total - sum(each.published.values())
    max_small = (MIN_PUBLISHED - 1) * len(each.small)
    least = remainder - max_small if len(each.withheld) == 1 else 0
    return set(range(max(MIN_PUBLISHED, least), remainder + 1))


def solve(tables: Sequence[People]) -> list[HiddenNumber]:
    """Return the hidden numbers with only one possible value. Each revision is tried alone, and all
    of them together."""
    publications = publish(tables)
    all_revisions = range(len(publications))
    found = []
    for revisions in {*((number,) for number in all_revisions), tuple(all_revisions)}:
        unknown = list_hidden(publications, revisions)
        remainder = [set[int]() for _ in unknown]
        for values in find_consistent(tables, publications, unknown, revisions):
            for possible, value in zip(remainder, values, strict=True):
                possible.add(value)
            if all(len(possible) > 1 for possible in remainder):
                break
        for one, possible in zip(unknown, remainder, strict=True):
            true_values = {tables[number][one.kind] for number in one.revisions}
            if len(possible) == 1 and possible == true_values:
                found.append(one)
    return found


def find_consistent(
    tables: Sequence[People],
    publications: Sequence[Attendance],
    unknown: Sequence[HiddenNumber],
    revisions: Sequence[int],
) -> Iterator[tuple[int, ...]]:
    """Yield values of the hidden numbers from which the program would publish the same: some random
    ones first, which are mostly enough, and then all."""
    rng = random.Random(1)
    random_values = (tuple(rng.choice(one.candidates) for one in unknown) for _ in range(400))
    for values in chain(random_values, product(*(one.candidates for one in unknown))):
        filled = list(zip(unknown, values, strict=True))
        if all(_publishes(number, filled, tables[number], publications) for number in revisions):
            yield values


def _publishes(
    number: int,
    filled: Sequence[tuple[HiddenNumber, int]],
    kinds: People,
    publications: Sequence[Attendance],
) -> bool:
    guesses = {one.kind: value for one, value in filled if number in one.revisions}
    people = {
        kind: guesses[kind] if kind in guesses else publications[number].published[kind]
        for kind in kinds
    }
    return attendance_counts.suppress(people, publications[:number]) == publications[number]


def make_tables(rng: random.Random) -> list[People]:
    """Return a random month of one to five kinds, closed one to three times, with some numbers near
    the published minimum or close to those of the revision before."""
    kinds = KINDS[: rng.randint(1, len(KINDS))]
    largest = rng.choice([6, 9, 12, 40, 300])
    tables: list[People] = [{kind: rng.randint(0, largest) for kind in kinds}]
    for _revision in range(rng.randint(0, 2)):
        changed = dict(tables[-1])
        for kind in rng.sample(kinds, rng.randint(0, len(kinds))):
            before, chance = changed.pop(kind, None), rng.random()
            if before is not None and chance < 0.3:
                changed[kind] = max(0, before + rng.randint(-MIN_PUBLISHED, MIN_PUBLISHED))
            elif chance < 0.9:
                changed[kind] = rng.randint(0, largest)
        tables.append({kind: changed[kind] for kind in KINDS if kind in changed})
    return tables


def try_to_solve(months: int, seed: int) -> None:
    rng = random.Random(seed)
    hidden = 0
    for _number in range(months):
        tables = make_tables(rng)
        publications = publish(tables)
        hidden += sum(len(each.hidden_kinds) for each in publications)
        assert find_small_differences(publications) == [], f"{tables} is revealed by {publications}"
        assert solve(tables) == [], f"{tables} is revealed by {publications}"
    assert hidden > months, "too few hidden numbers were tested"


def test_small_difference_between_revisions_is_withheld() -> None:
    first, second, third = publish(
        [{"a": 31, "b": 40}, {"a": 32, "b": 40}, {"a": 60, "b": 46}],
    )
    assert (first.published, first.total) == ({"a": 31, "b": 40}, 71)
    for later, others in ((second, {"b": 40}), (third, {"b": 46})):
        assert (later.published, later.total) == (others, None)
        assert later.withheld == {"a"}


def test_number_is_compared_with_every_earlier_revision() -> None:
    publications = publish([{"a": 31}, {"a": 36}, {"a": 41}, {"a": 33}])
    assert [each.published.get("a") for each in publications] == [31, 36, 41, None]


@pytest.mark.thorough
def test_every_kind_is_published_or_hidden_where_two_reasons_to_hide_meet() -> None:
    """A first revision with a small number, and a kind whose ranges were published before."""
    people = {"a": 3, "b": 20, "c": 30, "d": 40}
    found = attendance_counts.suppress(people, fixed={"b"}, recounted={"b"})
    assert found.small == {"a"}
    assert found.withheld == {"b", "d"}
    assert found.published == {"c": 30}
    assert found.total == 93


def test_no_hidden_number_can_be_derived() -> None:
    try_to_solve(300, seed=5)


@pytest.mark.long
def test_no_hidden_number_of_ten_thousand_months_can_be_derived() -> None:
    try_to_solve(10_000, seed=2026)
