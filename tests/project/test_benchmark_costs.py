"""The benchmarks say what became dearer since the last release."""

from pathlib import Path

from tests.benchmarks import costs
from tests.benchmarks.costs import Cost


def test_figure_more_than_a_tenth_above_that_of_the_last_release_is_named() -> None:
    released = {"form": 18.0, "save": 25.0, "gone": 3.0}
    assert costs.find_dearer({"form": 19.7, "save": 25.0, "new": 99.0}, released) == []
    (sentence,) = costs.find_dearer({"form": 19.9, "save": 12.0}, released)
    assert sentence == "form became dearer: 19.9, and 18 in the last release"


def test_released_figures_are_kept_beside_those_of_other_parts(tmp_path: Path) -> None:
    file = tmp_path / "released.json"
    assert costs.read_released(file) == {}
    costs.keep({"form": 18.123, "save": 25}, file)
    costs.keep({"form": 17.0}, file)
    assert costs.read_released(file) == {"form": 17.0, "save": 25.0}


def test_costs_of_steps_add_up() -> None:
    steps = [Cost("form", 1.5, 0.1, 15.0, 2.0), Cost("save", 2.5, 0.1, 25.0, 4.0)]
    assert costs.add_up("registration", steps) == Cost("registration", 4.0, 0.1, 40.0, 6.0)
