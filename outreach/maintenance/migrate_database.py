"""Copies an installation to other databases, as from SQLite to PostgreSQL.

The key store is copied as it is, sealed. The source is not changed.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from outreach import migrations
from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import CommandError, Misconfigured
from outreach.maintenance import backup, exclusive_access, restore_target, table_copy
from outreach.maintenance.table_copy import Tell, ignore_progress
from outreach.migrations import Database
from outreach.migrations.models import KEY_STORE, MAIN

_TABLES = {Database.MAIN: MAIN, Database.KEY_STORE: KEY_STORE}


@dataclass(frozen=True)
class MigrationPath:
    base: Database
    source: str  # URLs
    target: str


def move(
    paths: list[MigrationPath], *, replaces_rows: bool = False, tell: Tell = ignore_progress
) -> dict[Database, dict[str, int]]:
    """Copies each database in one transaction; returns the number of rows by database and table.

    One that was interrupted, whenever that was, is made anew with `replaces_rows`. Raises
    CommandError where the source is open elsewhere, and without `replaces_rows` where the target
    has rows; then nothing has changed."""
    _require_distinct(paths)
    for path in paths:
        exclusive_access.require(path.source)
        if replaces_rows:
            exclusive_access.require(path.target)
    moved: dict[Database, dict[str, int]] = {}
    with ExitStack() as stack:
        for path in paths:
            source = stack.enter_context(_open(path.source))
            target = stack.enter_context(_open(path.target))
            _prepare(path.base, target, replaces_rows=replaces_rows)
            # The key store, opened last, is committed first: a key store without its database does
            # no harm, a database without its key store would.
            rows = stack.enter_context(target.change_rows())
            moved[path.base] = _copy(path.base, stack.enter_context(_snapshot(source)), rows, tell)
    for path in paths:
        with _open(path.target) as target:
            table_copy.analyze(target)
    return moved


def _copy(
    base: Database, source: sa.Connection, target: sa.Connection, tell: Tell
) -> dict[str, int]:
    tables = table_copy.list_tables(source, _TABLES[base])
    table_copy.create_missing(target, tables)
    table_copy.empty(target, tables)  # rows that migrations inserted are in the source too
    table_copy.copy(source, target, tables, tell=tell)
    expected, copied = table_copy.count(source, tables), table_copy.count(target, tables)
    if copied != expected:
        raise CommandError("Not all rows arrived. Nothing was moved.")
    return copied


@contextmanager
def _open(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _snapshot(store: Store) -> Iterator[sa.Connection]:
    """A connection that sees one snapshot; on SQLite it also blocks writers."""
    if store.is_sqlite:
        with store.change_rows() as connection:
            yield connection
    else:
        with backup.snapshot(store) as connection:
            yield connection


def _prepare(base: Database, target: Store, *, replaces_rows: bool) -> None:
    """Makes the tables in the target, or those that it lacks. Raises CommandError where it has
    rows, unless `replaces_rows`."""
    path = exclusive_access.file_of(target.url)
    if path is not None and not path.parent.is_dir():
        raise CommandError(f"There is no folder {path.parent}.")
    prefilled = restore_target.PREFILLED_TABLES if base is Database.MAIN else frozenset[str]()
    with target.engine.connect() as connection:
        tables = table_copy.list_tables(connection, _TABLES[base])
        table = table_copy.first_filled_table(connection, tables, except_for=prefilled)
    if table is not None and not replaces_rows:
        raise CommandError(
            f"The database to move to ({base}) has rows already, as in {table}. If they are of a "
            "move that was interrupted, run the same command with --yes: they are deleted, and it "
            "begins anew. Otherwise name an empty database."
        )
    try:
        migrations.upgrade(base, target.url)
    except Misconfigured as error:
        raise CommandError(f"The database to move to: {error}") from None


def _require_distinct(paths: list[MigrationPath]) -> None:
    """Raises CommandError where two of the sources and targets are the same database."""
    locations = [_location(url) for path in paths for url in (path.source, path.target)]
    if len(set(locations)) < len(locations):
        raise CommandError(
            "Each database, and the ring of keys, needs a place of its own to move to."
        )


def _location(url: str) -> object:
    path = exclusive_access.file_of(url)
    address = sa.make_url(url)
    return path.resolve() if path else (address.host, address.port, address.database)


def readable(url: str) -> str:
    """The URL without its password."""
    return sa.make_url(url).render_as_string(hide_password=True)


def list_paths(config: Config, to: str, keyring_to: str | None) -> list[MigrationPath]:
    """Returns which database moves where: from those in the settings to the given ones."""
    paths = [MigrationPath(Database.MAIN, config.database_url, to)]
    if keyring_to is not None:
        paths.append(MigrationPath(Database.KEY_STORE, config.keyring_url, keyring_to))
    return paths
