"""Puts a backup back. All is done to a copy beside the database; that becomes the database at the
end, or, on PostgreSQL, its rows do in one transaction.

Whoever was forgotten since the backup was made is forgotten in the copy before anybody sees it."""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from outreach import migrations
from outreach.accounts.invitations import Invitation
from outreach.accounts.sessions import StaffSession
from outreach.accounts.webauthn_challenges import Challenge
from outreach.config import Config
from outreach.db.store import Store
from outreach.errors import CommandError
from outreach.keystore import KeyStore, TooManyDue, audit_anchor, key_backup
from outreach.maintenance import archive_format, exclusive_access, restore_target
from outreach.maintenance.archive_format import ArchiveManifest, InvalidArchive
from outreach.maintenance.table_copy import Tell, to_nobody
from outreach.migrations import Database
from outreach.privacy import reconcile, retention
from outreach.privacy.reconcile import TooManyBlind
from outreach.privacy.retention import Purged


@dataclass(frozen=True)
class RestoreRequest:
    """What somebody says who restores."""

    over_filled: bool = False  # in the place of a database that has rows
    forget: bool = False  # though many would be: the ring is another one, or the clock is wrong
    spare: Path | None = None  # of the ring, where that is lost
    only_look: bool = False  # change nothing


@dataclass(frozen=True)
class RestoreResult:
    manifest: ArchiveManifest
    purged: Purged
    keys: int = 0  # taken back from the spare
    aside: Path | None = None  # where the database before is


def restore(
    file: Path,
    config: Config,
    key_store: KeyStore,
    passphrase: Callable[[], str],
    wanted: RestoreRequest,
    *,
    now: datetime,
    tell: Tell = to_nobody,
) -> RestoreResult:
    """Raises Unfit when the file is no backup of ours, whole, and CommandError when it cannot be
    put there; then nothing has changed."""
    path = exclusive_access.file_of(config.database_url)
    beside = config.data if path is None else path.parent
    try:
        with archive_format.folder_in(beside) as folder:
            tell("unpack", 0)
            database, manifest = archive_format.unpack(file, folder, passphrase)
            tell("verify", 0)
            _verify(file, database, manifest)
            tell("migrate", 0)
            _migrate(file, database)
            if wanted.only_look:
                return RestoreResult(manifest, _preview(database, config, key_store, now))
            with _place(path, config, wanted, now, tell) as put:
                tell("forget", 0)
                with _settled(database, config, key_store, wanted, now) as (purged, keys):
                    return RestoreResult(manifest, purged, keys, put(database))
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise CommandError("There is no room to restore it; nothing has changed.") from None
        raise CommandError(
            f"It cannot be restored: {error.strerror}. Nothing has changed."
        ) from None


def _place(
    path: Path | None, config: Config, wanted: RestoreRequest, now: datetime, tell: Tell
) -> AbstractContextManager[Callable[[Path], Path | None]]:
    if path is None:
        return restore_target.on_server(
            config.database_url, over_filled=wanted.over_filled, tell=tell
        )
    return restore_target.in_file(path, over_filled=wanted.over_filled, now=now)


def _verify(file: Path, database: Path, manifest: ArchiveManifest) -> None:
    scripts = ScriptDirectory.from_config(migrations.config(Database.MAIN, "sqlite://"))
    if manifest.revision not in {each.revision for each in scripts.walk_revisions()}:
        raise InvalidArchive(f"{file} was made by a newer Outreach. Install that one first.")
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            # A trigger would run with the first migration.
            strange = connection.execute(
                "SELECT 1 FROM sqlite_schema "
                "WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
            ).fetchone()
            is_whole = connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
            astray = connection.execute("PRAGMA foreign_key_check").fetchone()
            rows = archive_format.count(connection)
            there = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        raise InvalidArchive(f"{file} is damaged: its database cannot be read.") from None
    if strange or astray or not is_whole:
        raise InvalidArchive(f"{file} is damaged: its database is not sound.")
    if rows != manifest.rows or there != [(manifest.revision,)]:
        raise InvalidArchive(f"{file} is damaged: its database is not what its manifest says.")


def _migrate(file: Path, database: Path) -> None:
    url = f"sqlite:///{database}"
    migrations.upgrade(Database.MAIN, url)
    copy = Store(url)
    try:
        if migrations.differences(Database.MAIN, copy):
            raise InvalidArchive(f"{file} is damaged: its database is not one of Outreach.")
    finally:
        copy.close()


def _preview(database: Path, config: Config, key_store: KeyStore, now: datetime) -> Purged:
    copy = Store(f"sqlite:///{database}")
    try:
        return retention.preview(copy, key_store, config, now=now)
    finally:
        copy.close()


@contextmanager
def _settled(
    database: Path, config: Config, key_store: KeyStore, wanted: RestoreRequest, now: datetime
) -> Iterator[tuple[Purged, int]]:
    """Makes the copy and the ring agree. Where the block fails, the ring remembers the journal of
    the database that stays."""
    copy = Store(f"sqlite:///{database}")
    before = audit_anchor.read(key_store.store)
    try:
        keys = _take_back(copy, key_store, wanted.spare)
        with copy.change() as session:
            # Who was signed out since, or has used a link since, would be in again.
            for table in (StaffSession, Invitation, Challenge):
                session.execute(sa.delete(table))
        purged = retention.settle_after_restore(
            copy, key_store, config, now=now, sure=wanted.forget
        )
        copy.close()  # now all of it is in one file
        yield purged, keys
    except BaseException as error:
        if before is not None:
            audit_anchor.begin_again(
                key_store.store, before.number, before.hash, now=before.changed_at
            )
        if isinstance(error, TooManyBlind | TooManyDue):
            raise CommandError(_TOO_MANY[type(error)]) from None
        raise
    finally:
        copy.close()


_TOO_MANY = {
    TooManyBlind: (
        "Most people in this backup have no key in the ring: is OUTREACH_KEYRING_URL right? "
        "If the ring is lost, add --spare FILE; if there is no spare, their names are lost: add "
        "--forget."
    ),
    TooManyDue: (
        "Some people are overdue to be forgotten by three days or more. If the clock of this "
        "machine is right, add --forget."
    ),
}


def _take_back(copy: Store, key_store: KeyStore, source: Path | None) -> int:
    if source is None:
        return 0
    with copy.read() as session:
        wanted = reconcile.used(session)
    return key_backup.load(key_store, source, wanted).keys
