"""`python -m tests.benchmarks`: measures all benchmarks in one run on this machine.

Each path is measured in alternation with its baseline, such as a minimal Flask view on the same
server, so that other load on the machine affects both.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from tests.benchmarks import (
    backup,
    database_size,
    door,
    front,
    journey,
    letters,
    load,
    million,
    polling_load,
    workbook,
)
from tests.benchmarks.network import THOUSAND, Network, network
from tests.benchmarks.paths import paths, world
from tests.benchmarks.server import Running, running, serving

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
        self.table = Table(
            title="Measured in one run, in alternation; ratios are medians of repetitions"
        )
        for heading in ("what", "measured", "baseline", "ratio", "limit", ""):
            self.table.add_column(heading, justify="left" if heading == "what" else "right")

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
        self.table.add_row(
            what, measured, baseline, "" if ratio is None else f"{ratio:.3f}", limit, mark
        )

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

    def _served(self, name: str, **sizes: int) -> tuple[Network, Running]:
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
    """Measures processor time of a registration and of pages against that of «hello»."""
    for cost in journey.measure(bench.folder, repetitions=bench.repetitions):
        limit = journey.MAX_MS.get(cost.what)
        bench.add_result(
            f"{cost.what}, processor",
            f"{cost.ms:.1f} ms",
            baseline=f"hello {cost.hello_ms:.3f} ms",
            ratio=cost.ratio,
            most=None if limit is None else (cost.ratio, limit * journey.HELLOS_A_MS),
            limit="" if limit is None else f"≤ {limit * journey.HELLOS_A_MS:.0f}",
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


PARTS: dict[str, Callable[[Bench], None]] = {
    "hello": compare_with_hello,
    "journey": measure_journey,
    "many": compare_stored_counts,
    "rebuild": measure_rebuild,
    "pages": measure_slow_pages,
    "memory": measure_memory,
    "nginx": measure_nginx,
    "letters": measure_letters,
    "million": measure_counts,
    "backup": measure_backups,
    "door": measure_door,
}


@click.command()
@click.option("--seconds", default=4, show_default=True, help="Of each measurement.")
@click.option(
    "--rounds", "repetitions", default=3, show_default=True, help="The median is reported."
)
@click.option("--only", type=click.Choice([*PARTS]), multiple=True, help="One part, or several.")
def bench(seconds: int, repetitions: int, only: tuple[str, ...]) -> None:
    """Measure feeds, pages and registration against «hello», feeds against the number of stored
    workshops, nginx's cache against a file, letters against a bare loop, a count of a million."""
    console = Console()
    with tempfile.TemporaryDirectory() as name, ExitStack() as exit_stack:
        run = Bench(Path(name), exit_stack, seconds, repetitions)
        for part, measure in PARTS.items():
            if not only or part in only:
                with console.status(f"{part}…"):
                    measure(run)
        console.print(run.table)


if __name__ == "__main__":
    bench()
