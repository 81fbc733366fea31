"""The target of a restore: replaces a SQLite file, or the rows of a PostgreSQL database."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from outreach import atomic_files, migrations
from outreach.db.store import Store
from outreach.errors import CommandError
from outreach.maintenance import archive_format, exclusive_access, table_copy
from outreach.maintenance.table_copy import Tell
from outreach.migrations import Database
from outreach.migrations.models import MAIN

# Tables that `outreach db upgrade` fills.
PREFILLED_TABLES: Final = frozenset(
    {"alembic_version", "change_counter", "installation_setting", "audit_chain"}
)

Put = Callable[[Path], Path | None]  # returns where the previous database is kept, if it is


@contextmanager
def in_file(path: Path, *, replaces_rows: bool, now: datetime) -> Iterator[Put]:
    """Locks the existing file during the block and yields a function that replaces it. Raises
    CommandError where it has rows, unless `replaces_rows`: then it is kept aside."""
    with ExitStack() as stack:
        connection, is_filled = _lock(path, stack) if path.exists() else (None, False)
        if is_filled and not replaces_rows:
            raise CommandError(
                f"{path} has rows already. With --yes it is kept aside under another name."
            )
        name = f"{path.stem}-before-{now:%Y%m%dT%H%M%SZ}{path.suffix}"
        aside = path.with_name(name) if is_filled else None

        def put(database: Path) -> Path | None:
            if connection is not None:
                # Merges the WAL into the file, which is moved without it.
                connection.execute("PRAGMA journal_mode = DELETE")
            return _swap(database, path, aside)

        yield put


def _lock(path: Path, stack: ExitStack) -> tuple[sqlite3.Connection | None, bool]:
    """The locked database, and whether it has rows. A damaged one counts as one with rows."""
    try:
        connection = stack.enter_context(exclusive_access.lock_file(path))
        rows = archive_format.count(connection)
    except sqlite3.DatabaseError:
        stack.close()
        return None, True
    return connection, any(
        number for table, number in rows.items() if table not in PREFILLED_TABLES
    )


def _swap(database: Path, path: Path, aside: Path | None) -> Path | None:
    """Replaces the file atomically; returns where the previous one is kept."""
    _copy_mode_and_owner(database, path if path.exists() else path.parent)
    with database.open("rb+") as file:
        os.fsync(file.fileno())
    if aside is not None:
        if aside.exists():
            raise CommandError(f"{aside} is there already. Wait a second.")
        path.chmod(0o600)
        try:
            os.link(path, aside)
        except OSError:  # a file system without hard links
            path.rename(aside)
    for suffix in ("-wal", "-shm"):  # a damaged or missing database leaves them
        log = path.with_name(path.name + suffix)
        if aside is None:
            log.unlink(missing_ok=True)  # SQLite would apply it to the new file
        elif log.exists():
            log.rename(aside.with_name(aside.name + suffix))
    database.replace(path)
    atomic_files.sync(path.parent)
    return aside


def _copy_mode_and_owner(database: Path, model: Path) -> None:
    """Gives the file the mode of the model, and its owner too if run by root, who may restore for
    the account that serves."""
    status = model.stat()
    database.chmod(status.st_mode & 0o777 if model.is_file() else 0o600)
    if os.geteuid() == 0:
        os.chown(database, status.st_uid, status.st_gid)


@contextmanager
def on_server(url: str, *, replaces_rows: bool, tell: Tell) -> Iterator[Put]:
    """Yields a function that fills the PostgreSQL database. Raises CommandError where it has rows,
    unless `replaces_rows`: then they are deleted in the same transaction."""
    exclusive_access.require(url)
    store = Store(url)
    try:
        prepare_schema(Database.MAIN, store)
        with store.engine.connect() as connection:
            _require_empty(connection, replaces_rows)

        def put(database: Path) -> None:
            _put(database, store, replaces_rows, tell)

        yield put
    finally:
        store.close()


def prepare_schema(base: Database, store: Store) -> None:
    """Creates the schema if there is none. Raises CommandError for another version of it."""
    if not sa.inspect(store.engine).get_table_names():
        migrations.upgrade(base, store.url)
    if not migrations.is_current(base, store):
        raise CommandError("The database there is of another version. Run: outreach db upgrade")


def _require_empty(connection: sa.Connection, replaces_rows: bool) -> None:
    tables = table_copy.list_tables(connection, MAIN)
    table = table_copy.first_filled_table(connection, tables, except_for=PREFILLED_TABLES)
    if table is not None and not replaces_rows:
        raise CommandError(
            f"The database on PostgreSQL has rows already, as in {table}. With --yes they are "
            "deleted: make a backup of it first."
        )


def _put(database: Path, store: Store, replaces_rows: bool, tell: Tell) -> None:
    copy = Store(f"sqlite:///{database}")
    try:
        with copy.engine.connect() as source, store.engine.begin() as target:
            names = map(target.dialect.identifier_preparer.format_table, MAIN.tables.values())
            target.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
            target.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
            _require_empty(target, replaces_rows)
            tables = table_copy.list_tables(source, MAIN)
            table_copy.create_missing(target, tables)
            table_copy.empty(target, tables)
            copied = table_copy.copy(source, target, tables, tell=tell)
            if table_copy.count(target, tables) != copied:
                raise CommandError("Not all rows arrived. Nothing has changed.")
        table_copy.analyze(store)
    finally:
        copy.close()
