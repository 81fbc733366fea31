"""Print how many lines the guest books have."""

import click
import sqlalchemy as sa

from outreach.cli.context import open_store, settings
from outreach_example.tables import Line


@click.command()
def command() -> None:
    """Print how many lines the guest books have."""
    with open_store(settings()) as store, store.read() as session:
        lines = session.scalar(sa.select(sa.func.count()).select_from(Line)) or 0
    click.echo(f"{lines} lines")
