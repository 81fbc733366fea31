"""Moves an installation to other databases, as from SQLite to PostgreSQL: the main one, and the
ring as it is, sealed. What was there is not touched."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import CommandError
from outreach.maintenance import backup, exclusive_access, restore_target, table_copy
from outreach.maintenance.table_copy import Tell, to_nobody
from outreach.migrations import Database
from outreach.migrations.models import KEY_STORE, MAIN

_TABLES = {Database.MAIN: MAIN, Database.KEY_STORE: KEY_STORE}


@dataclass(frozen=True)
class MigrationPath:
    base: Database
    source: str  # addresses
    target: str


def move(ways: list[MigrationPath], *, tell: Tell = to_nobody) -> dict[Database, dict[str, int]]:
    """Copies each database in one transaction, and says how many rows of each table there are now.
    Raises CommandError where somebody has the source open, or there are rows in the target; then
    there is nothing more in it than before."""
    _require_apart(ways)
    for way in ways:
        exclusive_access.require(way.source)
    moved: dict[Database, dict[str, int]] = {}
    with ExitStack() as kept:
        for way in ways:
            source, target = (kept.enter_context(_opened(url)) for url in (way.source, way.target))
            _require_empty(way.base, target)
            # The last to be opened is the first to be kept: a ring without its database is in
            # nobody's way, a database without its ring would be.
            rows = kept.enter_context(target.change_rows())
            moved[way.base] = _copy(way.base, kept.enter_context(_held(source)), rows, tell)
    for way in ways:
        with _opened(way.target) as target:
            table_copy.analyze(target)
    return moved


def _copy(
    base: Database, source: sa.Connection, target: sa.Connection, tell: Tell
) -> dict[str, int]:
    tables = _TABLES[base]
    table_copy.empty(target, tables)  # what every new database has is in the source too
    table_copy.copy(source, target, tables, tell=tell)
    there, here = table_copy.count(source, tables), table_copy.count(target, tables)
    if there != here:
        raise CommandError("Not all rows arrived. Nothing was moved.")
    return here


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _held(store: Store) -> Iterator[sa.Connection]:
    """One moment of it; on SQLite, nobody writes to it meanwhile either."""
    if store.is_sqlite:
        with store.change_rows() as connection:
            yield connection
    else:
        with backup.snapshot(store) as connection:
            yield connection


def _require_empty(base: Database, target: Store) -> None:
    path = exclusive_access.file_of(target.url)
    if path is not None and not path.parent.is_dir():
        raise CommandError(f"There is no folder {path.parent}.")
    restore_target.make_ready(base, target)
    given = restore_target.GIVEN if base is Database.MAIN else frozenset[str]()
    with target.engine.connect() as connection:
        found = table_copy.filled(connection, _TABLES[base], but=given)
    if found is not None:
        raise CommandError(
            f"The database to move to ({base}) has rows already, as in {found}. It has to be empty."
        )


def _require_apart(ways: list[MigrationPath]) -> None:
    """No database is moved onto another of them, or onto itself."""
    places_ = [_place(url) for way in ways for url in (way.source, way.target)]
    if len(set(places_)) < len(places_):
        raise CommandError(
            "Each database, and the ring of keys, needs a place of its own to move to."
        )


def _place(url: str) -> object:
    path = exclusive_access.file_of(url)
    address = sa.make_url(url)
    return path.resolve() if path else (address.host, address.port, address.database)


def readable(url: str) -> str:
    """An address without its password."""
    return sa.make_url(url).render_as_string(hide_password=True)


def ways(config: Config, to: str, keyring_to: str | None) -> list[MigrationPath]:
    found = [MigrationPath(Database.MAIN, config.database_url, to)]
    if keyring_to is not None:
        found.append(MigrationPath(Database.KEY_STORE, config.keyring_url, keyring_to))
    return found
