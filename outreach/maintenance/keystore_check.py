"""Checks of the key store: quick ones for the doctor, and of each key for `outreach keys check`."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.errors import DataErased, Misconfigured
from outreach.keystore import Key, KeyStore, key_backup, rotation
from outreach.maintenance.check_result import CheckResult
from outreach.privacy import reconcile

_SYSTEM: Final = sa.text("SELECT system_identifier FROM pg_control_system()")
_ARCHIVE: Final = sa.text("SELECT current_setting('archive_mode')")


def examine(main: Store, key_store: KeyStore, *, now: datetime) -> Iterator[CheckResult]:
    """The quick checks."""
    yield _check_erasure(key_store)
    yield _check_master_keys(key_store, now)
    yield _check_backup(key_store, now)
    if not key_store.store.is_sqlite:
        yield from _check_server(main, key_store.store)


def check(main: Store, key_store: KeyStore) -> Iterator[CheckResult]:
    """Checks every key and every row that points at one."""
    opened, failed = 0, 0
    with key_store.store.read() as session:
        rows = session.execute(sa.select(Key.id, Key.sealed, Key.generation))
        for key_id, sealed, generation in rows.yield_per(1000):
            try:
                key_store.envelope.unseal(sealed, key_id, generation)
                opened += 1
            except DataErased:
                failed += 1
    yield CheckResult("keys", True, f"{opened} keys open with the masters here")
    if failed:
        yield CheckResult(
            "keys", False, f"{failed} keys do not: their master is missing or another one"
        )
    blind = len(reconcile.find_rows_without_key(main, key_store, sure=True))
    words = f"{blind} registrations have no key"
    yield CheckResult(
        "rows", not blind, words if not blind else f"{words}. To empty them: outreach purge"
    )
    unused = len(reconcile.find_unused_keys(main, key_store))
    words = f"{unused} keys belong to no registration"
    yield CheckResult(
        "unused", not unused, words if not unused else f"{words}. To destroy them: outreach purge"
    )
    for number, count in sorted(rotation.generations(key_store).items()):
        yield CheckResult("masters", True, f"{count} keys are sealed with master-{number}")


def _check_erasure(key_store: KeyStore) -> CheckResult:
    due, overdue = key_store.count_due(), key_store.count_overdue()
    if overdue:
        words = (
            f"{overdue} registrations are overdue by three days or more, and the purge waits. If "
            "the clock of this machine is right, run: outreach purge --yes"
        )
    elif due:
        words = f"{due} registrations are to be forgotten. Is a worker running? Or: outreach purge"
    else:
        return CheckResult("forgetting", True, "nobody is kept longer than promised")
    return CheckResult("forgetting", False, words)


def _check_master_keys(key_store: KeyStore, now: datetime) -> CheckResult:
    # `look` would create the first master key, and a check changes nothing.
    if key_store.envelope.in_use() is None:
        return CheckResult("masters", True, "no key has been made yet")
    try:
        number = key_store.envelope.refresh()
    except Misconfigured as error:
        return CheckResult("masters", False, str(error))
    older = [each for each in key_store.envelope.master_keys.numbers() if each < number]
    if older and rotation.may_retire(key_store, now=now):
        words = f"{len(older)} older masters are still here: outreach keys retire"
        return CheckResult("masters", False, words)
    if rotation.is_due(key_store, now=now) and not rotation.may_begin(key_store, now=now):
        return CheckResult("masters", False, f"master-{number} is over a month old. {_ROTATE}")
    return CheckResult("masters", True, f"master-{number} encrypts the key store")


_ROTATE: Final = "On one host: outreach keys rotate (with several, see: outreach guide keys)"


def _check_backup(key_store: KeyStore, now: datetime) -> CheckResult:
    backup = key_backup.find(key_store)
    if backup is None:
        return CheckResult("spare", True, "none is kept. To keep one: outreach keys spare FILE")
    path, hours = Path(backup.path), (now - backup.saved_at).total_seconds() / 3600
    if path.exists() and path.stat().st_mode & 0o077:
        return CheckResult("spare", False, f"others can read {path}: chmod go-rwx {path}")
    if now - backup.saved_at > key_backup.MAX_AGE:
        words = (
            f"{path} is {hours:.0f} hours old: whoever was forgotten since is still in it. "
            f"Is a worker running there? Or: outreach keys spare {path}"
        )
        return CheckResult("spare", False, words)
    return CheckResult("spare", True, f"less than an hour old, in {path}")


def _check_server(main: Store, key_store: Store) -> Iterator[CheckResult]:
    """Checks the server of a key store on PostgreSQL. It must not archive its log (WAL), which
    holds deleted keys until the next rotation (decision 0021), and should not be that of the main
    database."""
    with key_store.read() as session:
        is_archived = session.scalar(_ARCHIVE) != "off"
        system = _system_identifier(session)
    if is_archived:
        words = "it archives its log, which remembers keys: set archive_mode = off there"
        yield CheckResult("server of the ring", False, words)
    if not main.is_sqlite:
        with main.read() as session:
            is_same = system is not None and system == _system_identifier(session)
        if is_same:
            words = (
                "it is that of the main database. Give the ring one of its own, or rotate weekly"
            )
            yield CheckResult("server of the ring", False, words)
            return
    if not is_archived:
        yield CheckResult("server of the ring", True, "its own, and without an archive")


def _system_identifier(session: Session) -> int | None:
    """The identifier of a PostgreSQL cluster; None if this account may not read it."""
    try:
        identifier = session.scalar(_SYSTEM)
    except sa.exc.ProgrammingError:
        session.rollback()
        return None
    return None if identifier is None else int(identifier)
