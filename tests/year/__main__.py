"""`python -m tests.year` lives days of the year and says what is wrong.

    python -m tests.year --days 20 --seed 7

A finding names the day on which it was seen first. `--only 2028-03-01` lives until then, and looks
at that day alone: the same seed does the same.
"""

import tempfile
from datetime import datetime
from pathlib import Path

import click

from tests.year.installation import DAYS, FIRST_DAY
from tests.year.life import live_days


@click.command()
@click.option("--seed", type=int, default=1)
@click.option("--days", type=int, default=DAYS)
@click.option("--only", type=click.DateTime(["%Y-%m-%d"]))
def main(seed: int, days: int, only: datetime | None) -> None:
    memory = Path("/dev/shm")
    if only is not None:
        days = (only.date() - FIRST_DAY).days + 1
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        life = live_days(
            seed, Path(folder), days, click.echo, looked_at=only.date() if only else None
        )
    click.echo(life.findings.report())
    click.echo(life.summary())
    raise SystemExit(bool(life.findings.found))


if __name__ == "__main__":
    main()
