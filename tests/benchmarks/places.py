"""Measures the search by place: the gazetteer's load and memory, the resolver, the list page and
the suggestions.

    python -m tests.benchmarks.places

Every phrase of `place_phrases.csv` is asked once of an application with the demo's data, so that no
page comes from the cache. Times are wall clock and processor of this process.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table

from outreach.app import create_app
from outreach.cli import demo
from outreach.cli.context import settings
from outreach.domain.locations import gazetteer, interpretation, spelling
from tests.benchmarks.process_memory import resident
from tests.support.place_phrases import read_phrases


def measure(what: Callable[[str], object], typed: Iterable[str]) -> tuple[list[float], list[float]]:
    """The wall-clock and processor milliseconds of each call, ascending."""
    walls, cpus = [], []
    for each in typed:
        wall, cpu = time.perf_counter(), time.process_time()
        what(each)
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    return sorted(walls), sorted(cpus)


def share(values: list[float], percent: int) -> float:
    return values[min(len(values) - 1, len(values) * percent // 100)]


@click.command()
def main() -> None:
    """Measure the search by place."""
    table = Table("what", "median ms", "p95 ms", "p95 processor ms")
    before, started = resident(os.getpid()), time.process_time()
    gazetteer.load()
    spelling.correct("chicgo")
    spent, grown = time.process_time() - started, resident(os.getpid()) - before
    typed = [phrase.typed for phrase in read_phrases()]

    def add_row(name: str, what: Callable[[str], object]) -> None:
        walls, cpus = measure(what, typed)
        table.add_row(name, *(f"{each:.1f}" for each in (
            share(walls, 50), share(walls, 95), share(cpus, 95),
        )))  # fmt: skip

    add_row("meaning of a phrase", interpretation.interpret)
    with tempfile.TemporaryDirectory() as folder:
        demo.use_settings(Path(folder), 8000)
        config = settings(serving=True)
        demo.make(config)
        client = create_app(config).test_client()
        client.get("/es/")
        add_row("list page, a new search", lambda each: _get(client, "/es/", {"donde": each}))
        add_row("suggestions", lambda each: _get(client, "/es/lugares", {"q": each[:6]}))
    console = Console()
    console.print(table)
    console.print(f"load: {spent:.2f} s of the processor, {grown:.0f} MB; {len(typed)} phrases")


def _get(client: FlaskClient, path: str, query: dict[str, str]) -> None:
    assert client.get(path, query_string=query).status_code == 200


if __name__ == "__main__":
    main()
