"""`python -m tests.benchmarks`: measures all benchmarks in one run on this machine.

    python -m tests.benchmarks                       (all but rates and decade)
    python -m tests.benchmarks --only feeds --only scale
    python -m tests.benchmarks --only rates          (answers a second; needs wrk and nginx)
    python -m tests.benchmarks --only decade         (ten years; takes 4 GB and half an hour)
    python -m tests.benchmarks --release             (these figures are those of a release)

What an answer costs is processor time of the served processes, each measured right after a minimal
Flask view on the same server; the ratio is compared with that of the last release. Exit status 1:
something became a tenth dearer, also when it is measured a second time.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from outreach import extension_points
from tests.benchmarks import (
    backup,
    burst,
    control,
    costs,
    database_size,
    decade,
    door,
    feed_costs,
    front,
    journey,
    letters,
    load,
    million,
    polling_load,
    scale,
    staff_search,
    weight,
    workbook,
)
from tests.benchmarks.costs import Cost
from tests.benchmarks.network import THOUSAND, Network, network
from tests.benchmarks.paths import paths, world
from tests.benchmarks.server import Running, running, serving
from tests.support.extension_scenes import FOLDER

FACTORY = "outreach.app:create_app"
FLOORS = {
    "feed, unchanged (304)": 1.5,
    "feed, gzip (200)": 1.5,
    "list page": 0.1,
    "registration POST": 0.04,
}


class Bench:
    """One run: its folder, its servers (started on first use) and its table of results."""

    def __init__(self, folder: Path, exit_stack: ExitStack, seconds: int, repetitions: int) -> None:
        self.folder, self.seconds, self.repetitions = folder, seconds, repetitions
        self._exit_stack = exit_stack
        self.figures: dict[str, float] = {}  # comparable with other machines; smaller is better
        self.released = costs.read_released()
        self.table = Table(
            title="Measured in one run, in alternation; ratios are medians of repetitions"
        )
        for heading in ("what", "measured", "baseline", "ratio", "last release", "limit", ""):
            self.table.add_column(heading, justify="left" if heading == "what" else "right")

    def add_figure(self, what: str, figure: float) -> None:
        """Adds what is compared with the last release; of two measurements the better one."""
        self.figures[what] = min(figure, self.figures.get(what, figure))

    def add_cost(self, cost: Cost, *, max_ratio: float | None = None) -> None:
        """Adds a line for what an answer costs, and compares it with the last release."""
        self.add_figure(cost.what, cost.ratio)
        self.add_result(
            cost.what,
            f"{cost.ms:.2f} ms, {cost.clock_ms:.1f} on the clock",
            baseline=f"hello {cost.hello_ms:.3f} ms",
            ratio=cost.ratio,
            most=None if max_ratio is None else (cost.ratio, max_ratio),
            limit="" if max_ratio is None else f"≤ {max_ratio:.0f}",
        )

    def add_result(
        self,
        what: str,
        measured: str,
        *,
        baseline: str = "",
        ratio: float | None = None,
        least: float | None = None,
        most: tuple[float, float] | None = None,
        limit: str = "",
    ) -> None:
        """Adds a line to the table. It passes if the ratio is at least `least`, or the first value
        of `most` at most the second."""
        is_within_limit = None
        if least is not None and ratio is not None:
            is_within_limit, limit = ratio >= least, f"≥ {least}"
        if most is not None:
            is_within_limit = most[0] <= most[1]
        mark = "" if is_within_limit is None else "yes" if is_within_limit else "NO"
        released = f"{self.released[what]:.3g}" if what in self.released else ""
        shown = "" if ratio is None else f"{ratio:.3g}"
        self.table.add_row(what, measured, baseline, shown, released, limit, mark)

    @cached_property
    def environ(self) -> dict[str, str]:
        """The settings of a demo network."""
        return world(self.folder / "demo")[0]

    @cached_property
    def large(self) -> tuple[Network, Running]:
        """A server with 50,000 workshops."""
        return self._served("large", thousand=THOUSAND, others=50_000 - 300 - THOUSAND)

    @cached_property
    def small(self) -> tuple[Network, Running]:
        """A server with 500 workshops."""
        return self._served("small", others=200)

    @cached_property
    def thousand(self) -> tuple[Network, Running]:
        """A server with the 1,000 workshops of one feed."""
        return self._served("thousand", same=0, thousand=THOUSAND, others=0)

    def _served(self, name: str, **sizes: Any) -> tuple[Network, Running]:
        base = network(self.folder / name, **sizes)
        return base, self._exit_stack.enter_context(running(FACTORY, base.environ, "/es/"))


def compare_with_hello(bench: Bench) -> None:
    """Measures requests a second of each path of the site against a minimal Flask view."""
    environ, form = world(bench.folder)
    with (
        serving("tests.benchmarks.hello:create_app", {}) as bare,
        serving(FACTORY, environ, "/es/") as ours,
    ):
        for what, measure in paths(ours, form, environ, bench.folder, bench.seconds).items():
            pairs = [
                (measure(), load.rate(bare + "/", seconds=bench.seconds))
                for _ in range(bench.repetitions)
            ]
            ours, other = (median(each) for each in zip(*pairs, strict=True))
            bench.add_result(
                what,
                f"{ours:,.0f}/s",
                baseline=f"hello {other:,.0f}/s",
                ratio=median(own / baseline for own, baseline in pairs),
                least=FLOORS.get(what),
            )


def measure_journey(bench: Bench) -> None:
    """Measures what a registration and pages cost."""
    _measure_pages(bench, journey.PAGES)


def measure_search(bench: Bench) -> None:
    """Measures what a search costs that nobody has asked before."""
    _measure_pages(bench, (journey.SEARCH,))


def measure_staff_search(bench: Bench) -> None:
    """Measures what a search of the staff costs among 20,000 workshops."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        cost = staff_search.measure(Path(folder), repetitions=bench.repetitions)
    bench.add_cost(cost, max_ratio=staff_search.MAX_P95_MS * journey.HELLOS_A_MS)


def measure_control(bench: Bench) -> None:
    """Measures what the control room of headquarters costs with few offices and with many."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        found = control.measure(Path(folder), repetitions=bench.repetitions)
    for cost in found:
        bench.add_cost(cost, max_ratio=control.MAX_MS * journey.HELLOS_A_MS)


def _measure_pages(bench: Bench, wanted: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        found = journey.measure(Path(folder), wanted=wanted, repetitions=bench.repetitions)
    for cost in found:
        limit = journey.MAX_MS.get(cost.what)
        bench.add_cost(cost, max_ratio=limit and limit * journey.HELLOS_A_MS)


def measure_feeds(bench: Bench) -> None:
    """Measures what polls cost: of unchanged feeds, and the first ones after a change."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        found = feed_costs.measure(Path(folder), repetitions=bench.repetitions)
    for cost in found:
        bench.add_cost(cost, max_ratio=feed_costs.MAX_RATIOS.get(cost.what))


def measure_weight(bench: Bench) -> None:
    """Measures memory at rest, and what starts cost."""
    for start in weight.measure_starts(bench.environ, repetitions=bench.repetitions):
        bench.add_figure(start.what, start.ratio)
        bench.add_result(
            start.what,
            f"{start.processor_seconds:.2f} s, {start.clock_seconds:.2f} on the clock",
            baseline="import flask",
            ratio=start.ratio,
        )
    everything = " ".join(extension_points.list_installed())
    for which, names in {"": everything, ", without extensions": ""}.items():
        environ = {**bench.environ, "OUTREACH_EXTENSIONS": names}
        serving = weight.measure_serving(environ, bench.folder)
        memory = f"memory of two servers and a worker{which}, MB"
        bench.add_figure(memory, serving.resting_mb)
        bench.add_result(memory, f"{serving.resting_mb:.0f} MB")
        bench.add_result(
            f"first page after a start{which}", f"{serving.first_answer_seconds:.1f} s"
        )


def measure_burst(bench: Bench) -> None:
    """Measures a burst of registrations beside polls and staff."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        result = burst.measure(Path(folder))
    for what, times in sorted(result.times.items()):
        answers = ", ".join(f"{status}: {n}" for status, n in result.statuses[what].items())
        bench.add_result(
            f"burst of {burst.PEOPLE:,} people, {what}",
            f"p50 {times[len(times) // 2]:.0f} ms, p99 {times[int(len(times) * 0.99)]:.0f}",
            baseline=answers,
        )
    bench.add_result(
        f"burst: {result.saved:,} registrations and all beside",
        f"{result.processor_ms:.1f} ms each",
    )


def measure_scale(bench: Bench) -> None:
    """Measures what does not grow with the number of stored workshops."""
    found = scale.measure(bench.large, bench.small, times=50, repetitions=bench.repetitions)
    for what, many, few, ratio in found:
        line = f"{what}, 50,000 stored beside 500"
        bench.add_figure(line, ratio)
        bench.add_result(line, f"{many:.2f} ms", baseline=f"{few:.2f} ms", ratio=ratio)


def measure_decade(bench: Bench) -> None:
    """Measures pages, a purge and a backup of ten years beside 500 workshops."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        for each in decade.measure(Path(folder), FACTORY, times=20, repetitions=bench.repetitions):
            unit = "s" if each.is_command else "ms"
            bench.add_result(
                f"{each.what}, ten years of registrations",
                f"{each.many:.2f} {unit}",
                baseline=f"500 workshops {each.few:.2f} {unit}",
                ratio=each.ratio,
            )


def compare_stored_counts(bench: Bench) -> None:
    """Compares the same feed from databases of 50,000 and of 500 workshops."""
    comparisons = database_size.rates(
        bench.large[1], bench.small[1], seconds=bench.seconds, repetitions=bench.repetitions + 2
    )
    for pair in comparisons:
        bench.add_result(
            f"{pair.what}, 50,000 stored",
            f"{pair.many:,.0f}/s",
            baseline=f"500 stored {pair.few:,.0f}/s",
            ratio=pair.ratio,
            least=0.95,
        )


def measure_rebuild(bench: Bench) -> None:
    """Measures the first poll after a change."""
    for stored, (base, server) in (("1,000", bench.thousand), ("50,000", bench.large)):
        latencies, cpu_ms = database_size.rebuilt(server, base)
        middle = median(latencies)
        bench.add_result(
            f"first poll after a change, 1,000 events of {stored}",
            f"{middle:.0f} ms",
            baseline=f"p95 {latencies[int(len(latencies) * 0.95)]:.0f}, CPU {cpu_ms:.0f} ms",
            most=(middle, 50),
            limit="≤ 50 ms",
        )


def measure_slow_pages(bench: Bench) -> None:
    """Measures the latency of the list page while feeds are polled."""
    alone, together, ratio = polling_load.slowest(
        bench.large[1], seconds=bench.seconds * 2, repetitions=bench.repetitions
    )
    bench.add_result(
        f"p99 of the list page with {polling_load.POLLS} polls/s",
        f"{together:.1f} ms",
        baseline=f"alone {alone:.1f} ms",
        ratio=ratio,
        most=(ratio, 2),
        limit="≤ 2",
    )


def measure_memory(bench: Bench) -> None:
    """Measures the memory of a process after requests for ten thousand different feeds."""
    server = bench.large[1]
    before = server.largest()
    after, count = polling_load.memory(server, count=10_000, seconds=120)
    bench.add_result(
        f"memory of a process after {count:,} different feeds",
        f"{after:.0f} MB",
        baseline=f"before {before:.0f} MB",
        most=(after, 150),
        limit="≤ 150 MB",
    )


def measure_nginx(bench: Bench) -> None:
    """Measures nginx's cache against a static file, and how long it hides a change."""
    base, server = bench.thousand
    # Both are so fast that other load on the machine shows: many short repetitions.
    result = front.measured(
        bench.folder, server, base, seconds=1, repetitions=bench.repetitions * 5
    )
    bench.add_result(
        "feed out of nginx's cache, gzip (200)",
        f"{result.cached:,.0f}/s",
        baseline=f"a file {result.file:,.0f}/s",
        ratio=result.ratio,
        least=0.8,
    )
    bench.add_result(
        "a change is seen through nginx after",
        f"{result.seen_after:.1f} s",
        most=(result.seen_after, 30),
        limit="≤ 30 s",
    )


def measure_letters(bench: Bench) -> None:
    """Measures letters a second of the worker against a bare smtplib loop."""
    ours, bare, ratio = letters.rates(bench.folder, repetitions=bench.repetitions)
    bench.add_result("letters", f"{ours:.0f}/s", baseline=f"bare smtplib {bare:.0f}/s", ratio=ratio)


def measure_counts(bench: Bench) -> None:
    """Measures counts over a million workshops, and the memory of writing a spreadsheet."""
    for name, most, counted in (
        ("SQLite", 1, million.on_sqlite(bench.folder)),
        ("PostgreSQL", 5, million.on_postgresql()),
    ):
        if counted is None:
            continue
        bench.add_result(
            f"one month of 1,000,000 workshops on {name}",
            f"{counted.month:.2f} ms",
            most=(counted.month, most),
            limit=f"≤ {most} ms",
        )
        bench.add_result(
            f"all its {million.MONTHS} months by kind on {name}",
            f"{counted.history:.0f} ms",
            most=(counted.history, 150),
            limit="≤ 150 ms",
        )
        bench.add_result(f"the list of all months with any on {name}", f"{counted.months:.2f} ms")
    workbook_result = workbook.written(bench.folder, million.address(bench.folder))
    bench.add_result(
        f"a spreadsheet of {workbook_result.rows:,} workshops, in {workbook_result.seconds:.1f} s",
        f"{workbook_result.peak:.0f} MB",
        most=(workbook_result.peak, 200),
        limit="≤ 200 MB",
    )


def measure_backups(bench: Bench) -> None:
    """Measures backup, restore and move of a year of the network."""
    for each in backup.measured(bench.folder):
        size = "" if each.size is None else f"{each.size:.0f} MB"
        bench.add_result(each.what, f"{each.seconds:.1f} s", baseline=size)


def measure_door(bench: Bench) -> None:
    """Measures how long a check-in code is looked for and a list of parties is read."""
    times = door.measure(bench.folder)
    bench.add_result(
        "a check-in code is found",
        f"{times.code:.1f} ms",
        most=(times.code, 5),
        limit="≤ 5 ms",
    )
    bench.add_result(
        f"a list of {door.PARTIES} parties is read",
        f"{times.list:.0f} ms",
        most=(times.list, 100),
        limit="≤ 100 ms",
    )


RATES: Final[Sequence[Callable[[Bench], None]]] = (
    compare_with_hello,
    compare_stored_counts,
    measure_rebuild,
    measure_slow_pages,
    measure_memory,
    measure_nginx,
    measure_letters,
    measure_counts,
    measure_backups,
    measure_door,
)


def measure_rates(bench: Bench) -> None:
    """Measures answers a second, latencies and durations, which other work on the machine
    changes."""
    for measure in RATES:
        measure(bench)


def _list_parts_of_extensions() -> dict[str, Callable[[Bench], None]]:
    """Those in `tests/extensions/NAME/benchmark.py`, by what they call them."""
    parts: dict[str, Callable[[Bench], None]] = {}
    for path in sorted(FOLDER.glob("*/benchmark.py")):
        parts |= import_module(f"tests.extensions.{path.parent.name}.benchmark").PARTS
    return parts


PARTS: Final[dict[str, Callable[[Bench], None]]] = {
    "journey": measure_journey,
    "search": measure_search,
    "staff-search": measure_staff_search,
    "control": measure_control,
    "feeds": measure_feeds,
    "weight": measure_weight,
    "burst": measure_burst,
    "scale": measure_scale,
    **_list_parts_of_extensions(),
    "rates": measure_rates,
    "decade": measure_decade,
}
USUAL: Final = tuple(each for each in PARTS if each not in {"rates", "decade"})


def run_parts(bench: Bench, parts: Sequence[str], console: Console) -> list[str]:
    """Measures; what became dearer is measured again. Returns a sentence for each that stays so."""
    for part in parts:
        before = set(bench.figures)
        with console.status(f"{part}…"):
            PARTS[part](bench)
            own = {what: bench.figures[what] for what in bench.figures.keys() - before}
            if costs.find_dearer(own, bench.released):
                PARTS[part](bench)
    return costs.find_dearer(bench.figures, bench.released)


@click.command()
@click.option("--seconds", default=4, show_default=True, help="Of each rate.")
@click.option(
    "--rounds", "repetitions", default=3, show_default=True, help="The median is reported."
)
@click.option("--only", type=click.Choice([*PARTS]), multiple=True, help="One part, or several.")
@click.option("--release", is_flag=True, help="Keep the figures as those of the last release.")
def bench(seconds: int, repetitions: int, only: tuple[str, ...], *, release: bool) -> None:
    """Measure what registrations, pages and feeds cost the processor, against «hello» and the last
    release; memory and starts; a burst of people; large networks against small ones."""
    console = Console()
    with tempfile.TemporaryDirectory() as name, ExitStack() as exit_stack:
        run = Bench(Path(name), exit_stack, seconds, repetitions)
        dearer = run_parts(run, only or USUAL, console)
        console.print(run.table)
        if release:
            costs.keep(run.figures)
            return
        for sentence in dearer:
            console.print(sentence, soft_wrap=True)
    sys.exit(1 if dearer else 0)


if __name__ == "__main__":
    bench()
