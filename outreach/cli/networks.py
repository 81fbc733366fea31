"""`outreach networks`: lists the networks of an installation."""

import sys
from pathlib import Path

import click
import sqlalchemy as sa

from outreach import migrations, networks
from outreach.cli.context import list_settings
from outreach.cli.db import urls
from outreach.db.store import Store
from outreach.maintenance import migrate_database


@click.command()
def command() -> None:
    """List the networks of this installation: host, databases and their state.

    Exit 1 if a database of one is not up to date or does not answer.
    """
    configs = list_settings()
    if not networks.has_several():
        click.echo(
            f"{networks.FOLDER} is not set: this installation has one network, without name."
        )
    faults = 0
    for config in configs:
        click.echo(f"{config.name or '-'}  {config.public_url}")
        for base, url in urls(config).items():
            fault = _find_fault(base, url)
            faults += bool(fault)
            name = "main database" if base is migrations.Database.MAIN else "key store"
            shown = migrate_database.readable(url)
            click.echo(f"  {name}: {shown}, {fault or 'up to date'}")
    if faults:
        sys.exit(1)


def _find_fault(base: migrations.Database, url: str) -> str:
    """What is wrong with a database; empty where nothing is. It creates no file."""
    if url.startswith("sqlite") and not _exists(url):
        return "there is no such file. Run: outreach db upgrade"
    store = Store(url)
    try:
        return migrations.fault(base, store)
    except sa.exc.SQLAlchemyError as error:
        return f"does not answer ({type(error).__name__})"
    finally:
        store.close()


def _exists(url: str) -> bool:
    return Path(sa.make_url(url).database or "").is_file()
