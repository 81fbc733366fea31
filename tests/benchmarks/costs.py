"""What answers cost the processor, in «hellos»; and what became dearer since the last release.

The measure is processor time of the served processes, which is steady on a busy machine where the
rate of answers is not; the time on the clock is shown beside it. Each cost is divided by that of a
bare Flask «hello» on the same server, measured just before: the ratio is about the same on a faster
machine, so that it can be compared with the figures of the last release (`released.json`).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from tests.benchmarks.poll import Poll
from tests.benchmarks.server import Running, running

RELEASED: Final = Path(__file__).with_name("released.json")  # the figures of the last release
TOLERANCE: Final = 1.10  # a figure may be a tenth higher
HELLOS: Final = 5  # requests of «hello» for one of ours: they are so short


@dataclass(frozen=True)
class Cost:
    """Processor milliseconds of one answer and of one «hello» just before, medians; the median of
    their ratios; and milliseconds on the clock of one answer."""

    what: str
    ms: float
    hello_ms: float
    ratio: float
    clock_ms: float


@dataclass(frozen=True)
class _Spent:
    """Milliseconds of the processor and on the clock."""

    processor: float
    clock: float


def _spend(server: Running, ask: Callable[[], object], times: int) -> _Spent:
    """What one of `times` answers takes, which `ask` requests."""
    began, before = perf_counter(), server.processor_ms()
    ask()
    spent = server.processor_ms() - before
    return _Spent(spent / times, (perf_counter() - began) * 1000 / times)


def measure_hello(times: int = 2000) -> float:
    """The processor milliseconds of one «hello», on a server of its own."""
    with running("tests.benchmarks.hello:create_app", {}) as bare, Poll(bare.port) as poll:
        for _ in range(times // 10):
            poll.ask("/")
        return _spend(bare, lambda: [poll.ask("/") for _ in range(times)], times).processor


class Measured:
    """The costs of a run, by what is measured; repetitions are added one after the other."""

    def __init__(self, bare: Running, ours: Running, say_hello: Callable[[], object]) -> None:
        self._bare, self._ours, self._say_hello = bare, ours, say_hello
        self._pairs: dict[str, list[tuple[_Spent, _Spent]]] = {}

    def add(self, what: str, ask: Callable[[], object], times: int, *, is_kept: bool) -> None:
        """Measures `ask`, which makes `times` requests, right after as many «hellos». The first
        repetition warms up, and is not kept."""

        def say_hellos() -> None:
            for _ in range(times * HELLOS):
                self._say_hello()

        hello = _spend(self._bare, say_hellos, times * HELLOS)
        pair = _spend(self._ours, ask, times), hello
        if is_kept:
            self._pairs.setdefault(what, []).append(pair)

    def costs(self) -> dict[str, Cost]:
        return {what: _summarize(what, pairs) for what, pairs in self._pairs.items()}


def _summarize(what: str, pairs: list[tuple[_Spent, _Spent]]) -> Cost:
    return Cost(
        what,
        median(own.processor for own, _ in pairs),
        median(hello.processor for _, hello in pairs),
        median(own.processor / hello.processor for own, hello in pairs),
        median(own.clock for own, _ in pairs),
    )


def add_up(what: str, costs: Iterable[Cost]) -> Cost:
    """The cost of several answers together."""
    parts = list(costs)
    return Cost(
        what,
        sum(each.ms for each in parts),
        median(each.hello_ms for each in parts),
        sum(each.ratio for each in parts),
        sum(each.clock_ms for each in parts),
    )


def read_released(file: Path = RELEASED) -> dict[str, float]:
    """The figures of the last release, by what was measured: the smaller, the better."""
    found: dict[str, float] = json.loads(file.read_text()) if file.exists() else {}
    return found


def find_dearer(figures: Mapping[str, float], released: Mapping[str, float]) -> list[str]:
    """A sentence for each figure that is more than a tenth above that of the last release."""
    return [
        f"{what} became dearer: {figure:.3g}, and {released[what]:.3g} in the last release"
        for what, figure in figures.items()
        if what in released and figure > released[what] * TOLERANCE
    ]


def keep(figures: Mapping[str, float], file: Path = RELEASED) -> None:
    """Writes these figures into the file; others that it has stay."""
    kept = read_released(file) | {what: float(f"{each:.3g}") for what, each in figures.items()}
    file.write_text(json.dumps(kept, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
