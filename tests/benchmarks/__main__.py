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
    front,
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
    """One run: its folder, its servers and its table of results."""

    def __init__(
        self, folder: Path, until_the_end: ExitStack, seconds: int, repetitions: int
    ) -> None:
        self.folder, self.seconds, self.repetitions = folder, seconds, repetitions
        self._until_the_end = until_the_end
        self.table = Table(title="Measured in one run, turn about; ratios are medians of rounds")
        for heading in ("what", "measured", "beside", "ratio", "limit", ""):
            self.table.add_column(heading, justify="left" if heading == "what" else "right")

    def tell(
        self,
        what: str,
        measured: str,
        *,
        beside: str = "",
        ratio: float | None = None,
        least: float | None = None,
        most: tuple[float, float] | None = None,
        limit: str = "",
    ) -> None:
        """Adds a line to the table. It passes if the ratio is at least `least`, or the first value
        of `most` at most the second."""
        is_kept = None
        if least is not None and ratio is not None:
            is_kept, limit = ratio >= least, f"≥ {least}"
        if most is not None:
            is_kept = most[0] <= most[1]
        mark = "" if is_kept is None else "yes" if is_kept else "NO"
        self.table.add_row(
            what, measured, beside, "" if ratio is None else f"{ratio:.3f}", limit, mark
        )

    @cached_property
    def large(self) -> tuple[Network, Running]:
        """50,000 workshops."""
        return self._served("large", thousand=THOUSAND, others=50_000 - 300 - THOUSAND)

    @cached_property
    def small(self) -> tuple[Network, Running]:
        return self._served("small", others=200)

    @cached_property
    def thousand(self) -> tuple[Network, Running]:
        return self._served("thousand", same=0, thousand=THOUSAND, others=0)

    def _served(self, name: str, **sizes: int) -> tuple[Network, Running]:
        base = network(self.folder / name, **sizes)
        return base, self._until_the_end.enter_context(running(FACTORY, base.environ, "/es/"))


def hello(bench: Bench) -> None:
    """The paths of the site against a minimal Flask view."""
    environ, form = world(bench.folder)
    with (
        serving("tests.benchmarks.hello:create_app", {}) as bare,
        serving(FACTORY, environ, "/es/") as ours,
    ):
        for what, measure in paths(ours, form, bench.folder, bench.seconds).items():
            pairs = [
                (measure(), load.rate(bare + "/", seconds=bench.seconds))
                for _ in range(bench.repetitions)
            ]
            ours, other = (median(each) for each in zip(*pairs, strict=True))
            bench.tell(
                what,
                f"{ours:,.0f}/s",
                beside=f"hello {other:,.0f}/s",
                ratio=median(one / least for one, least in pairs),
                least=FLOORS.get(what),
            )


def of_many(bench: Bench) -> None:
    """The same feed from 50,000 workshops and from 500."""
    found = database_size.rates(
        bench.large[1], bench.small[1], seconds=bench.seconds, repetitions=bench.repetitions + 2
    )
    for pair in found:
        bench.tell(
            f"{pair.what}, 50,000 stored",
            f"{pair.many:,.0f}/s",
            beside=f"500 stored {pair.few:,.0f}/s",
            ratio=pair.ratio,
            least=0.95,
        )


def rebuild(bench: Bench) -> None:
    """The first poll after a change."""
    for stored, (base, server) in (("1,000", bench.thousand), ("50,000", bench.large)):
        taken, worked = database_size.rebuilt(server, base)
        middle = median(taken)
        bench.tell(
            f"first poll after a change, 1,000 events of {stored}",
            f"{middle:.0f} ms",
            beside=f"p95 {taken[int(len(taken) * 0.95)]:.0f}, processor {worked:.0f} ms",
            most=(middle, 50),
            limit="≤ 50 ms",
        )


def slow_pages(bench: Bench) -> None:
    """The list page while calendars are polled."""
    alone, together, ratio = polling_load.slowest(
        bench.large[1], seconds=bench.seconds * 2, repetitions=bench.repetitions
    )
    bench.tell(
        f"p99 of the list page with {polling_load.POLLS} polls/s",
        f"{together:.1f} ms",
        beside=f"alone {alone:.1f} ms",
        ratio=ratio,
        most=(ratio, 2),
        limit="≤ 2",
    )


def memory(bench: Bench) -> None:
    """The memory of a process after ten thousand different addresses."""
    server = bench.large[1]
    before = server.largest()
    after, count = polling_load.memory(server, count=10_000, seconds=120)
    bench.tell(
        f"memory of a process after {count:,} different feeds",
        f"{after:.0f} MB",
        beside=f"before {before:.0f} MB",
        most=(after, 150),
        limit="≤ 150 MB",
    )


def proxy(bench: Bench) -> None:
    """nginx with its cache in front."""
    base, server = bench.thousand
    # Both are so fast that any other load shows: many short repetitions.
    found = front.measured(bench.folder, server, base, seconds=1, repetitions=bench.repetitions * 5)
    bench.tell(
        "feed out of nginx's cache, gzip (200)",
        f"{found.cached:,.0f}/s",
        beside=f"a file {found.file:,.0f}/s",
        ratio=found.ratio,
        least=0.8,
    )
    bench.tell(
        "a change is seen through nginx after",
        f"{found.seen_after:.1f} s",
        most=(found.seen_after, 30),
        limit="≤ 30 s",
    )


def post(bench: Bench) -> None:
    """Letters of the worker against a bare smtplib loop."""
    ours, bare, ratio = letters.rates(bench.folder, repetitions=bench.repetitions)
    bench.tell("letters", f"{ours:.0f}/s", beside=f"bare smtplib {bare:.0f}/s", ratio=ratio)


def months(bench: Bench) -> None:
    """Counting one month of a million workshops."""
    for name, most, found in (
        ("SQLite", 1, million.on_sqlite(bench.folder)),
        ("PostgreSQL", 5, million.on_postgresql()),
    ):
        if found is None:
            continue
        bench.tell(
            f"one month of 1,000,000 workshops on {name}",
            f"{found.month:.2f} ms",
            most=(found.month, most),
            limit=f"≤ {most} ms",
        )
        bench.tell(
            f"all its {million.MONTHS} months by kind on {name}",
            f"{found.history:.0f} ms",
            most=(found.history, 150),
            limit="≤ 150 ms",
        )
        bench.tell(f"the list of all months with any on {name}", f"{found.months:.2f} ms")
    made = workbook.written(bench.folder, million.address(bench.folder))
    bench.tell(
        f"a spreadsheet of {made.rows:,} workshops, in {made.seconds:.1f} s",
        f"{made.peak:.0f} MB",
        most=(made.peak, 200),
        limit="≤ 200 MB",
    )


def backups(bench: Bench) -> None:
    """Backup, restore and move of a year of the network."""
    for each in backup.measured(bench.folder):
        size = "" if each.size is None else f"{each.size:.0f} MB"
        bench.tell(each.what, f"{each.seconds:.1f} s", beside=size)


PARTS: dict[str, Callable[[Bench], None]] = {
    "hello": hello,
    "many": of_many,
    "rebuild": rebuild,
    "pages": slow_pages,
    "memory": memory,
    "nginx": proxy,
    "letters": post,
    "million": months,
    "backup": backups,
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
    with tempfile.TemporaryDirectory() as name, ExitStack() as until_the_end:
        run = Bench(Path(name), until_the_end, seconds, repetitions)
        for part, measure in PARTS.items():
            if not only or part in only:
                with console.status(f"{part}…"):
                    measure(run)
        console.print(run.table)


if __name__ == "__main__":
    bench()
