"""`python -m tests.bench`: prints a table of ratios measured in one run on this machine.

Each path is measured beside Flask's «hello» on the same server, turn about, so that whatever else
the machine is doing weighs on both.
"""

import gzip
import re
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from outreach import clock
from outreach.cli.db import bring_up_to_date
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import kinds, offices, planning
from outreach.domain.workshops import Mode, Standing
from outreach.intake import demo
from outreach.keyring import Keyring, Masters
from tests.bench import letters, load, million
from tests.bench.server import serving

FLOORS = {"list page": 0.1, "registration POST": 0.04}


@click.command()
@click.option("--seconds", default=4, show_default=True, help="Of each measurement.")
@click.option("--rounds", default=3, show_default=True, help="Their median is told.")
@click.option("--skip-million", is_flag=True, help="Leave the monthly count of a million out.")
def bench(seconds: int, rounds: int, skip_million: bool) -> None:
    """Measure feed, list and registration against «hello», the worker's letters against a bare
    loop, and the count of a million."""
    console = Console()
    table = Table(title="Ratios to Flask «hello» on the same server, one run")
    for heading in ("what", "answers/s", "hello/s", "ratio", "floor"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ, form = _world(folder)
        with (
            serving("tests.bench.hello:create_app", {}) as hello,
            serving("outreach.app:create_app", environ, "/es/") as ours,
        ):
            paths = _paths(ours, form, folder, seconds)
            for what, measure in paths.items():
                with console.status(f"{what}…"):
                    pairs = [
                        (measure(), load.rate(hello + "/", seconds=seconds)) for _ in range(rounds)
                    ]
                ratio = median(mine / bare for mine, bare in pairs)
                mine, bare = (median(each) for each in zip(*pairs, strict=True))
                floor = f"≥ {FLOORS[what]}" if what in FLOORS else ""
                table.add_row(what, f"{mine:.0f}", f"{bare:.0f}", f"{ratio:.3f}", floor)
        console.print(table)
        with console.status("letters…"):
            mine, bare, ratio = letters.rates(folder, rounds=rounds)
        console.print(
            f"Letters a second: {mine:.0f}; of a bare smtplib loop to the same server: {bare:.0f}; "
            f"ratio {ratio:.2f}"
        )
        if not skip_million:
            with console.status("a million workshops…"):
                one, every = million.months_counted(folder)
            console.print(f"One month of 1,000,000 workshops on SQLite: {one:.2f} ms (limit 1 ms)")
            console.print(f"The list of all months with any: {every:.2f} ms")


def _world(folder: Path) -> tuple[dict[str, str], str]:
    """A demo network, and one workshop with places for everybody who comes in a bench."""
    environ = {
        "OUTREACH_DATA": str(folder / "data"),
        "OUTREACH_KEYS": str(folder / "keys"),
        "OUTREACH_LIMIT_POSTS": "100000000",
        "OUTREACH_CONTROLLER": "bench",
    }
    config = Config.from_environ(environ)
    bring_up_to_date(config)
    store, ring_store = Store(config.database_url), Store(config.keyring_url)
    demo.fill(store, Keyring(ring_store, Masters(config.keys)), now=clock.now())
    with store.change() as session:
        chicago, rights = offices.find(session, "chicago"), kinds.find(session, "derechos")
        day = clock.now().date() + timedelta(days=30)
        plan = planning.from_kind(rights, chicago, day, time(18))
        plan = replace(plan, capacity=10_000_000, mode=Mode.VIDEO_CALL)
        big = planning.create(session, plan, now=clock.now(), standing=Standing.PUBLISHED)
        form = f"/es/t/{big.public_id}/lugar"
    store.close()
    ring_store.close()
    return environ, form


def _paths(site: str, form: str, folder: Path, seconds: int) -> dict[str, Callable[[], float]]:
    feed = f"{site}/es/cal/red.ics"
    with urllib.request.urlopen(feed) as answer:
        etag = answer.headers["ETag"]
    squeezed = ("Accept-Encoding: gzip",)
    with urllib.request.urlopen(site + form) as answer:
        page = answer.read()
        page = gzip.decompress(page) if page[:2] == b"\x1f\x8b" else page
    stamp = re.search(r'name="stamp"[^>]*value="([^"]+)"', page.decode())
    if stamp is None:
        raise RuntimeError("the form has no stamp")
    # The form's own least age passes while the paths before this one are measured.
    body = f"name=Rosa&people=1&contact=none&stamp={stamp[1]}"
    script = load.posting(folder, body)
    return {
        "feed, unchanged (304)": lambda: load.rate(
            feed, seconds=seconds, headers=(f"If-None-Match: {etag}",)
        ),
        "feed, gzip (200)": lambda: load.rate(feed, seconds=seconds, headers=squeezed),
        "list page": lambda: load.rate(f"{site}/es/", seconds=seconds, headers=squeezed),
        "workshop page": lambda: load.rate(
            f"{site}{form.removesuffix('/lugar')}", seconds=seconds, headers=squeezed
        ),
        "registration POST": lambda: load.rate(site + form, seconds=seconds, script=script),
    }


if __name__ == "__main__":
    bench()
