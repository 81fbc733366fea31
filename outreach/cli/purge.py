"""`outreach purge`: forget people whose day has come."""

import click

from outreach import clock
from outreach.cli.context import opened, opened_ring, settings
from outreach.privacy import retention


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say how many would be forgotten.")
@click.option("--yes", is_flag=True, help="Go on though some are overdue by three days.")
def command(dry_run: bool, yes: bool) -> None:
    """Forget everyone whose day has come: 30 days after their workshop, 7 for discreet kinds.

    The worker does this every day by itself.
    """
    config = settings()
    with opened(config) as store, opened_ring(config) as ring:
        if dry_run:
            click.echo(f"{ring.count_due()} registrations would be forgotten.")
            return
        done = retention.purge(store, ring, now=clock.now(), sure=yes)
    click.echo(f"{done.keys} registrations forgotten, {done.emptied} rows emptied.")
