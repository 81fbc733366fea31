"""`outreach db`: migrations of the main base and of the ring of keys."""

import sys

import click

from outreach import migrations
from outreach.cli.context import settings
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import installation
from outreach.intake import zipcodes
from outreach.migrations import Base


@click.group()
def command() -> None:
    """The database: bring it up to date, or see whether it is."""


@command.command()
def upgrade() -> None:
    """Make the databases if there are none, and bring them up to date.

    Safe to run again: it changes nothing when there is nothing to do.
    """
    bring_up_to_date(settings())
    click.echo("The database is up to date.")


@command.command()
def check() -> None:
    """See whether the databases are up to date and match the program; exit 1 if not."""
    config = settings()
    faults = []
    for base, url in urls(config).items():
        store = Store(url)
        if not migrations.is_current(base, store):
            faults.append(f"{base}: not up to date. Run: outreach db upgrade")
        else:
            faults += [f"{base}: {found}" for found in migrations.differences(base, store)]
        store.close()
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        sys.exit(1)
    click.echo("The database is up to date and matches the program.")


def urls(config: Config) -> dict[Base, str]:
    return {Base.MAIN: config.database_url, Base.RING: config.keyring_url}


def bring_up_to_date(config: Config) -> None:
    """Migrates both databases, and fills what every installation has."""
    config.make_folders()
    for base, url in urls(config).items():
        migrations.upgrade(base, url)
    store = Store(config.database_url)
    with store.change() as session:
        installation.keep_calendar_host(session, config.host.partition(":")[0])
        zipcodes.fill(session)
    store.close()
