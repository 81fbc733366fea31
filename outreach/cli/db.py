"""`outreach db`: migrations of the main database and of the key store."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from outreach import migrations
from outreach.cli.context import list_settings, settings
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.locations import venues
from outreach.domain.network import installation_settings
from outreach.errors import Misconfigured
from outreach.keystore import KeyStore, MasterKeys
from outreach.maintenance import migrate_database
from outreach.migrations import Database, Stage
from outreach.network_profile import use_profile


@click.group()
def command() -> None:
    """Migrations of the main database and of the key store."""


@command.command()
@click.option(
    "--new-ring",
    "new_key_store",
    is_flag=True,
    help="The key store was lost, or an older copy was restored: continue with what there is.",
)
def upgrade(new_key_store: bool) -> None:
    """Create the databases if there are none, and migrate them.

    Safe to run again, and while people register. Two upgrades at once run one after the other.
    """
    if new_key_store:
        settings()  # raises where there are several networks: one of them has lost its key store
    for config in list_settings():
        with use_profile(config.profile):
            bring_up_to_date(config, new_key_store=new_key_store)
        of_network = f" of {config.name}" if config.name else ""
        click.echo(f"The database{of_network} is up to date.")
        for base, url in urls(config).items():
            name = "Main database" if base is Database.MAIN else "Key store"
            click.echo(f"  {name}: {migrate_database.readable(url)}")


@command.command()
def check() -> None:
    """Check that the databases are migrated and match the models; exit 1 if not."""
    from outreach import extension  # here: it imports most of `outreach`

    config = settings()
    faults = _find_faults(config)
    if not faults:
        for base, url in urls(config).items():
            with _open(url) as store:
                if fault := migrations.fault(base, store, config.extensions):
                    faults.append(f"{base}: {fault}")
                else:
                    more = extension.list_tables(config.extensions, base)
                    found = migrations.differences(base, store, more)
                    faults += [f"{base}: {each}" for each in found]
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        sys.exit(1)
    click.echo("The database is up to date and matches the program.")


@command.command()
@click.argument("message", default="")
@click.option("--key-store", "is_key_store", is_flag=True, help="Of the key store's models.")
@click.option("--empty", "is_empty", is_flag=True, help="Without statements: to move data.")
@click.option("--extension", "name", default="", help="Of this extension's models.")
@click.option(
    "--first",
    "is_first",
    is_flag=True,
    help="Write the first migrations anew instead: until release 1.0.0.",
)
def revision(message: str, is_key_store: bool, is_empty: bool, name: str, is_first: bool) -> None:
    """Write a migration from what changed in the models. For developers, in a checkout.

    MESSAGE says what the migration does; the file is named after it. Read the file before you
    commit it: a rename is written as a drop and an addition. With --first there is no MESSAGE.
    """
    if is_first == bool(message) or (name and not is_first):
        raise click.UsageError("Give a MESSAGE, or --first alone; of an extension, --first.")
    if is_first:
        from outreach import extension

        for base in Database:
            tables = extension.list_tables([name], base) if name else {"": None}
            for metadata in tables.values():
                click.echo(migrations.write_first_migration(base, name, metadata))
        return
    base = Database.KEY_STORE if is_key_store else Database.MAIN
    click.echo(migrations.write_revision(base, message, is_empty=is_empty))


def urls(config: Config) -> dict[Database, str]:
    return {Database.MAIN: config.database_url, Database.KEY_STORE: config.keyring_url}


def bring_up_to_date(config: Config, *, new_key_store: bool = False) -> None:
    """Migrates both databases and computes what follows from the data of this version.

    Raises Misconfigured, with one line a fault, where they must not be migrated."""
    config.make_folders()
    if faults := _find_faults(config, new_key_store=new_key_store):
        raise Misconfigured("\n".join(faults))
    # The key store first: a main database that is newer than its key store has the wrong one.
    for base in (Database.KEY_STORE, Database.MAIN):
        migrations.upgrade(base, urls(config)[base], extensions=config.extensions)
    with _open(config.keyring_url) as keyring, _open(config.database_url) as store:
        version = migrations.state(Database.KEY_STORE, keyring).revision
        key_store = KeyStore(keyring, MasterKeys(config.keys))
        key_store.attach(store)
        change_sessions.install(store)
        with store.change() as session:
            installation_settings.set_calendar_host(session, config.host.partition(":")[0])
            installation_settings.set_key_store_version(session, version)
            venues.update_locations(session)


def _find_faults(config: Config, *, new_key_store: bool = False) -> list[str]:
    """What forbids an upgrade, a line each."""
    states = {}
    for base, url in urls(config).items():
        with _open(url) as store:
            states[base] = migrations.state(base, store)
    faults = [f"{base}: {state.fault}." for base, state in states.items() if state.fault]
    if faults or new_key_store or states[Database.MAIN].stage is Stage.EMPTY:
        return faults
    current = states[Database.KEY_STORE].revision
    with _open(config.database_url) as store, store.read() as session:
        previous = installation_settings.get_key_store_version(session)
    if states[Database.KEY_STORE].stage is Stage.EMPTY:
        return [f"{Database.KEY_STORE}: {_KEY_STORE_IS_EMPTY}"]
    if previous and migrations.is_before(Database.KEY_STORE, current, previous):
        return [f"{Database.KEY_STORE}: {_KEY_STORE_IS_OLDER}"]
    return []


_CHECK_URL = "See that OUTREACH_KEYRING_URL names the right one. If it does, and the ring was"
_KEY_STORE_IS_EMPTY = (
    f"it is empty, and the main base is not. {_CHECK_URL} lost, run: outreach db upgrade --new-ring"
)
_KEY_STORE_IS_OLDER = (
    f"it is behind what it was before, and the main base is not. {_CHECK_URL} put back from an "
    "older copy, run: outreach db upgrade --new-ring"
)


@contextmanager
def _open(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()
