"""Backups: a copy of the main database as it is at one moment, while the site goes on.

Never of the ring or its masters: a copy of those would remember whom we have forgotten."""

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
from outreach.maintenance.table_copy import Tell, to_nobody
from outreach.migrations.models import MAIN

SHORTEST: Final = 12  # characters of a passphrase
_PAGES: Final = 5000  # between two words of progress
_NO_ROOM: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


@dataclass(frozen=True)
class BackupResult:
    manifest: ArchiveManifest
    size: int  # of the file, in bytes
    sha256: str


def make(
    store: Store,
    config: Config,
    target: Path,
    *,
    now: datetime,
    passphrase: str | None = None,
    tell: Tell = to_nobody,
) -> BackupResult:
    """Writes a backup to a new file. Raises Unfit when it cannot be there, and CommandError when
    the disk is full; then nothing is left of it."""
    require_new(target)
    # What is to be sealed is not written where it is kept before it is.
    place = target.parent if passphrase is None else config.data
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        with archive_format.folder_in(place) as folder:
            manifest = _pack(store, folder, folder / "plain.zip", now, tell)
            if passphrase is None:
                (folder / "plain.zip").rename(draft)
            else:
                tell("seal", 0)
                archive_format.seal(folder / "plain.zip", draft, passphrase)
        made = BackupResult(manifest, draft.stat().st_size, archive_format.digest(draft))
        archive_format.put(draft, target)
    except FileExistsError:
        raise _is_there(target) from None
    except OSError as error:
        raise _cannot(target, error) from None
    except sqlite3.Error as error:
        raise _full(target, error) from None
    except sa.exc.OperationalError as error:
        if not isinstance(error.orig, sqlite3.Error):
            raise
        raise _full(target, error.orig) from None
    finally:
        draft.unlink(missing_ok=True)
    return made


def require_new(target: Path) -> None:
    """Raises Unfit unless a file of that name can be made."""
    if target.is_symlink() or target.exists():
        raise _is_there(target)
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
    # Its free pages stay behind, and with them what may be left there of deleted rows.
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
    """The pages of a SQLite file, at the speed of the disk: while somebody reads one moment of it,
    its log cannot be cut, and who is to be forgotten just then waits for that."""
    path = store.engine.url.database
    assert path is not None

    def on_progress(_status: int, remaining: int, total: int) -> None:
        tell("pages", total - remaining)

    with (
        closing(sqlite3.connect(path, timeout=15, isolation_level=None)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.execute("PRAGMA query_only = ON")
        # One moment for all of it: otherwise each write of others would make it begin again.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        source.backup(copy, pages=_PAGES, progress=on_progress)
        copy.execute("PRAGMA journal_mode = DELETE")


def _copy_rows(store: Store, target: Path, tell: Tell) -> None:
    """The rows of PostgreSQL, all as of one moment."""
    migrations.upgrade(migrations.Database.MAIN, f"sqlite:///{target}")
    copy = Store(f"sqlite:///{target}", is_durable=False)
    try:
        with snapshot(store) as source, copy.change_rows() as rows:
            table_copy.empty(rows, MAIN)  # what the migrations put there is in the source too
            table_copy.copy(source, rows, MAIN, tell=tell)
        copy.sweep()
    finally:
        copy.close()


def snapshot(store: Store) -> sa.Connection:
    """One moment of a database, for as long as the connection is open."""
    connection = store.engine.connect()
    if store.is_sqlite:
        return connection
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _is_there(target: Path) -> InvalidArchive:
    return InvalidArchive(
        f"{target} is there already. Choose another name; a backup never writes over one."
    )


def _cannot(target: Path, error: OSError) -> CommandError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return CommandError(f"There is no room for {target}; nothing was kept.")
    return CommandError(f"{target} cannot be written: {error.strerror or type(error).__name__}.")


def _full(target: Path, error: sqlite3.Error) -> CommandError:
    # The code of an error that says more, as «I/O error while writing», has its kind below.
    code = getattr(error, "sqlite_errorcode", 0)
    if code & 0xFF in _NO_ROOM:
        return CommandError(f"There is no room to make {target}, or it cannot be written there.")
    return CommandError(f"The database cannot be copied ({type(error).__name__}).")
