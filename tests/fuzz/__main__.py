"""`python -m tests.fuzz`: fuzzes each surface for a time or a number of requests, and reports."""

import logging
import os
import secrets
import sys
import time
from collections import Counter
from typing import NoReturn

import click
from rich.console import Console
from rich.table import Table

from tests.fuzz import networks as walls
from tests.fuzz.exchange import Tally
from tests.fuzz.runs import EVERY, IN_A_ROUND, ready, round_of

MINUTE = 60


@click.command()
@click.option("--seconds", type=int, help="Duration for each surface. Default: a minute.")
@click.option("--each", type=int, help="Number of requests for each surface, instead.")
@click.option("--on", type=click.Choice(["sqlite", "postgresql"]), default="sqlite")
@click.option("--only", multiple=True, type=click.Choice(EVERY), help="Only this surface.")
@click.option("--networks", is_flag=True, help="The walls between two networks, instead.")
@click.option("--seed", default="", help="The printed seed of a run to repeat.")
def main(
    seconds: int | None,
    each: int | None,
    on: str,
    only: tuple[str, ...],
    networks: bool,
    seed: str,
) -> None:
    """Send malformed requests to the application. Exit status 1 if there are faults.

    With `--on postgresql`, OUTREACH_TEST_POSTGRESQL names the server.
    """
    server = os.environ.get("OUTREACH_TEST_POSTGRESQL", "") if on == "postgresql" else ""
    if on == "postgresql" and not server:
        raise click.UsageError("Set OUTREACH_TEST_POSTGRESQL to the address of a server.")
    # Faults are reported once at the end, not a thousand times as they happen.
    logging.getLogger().addHandler(logging.NullHandler())
    console = Console(highlight=False, soft_wrap=True)
    seed = seed or secrets.token_hex(4)
    console.print(f"seed {seed}")
    tallies: dict[str, Tally] = {}
    if networks:
        tallies["networks"] = _fuzz_walls(server, seed, seconds or (0 if each else MINUTE), each)
        _report(console, tallies)
    with ready(server) as (base, seen):
        console.print(f"{seen.pages} pages, {len(seen.forms)} forms, {len(seen.queries)} filters")
        for surface in only or EVERY:
            tallies[surface] = total = Tally()
            until = time.monotonic() + (seconds or (10**9 if each else MINUTE))
            number = 0
            while time.monotonic() < until and total.tried < (each or 10**9):
                number += 1
                named = f"{seed} {surface} {number}"
                most = min(IN_A_ROUND, each - total.tried if each else IN_A_ROUND)
                this = round_of(base, seen, surface, named, most=most, until=until)
                total.take(this)
    _report(console, tallies)


def _fuzz_walls(server: str, seed: str, seconds: int, each: int | None) -> Tally:
    total, number, until = Tally(), 0, time.monotonic() + (seconds or 10**9)
    with walls.ready(server, pages=2) as (bases, maps):
        while time.monotonic() < until and total.tried < (each or 10**9):
            number += 1
            most = min(walls.IN_A_ROUND, each - total.tried if each else walls.IN_A_ROUND)
            total.take(walls.round_of(bases, maps, f"{seed} networks {number}", most=most))
    return total


def _report(console: Console, tallies: dict[str, Tally]) -> NoReturn:
    console.print(_table(tallies))
    for surface, total in tallies.items():
        for fault, request in total.faults.items():
            console.print(f"\n{surface}: {fault}\n  {request}", markup=False)
    sys.exit(0 if all(each.is_fine for each in tallies.values()) else 1)


def _table(tallies: dict[str, Tally]) -> Table:
    table = Table(title="Requests and answers")
    for heading in ("surface", "tried", "2xx", "3xx", "4xx", "5xx", "log errors", "leaks", "s"):
        table.add_column(heading, justify="left" if heading == "surface" else "right")
    for surface, each in tallies.items():
        answers: Counter[str] = each.answers
        counted = [f"{answers[f'{first}xx']:,}" for first in "2345"]
        table.add_row(
            surface, f"{each.tried:,}", *counted, str(each.logged), str(each.leaks),
            f"{each.took:.0f}",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    main()
