"""`python -m tests.year`: lives days of the year and says what is wrong.

python -m tests.year --days 20 --seed 7
"""

import tempfile
from pathlib import Path

import click

from tests.year.installation import DAYS
from tests.year.life import live_days


@click.command()
@click.option("--seed", type=int, default=1)
@click.option("--days", type=int, default=DAYS)
def main(seed: int, days: int) -> None:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        life = live_days(seed, Path(folder), days, click.echo)
    click.echo(life.findings.report())
    for rule, count in sorted(life.findings.answers.items()):
        click.echo(f"{count:6} {rule}")
    click.echo(f"{life.counts} {len(life.people.everyone)} people")
    raise SystemExit(bool(life.findings.found))


if __name__ == "__main__":
    main()
