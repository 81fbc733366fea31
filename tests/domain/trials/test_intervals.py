"""The statistics of a trial: against published numbers, and by simulating whole trials."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest

from outreach.domain.trials import intervals
from outreach.domain.trials.intervals import HARM_CONFIDENCE, Difference, Proportion

pytestmark = pytest.mark.any_database

TRIALS = 2_000
LOOKS = 20  # days with new counts
SEED = 20_261_129


# Newcombe 1998, table II, method 10.
@pytest.mark.parametrize(
    ("new", "usual", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_interval_is_the_published_one(
    new: tuple[int, int], usual: tuple[int, int], low: float, high: float
) -> None:
    difference = intervals.compare(Proportion(*new), Proportion(*usual))
    assert (round(difference.low, 4), round(difference.high, 4)) == (low, high)


def test_nothing_counted_shows_nothing() -> None:
    assert intervals.compare(Proportion(0, 0), Proportion(3, 10)) == Difference(0.0, -1.0, 1.0)


# R: ceiling(power.prop.test(p1=, p2=, power=.8)$n)
@pytest.mark.parametrize(
    ("share", "fewer", "number"), [(0.30, 0.05, 1_251), (0.30, 0.10, 294), (0.50, 0.20, 93)]
)
def test_size_of_a_trial_is_that_of_power_prop_test(
    share: float, fewer: float, number: int
) -> None:
    assert intervals.compute_size(share, fewer) == number


@dataclass(frozen=True)
class SimulatedTrial:
    difference: Difference
    is_cut_short: bool  # for harm


def simulate(random: Random, reminders: int, usual: float, new: float) -> SimulatedTrial:
    """A trial by its rules: wordings by keyed digest, a look for harm each day, the end when both
    wordings have their reminders."""
    key = random.randbytes(32)
    absent, reminded = [0, 0], [0, 0]
    party = 0
    for day in range(1, LOOKS + 1):
        while min(reminded) < reminders * day // LOOKS:
            is_new = hmac.digest(key, str(party).encode(), hashlib.sha256)[0] % 2
            reminded[is_new] += 1
            absent[is_new] += random.random() < (usual, new)[is_new]
            party += 1
        shares = Proportion(absent[1], reminded[1]), Proportion(absent[0], reminded[0])
        if intervals.compare(*shares, HARM_CONFIDENCE).is_more:
            return SimulatedTrial(intervals.compare(*shares), day < LOOKS)
    return SimulatedTrial(intervals.compare(*shares), is_cut_short=False)


def simulate_many(usual: float, new: float, *, reminders: int = 500) -> Iterator[SimulatedTrial]:
    random = Random(SEED)
    for _number in range(TRIALS):
        yield simulate(random, reminders, usual, new)


@pytest.mark.long
@pytest.mark.parametrize(("usual", "new"), [(0.30, 0.30), (0.30, 0.25), (0.20, 0.14)])
def test_interval_covers_the_true_difference_in_95_of_100_trials(usual: float, new: float) -> None:
    covered = sum(
        trial.difference.low <= new - usual <= trial.difference.high
        for trial in simulate_many(usual, new)
    )
    assert 0.94 <= covered / TRIALS <= 0.96


@pytest.mark.long
def test_equal_wordings_seem_different_in_at_most_5_of_100_trials() -> None:
    found = [
        trial
        for trial in simulate_many(0.30, 0.30)
        if trial.difference.is_less or trial.difference.is_more
    ]
    assert len(found) / TRIALS <= 0.05


@pytest.mark.long
def test_harm_ends_a_trial_early_and_chance_hardly_ever_does() -> None:
    harmed = sum(trial.is_cut_short for trial in simulate_many(0.30, 0.50))
    alike = sum(trial.is_cut_short for trial in simulate_many(0.30, 0.30))
    assert harmed / TRIALS > 0.9
    assert alike / TRIALS < 0.01
