"""Restores a backup.

The backup is unpacked, verified and migrated beside the database, and everybody erased since it
was made is erased in it. Then it replaces the database; on PostgreSQL its rows replace the rows, in
one transaction.
"""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from outreach import migrations
from outreach.accounts.invitations import Invitation
from outreach.accounts.sessions import StaffSession
from outreach.accounts.webauthn_challenges import Challenge
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import change_sessions
from outreach.domain.network import installation_settings
from outreach.errors import CommandError
from outreach.keystore import KeyStore, TooManyDue, audit_anchor, key_backup
from outreach.maintenance import archive_format, exclusive_access, restore_target
from outreach.maintenance.archive_format import ArchiveManifest, InvalidArchive
from outreach.maintenance.table_copy import Tell, ignore_progress
from outreach.migrations import Database
from outreach.privacy import reconcile, retention
from outreach.privacy.reconcile import TooManyBlind
from outreach.privacy.retention import Purged


@dataclass(frozen=True)
class RestoreRequest:
    """The options of a restore."""

    replaces_rows: bool = False  # also replace a database that has rows
    forget: bool = False  # although many would be: a wrong key store or clock is more likely
    spare: Path | None = None  # the backup of the key store, if that is lost
    is_dry_run: bool = False


@dataclass(frozen=True)
class RestoreResult:
    manifest: ArchiveManifest
    purged: Purged
    keys: int = 0  # restored from the spare
    aside: Path | None = None  # where the previous database is kept


def restore(
    file: Path,
    config: Config,
    key_store: KeyStore,
    passphrase: Callable[[], str],
    options: RestoreRequest,
    *,
    now: datetime,
    tell: Tell = ignore_progress,
) -> RestoreResult:
    """Replaces the main database by the backup `file`. Raises InvalidArchive when the file is not a
    complete backup, and CommandError when it cannot be restored; then nothing has changed."""
    path = exclusive_access.file_of(config.database_url)
    parent = config.data if path is None else path.parent
    try:
        with archive_format.temporary_folder(parent) as folder:
            tell("unpack", 0)
            database, manifest = archive_format.unpack(file, folder, passphrase)
            tell("verify", 0)
            _verify(file, database, manifest)
            tell("migrate", 0)
            _migrate(file, database)
            _require_own(file, database, config)
            if options.is_dry_run:
                return RestoreResult(manifest, _preview(database, config, key_store, now))
            with _target(path, config, options, now, tell) as put:
                tell("forget", 0)
                with _reconciled(database, config, key_store, options, now) as (purged, keys):
                    return RestoreResult(manifest, purged, keys, put(database))
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise CommandError("There is no room to restore it; nothing has changed.") from None
        raise CommandError(
            f"It cannot be restored: {error.strerror}. Nothing has changed."
        ) from None


def _target(
    path: Path | None, config: Config, options: RestoreRequest, now: datetime, tell: Tell
) -> AbstractContextManager[Callable[[Path], Path | None]]:
    if path is None:
        return restore_target.on_server(
            config.database_url, replaces_rows=options.replaces_rows, tell=tell
        )
    return restore_target.in_file(path, replaces_rows=options.replaces_rows, now=now)


def _verify(file: Path, database: Path, manifest: ArchiveManifest) -> None:
    if not migrations.is_known(Database.MAIN, manifest.revision):
        raise InvalidArchive(
            f"{file} was made by another Outreach. Install it first if it is newer; what was made "
            "before release 1.0.0 cannot be restored."
        )
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            # A trigger would run during the first migration.
            unexpected = connection.execute(
                "SELECT 1 FROM sqlite_schema "
                "WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
            ).fetchone()
            is_whole = connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
            violation = connection.execute("PRAGMA foreign_key_check").fetchone()
            rows = archive_format.count(connection)
            revisions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    except sqlite3.Error:
        raise InvalidArchive(f"{file} is damaged: its database cannot be read.") from None
    if unexpected or violation or not is_whole:
        raise InvalidArchive(f"{file} is damaged: its database is not sound.")
    if rows != manifest.rows or revisions != [(manifest.revision,)]:
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


def _require_own(file: Path, database: Path, config: Config) -> None:
    """Raises InvalidArchive for a backup of another of several networks: its people have no keys
    here, and its calendars are not ours."""
    if not config.name:
        return
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        hosts = connection.execute(
            "SELECT value FROM installation_setting WHERE name = 'calendar_host'"
        ).fetchall()
    own = _list_own_hosts(config)
    if not {host for (host,) in hosts} & own:
        of = " ".join(host for (host,) in hosts) or "no network"
        raise InvalidArchive(
            f"{file} is a backup of {of}, and {config.name} is {' or '.join(sorted(own))}. "
            "Nothing has changed."
        )


def _list_own_hosts(config: Config) -> set[str]:
    """The host of this network and, if it has moved, the one that its database keeps."""
    own = {config.host.partition(":")[0]}
    path = exclusive_access.file_of(config.database_url)
    if path is not None and not path.exists():
        return own
    store = Store(config.database_url)
    try:
        with store.read() as session:
            own.add(installation_settings.get_calendar_host(session))
    except sa.exc.SQLAlchemyError:  # it is empty or damaged, which is why it is restored
        return own
    finally:
        store.close()
    return own


def _preview(database: Path, config: Config, key_store: KeyStore, now: datetime) -> Purged:
    copy = Store(f"sqlite:///{database}")
    key_store.attach(copy)
    change_sessions.install(copy)
    try:
        return retention.preview(copy, key_store, config, now=now)
    finally:
        copy.close()


@contextmanager
def _reconciled(
    database: Path, config: Config, key_store: KeyStore, options: RestoreRequest, now: datetime
) -> Iterator[tuple[Purged, int]]:
    """Reconciles the copy with the key store; yields what was erased and how many keys were
    restored. If the block fails, the audit anchor is that of the database that stays."""
    copy = Store(f"sqlite:///{database}")
    key_store.attach(copy)
    change_sessions.install(copy)
    anchor = audit_anchor.read(key_store.store)
    try:
        keys = _restore_keys(copy, key_store, options.spare)
        with copy.change() as session:
            # Sessions that ended and links that were used since would be valid again.
            for table in (StaffSession, Invitation, Challenge):
                session.execute(sa.delete(table))
        purged = retention.purge_after_restore(
            copy, key_store, config, now=now, sure=options.forget
        )
        copy.close()  # merges the WAL into the file
        yield purged, keys
    except BaseException as error:
        if anchor is not None:
            audit_anchor.reset(key_store.store, anchor.number, anchor.hash, now=anchor.changed_at)
        if isinstance(error, TooManyBlind | TooManyDue):
            raise CommandError(_ERROR_MESSAGES[type(error)]) from None
        raise
    finally:
        copy.close()


_ERROR_MESSAGES = {
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


def _restore_keys(copy: Store, key_store: KeyStore, source: Path | None) -> int:
    if source is None:
        return 0
    with copy.read() as session:
        wanted = reconcile.used_key_ids(session)
    return key_backup.load(key_store, source, wanted).keys
