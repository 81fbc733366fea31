"""Where a restored database goes: a SQLite file in the place of another, or PostgreSQL."""

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

# Every new database has rows in these: `outreach db upgrade` fills them.
GIVEN: Final = frozenset({"alembic_version", "ctag", "installation", "journal_chain", "zip_code"})

Put = Callable[[Path], Path | None]  # says where the database before is, if it was kept


@contextmanager
def in_file(path: Path, *, over_filled: bool, now: datetime) -> Iterator[Put]:
    """Holds the file that is there, so that nobody opens it meanwhile. Raises CommandError where it
    has rows, unless `over_filled`: then it is kept aside."""
    with ExitStack() as held:
        connection, is_filled = _looked_at(path, held) if path.exists() else (None, False)
        if is_filled and not over_filled:
            raise CommandError(
                f"{path} has rows already. With --yes it is kept aside under another name."
            )
        name = f"{path.stem}-before-{now:%Y%m%dT%H%M%SZ}{path.suffix}"
        aside = path.with_name(name) if is_filled else None

        def put(database: Path) -> Path | None:
            if connection is not None:
                # Folds its log into it: what is moved has to be whole, and no log may stay behind.
                connection.execute("PRAGMA journal_mode = DELETE")
            return _swap(database, path, aside)

        yield put


def _looked_at(path: Path, held: ExitStack) -> tuple[sqlite3.Connection | None, bool]:
    """The database that is held, and whether it is filled; one that is damaged counts as filled."""
    try:
        connection = held.enter_context(exclusive_access.alone(path))
        rows = archive_format.count(connection)
    except sqlite3.DatabaseError:
        held.close()
        return None, True
    return connection, any(number for table, number in rows.items() if table not in GIVEN)


def _swap(database: Path, path: Path, aside: Path | None) -> Path | None:
    """The new one has the name at once when the old one has not; there is always one of the two."""
    _make_like(database, path if path.exists() else path.parent)
    with database.open("rb+") as file:
        os.fsync(file.fileno())
    if aside is not None:
        if aside.exists():
            raise CommandError(f"{aside} is there already. Wait a second.")
        path.chmod(0o600)
        try:
            os.link(path, aside)
        except OSError:  # a file system that knows no second names
            path.rename(aside)
    for suffix in ("-wal", "-shm"):  # of one that is damaged, or gone
        log = path.with_name(path.name + suffix)
        if aside is None:
            log.unlink(missing_ok=True)  # it would be taken for the new one's
        elif log.exists():
            log.rename(aside.with_name(aside.name + suffix))
    database.replace(path)
    atomic_files.sync(path.parent)
    return aside


def _make_like(database: Path, model: Path) -> None:
    """Root may restore for the account that serves."""
    wanted = model.stat()
    database.chmod(wanted.st_mode & 0o777 if model.is_file() else 0o600)
    if os.geteuid() == 0:
        os.chown(database, wanted.st_uid, wanted.st_gid)


@contextmanager
def on_server(url: str, *, over_filled: bool, tell: Tell) -> Iterator[Put]:
    """Raises CommandError where PostgreSQL has rows already, unless `over_filled`: then they go, in
    the transaction that brings the others."""
    exclusive_access.require(url)
    store = Store(url)
    try:
        make_ready(Database.MAIN, store)
        with store.engine.connect() as connection:
            _require_empty(connection, over_filled)

        def put(database: Path) -> None:
            _put(database, store, over_filled, tell)

        yield put
    finally:
        store.close()


def make_ready(base: Database, store: Store) -> None:
    """A database that was never made is made. Raises CommandError for one of another version."""
    if not sa.inspect(store.engine).get_table_names():
        migrations.upgrade(base, store.url)
    if not migrations.is_current(base, store):
        raise CommandError("The database there is of another version. Run: outreach db upgrade")


def _require_empty(connection: sa.Connection, over_filled: bool) -> None:
    found = table_copy.filled(connection, MAIN, but=GIVEN)
    if found is not None and not over_filled:
        raise CommandError(
            f"The database on PostgreSQL has rows already, as in {found}. With --yes they are "
            "deleted: make a backup of it first."
        )


def _put(database: Path, store: Store, over_filled: bool, tell: Tell) -> None:
    copy = Store(f"sqlite:///{database}")
    try:
        with copy.engine.connect() as source, store.engine.begin() as target:
            names = map(target.dialect.identifier_preparer.format_table, MAIN.tables.values())
            target.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
            target.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
            _require_empty(target, over_filled)
            table_copy.empty(target, MAIN)
            copied = table_copy.copy(source, target, MAIN, tell=tell)
            if table_copy.count(target, MAIN) != copied:
                raise CommandError("Not all rows arrived. Nothing has changed.")
        table_copy.analyze(store)
    finally:
        copy.close()
