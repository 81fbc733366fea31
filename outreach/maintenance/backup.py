"""Backups of the main database, as of one moment, while the site runs.

The key store and the master keys are never in one: a copy of those would hold keys of forgotten
people.
"""

import errno
import os
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from outreach import migrations
from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import CommandError
from outreach.maintenance import archive_format, table_copy
from outreach.maintenance.archive_format import ArchiveManifest, InvalidArchive
from outreach.maintenance.table_copy import Tell, ignore_progress
from outreach.migrations.models import MAIN

MIN_PASSPHRASE_LENGTH: Final = 12  # characters
_PAGES_PER_STEP: Final = 5000  # between two calls of `on_progress`
_DISK_ERRORS: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


@dataclass(frozen=True)
class BackupResult:
    manifest: ArchiveManifest
    size: int  # the file's, in bytes
    sha256: str


def make(
    store: Store,
    config: Config,
    target: Path,
    *,
    now: datetime,
    passphrase: str | None = None,
    tell: Tell = ignore_progress,
) -> BackupResult:
    """Writes a backup to a new file. Raises InvalidArchive if `target` cannot be created, and
    CommandError when the disk is full; then no file is left."""
    require_new(target)
    # Before it is encrypted, the copy is not written to the folder of backups.
    work_folder = target.parent if passphrase is None else config.data
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        with archive_format.temporary_folder(work_folder) as folder:
            manifest = _pack(store, folder, folder / "plain.zip", now, tell)
            if passphrase is None:
                (folder / "plain.zip").rename(draft)
            else:
                tell("seal", 0)
                archive_format.encrypt(folder / "plain.zip", draft, passphrase)
        result = BackupResult(manifest, draft.stat().st_size, archive_format.digest(draft))
        archive_format.publish(draft, target)
    except FileExistsError:
        raise _already_exists(target) from None
    except OSError as error:
        raise _write_error(target, error) from None
    except sqlite3.Error as error:
        raise _database_error(target, error) from None
    except sa.exc.OperationalError as error:
        if not isinstance(error.orig, sqlite3.Error):
            raise
        raise _database_error(target, error.orig) from None
    finally:
        draft.unlink(missing_ok=True)
    return result


def require_new(target: Path) -> None:
    """Raises InvalidArchive unless a new file of that name can be created."""
    if target.is_symlink() or target.exists():
        raise _already_exists(target)
    if not target.parent.is_dir():
        raise InvalidArchive(f"There is no folder {target.parent}.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InvalidArchive(f"{target.parent} may not be written by this account.")


def _pack(store: Store, folder: Path, target: Path, now: datetime, tell: Tell) -> ArchiveManifest:
    raw, database = folder / "raw.db", folder / archive_format.DATABASE
    if store.is_sqlite:
        _copy_file(store, raw, tell)
    else:
        _copy_rows(store, raw, tell)
    tell("tidy", 0)
    # VACUUM leaves free pages out, which may hold parts of deleted rows.
    with closing(sqlite3.connect(raw)) as connection:
        connection.execute("VACUUM INTO ?", (str(database),))
        [[revision]] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        rows = archive_format.count(connection)
    raw.unlink()
    manifest = ArchiveManifest(
        made_at=now,
        version=metadata.version("outreach"),
        revision=revision,
        source=store.engine.dialect.name,
        rows=rows,
        size=database.stat().st_size,
        sha256=archive_format.digest(database),
    )
    tell("pack", 0)
    archive_format.pack(database, manifest, target)
    return manifest


def _copy_file(store: Store, target: Path, tell: Tell) -> None:
    """Copies the pages of a SQLite file. It is fast because an open snapshot keeps the WAL from
    being truncated, for which an erasure waits (S11)."""
    path = store.engine.url.database
    assert path is not None

    def on_progress(_status: int, remaining: int, total: int) -> None:
        tell("pages", total - remaining)

    with (
        closing(sqlite3.connect(path, timeout=15, isolation_level=None)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.execute("PRAGMA query_only = ON")
        # One snapshot: otherwise a write by another process would restart the copy.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(copy, pages=_PAGES_PER_STEP, progress=on_progress)
        copy.execute("PRAGMA journal_mode = DELETE")


def _copy_rows(store: Store, target: Path, tell: Tell) -> None:
    """Copies the rows of PostgreSQL from one snapshot into a SQLite file."""
    migrations.upgrade(migrations.Database.MAIN, f"sqlite:///{target}")
    copy = Store(f"sqlite:///{target}", is_durable=False)
    try:
        with snapshot(store) as source, copy.change_rows() as rows:
            tables = table_copy.list_tables(source, MAIN)
            table_copy.create_missing(rows, tables)
            table_copy.empty(rows, tables)  # rows that migrations inserted are in the source too
            table_copy.copy(source, rows, tables, tell=tell)
        copy.truncate_log()
    finally:
        copy.close()


def snapshot(store: Store) -> sa.Connection:
    """A connection that sees one snapshot of the database while it is open."""
    connection = store.engine.connect()
    if store.is_sqlite:
        return connection
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _already_exists(target: Path) -> InvalidArchive:
    return InvalidArchive(
        f"{target} is there already. Choose another name; a backup never writes over one."
    )


def _write_error(target: Path, error: OSError) -> CommandError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return CommandError(f"There is no room for {target}; nothing was kept.")
    return CommandError(f"{target} cannot be written: {error.strerror or type(error).__name__}.")


def _database_error(target: Path, error: sqlite3.Error) -> CommandError:
    # The low byte of an extended result code is the primary one.
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF in _DISK_ERRORS:
        return CommandError(f"There is no room to make {target}, or it cannot be written there.")
    return CommandError(f"The database cannot be copied ({type(error).__name__}).")
