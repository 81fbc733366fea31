"""What is to be known about the ring of keys: for the doctor, and, key by key, for `keys check`."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.db.store import Store
from outreach.errors import Forgotten, Misconfigured
from outreach.keystore import Key, KeyStore, key_backup, rotation
from outreach.maintenance.check_result import CheckResult
from outreach.privacy import reconcile

_SYSTEM: Final = sa.text("SELECT system_identifier FROM pg_control_system()")
_ARCHIVE: Final = sa.text("SELECT current_setting('archive_mode')")


def examine(main: Store, key_store: KeyStore, *, now: datetime) -> Iterator[CheckResult]:
    """What the doctor says of keys, quickly."""
    yield _forgetting(key_store)
    yield _masters(key_store, now)
    yield _spare(key_store, now)
    if not key_store.store.is_sqlite:
        yield from _server(main, key_store.store)


def check(main: Store, key_store: KeyStore) -> Iterator[CheckResult]:
    """Every key and every row that points at one."""
    opened, shut = 0, 0
    with key_store.store.read() as session:
        rows = session.execute(sa.select(Key.id, Key.sealed, Key.generation))
        for key_id, sealed, generation in rows.yield_per(1000):
            try:
                key_store.seals.unseal(sealed, key_id, generation)
                opened += 1
            except Forgotten:
                shut += 1
    yield CheckResult("keys", True, f"{opened} keys open with the masters here")
    if shut:
        yield CheckResult(
            "keys", False, f"{shut} keys do not: their master is missing or another one"
        )
    blind = len(reconcile.blind(main, key_store, sure=True))
    words = f"{blind} registrations have no key"
    yield CheckResult(
        "rows", not blind, words if not blind else f"{words}. To empty them: outreach purge"
    )
    with main.read() as session:
        used = reconcile.used(session)
    unused = len(key_store.unused(used))
    words = f"{unused} keys belong to no registration"
    yield CheckResult(
        "unused", not unused, words if not unused else f"{words}. To destroy them: outreach purge"
    )
    for number, count in sorted(rotation.generations(key_store).items()):
        yield CheckResult("masters", True, f"{count} keys are sealed with master-{number}")


def _forgetting(key_store: KeyStore) -> CheckResult:
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


def _masters(key_store: KeyStore, now: datetime) -> CheckResult:
    if (
        key_store.seals.in_use() is None
    ):  # to look would make the first, and a doctor changes nothing
        return CheckResult("masters", True, "no key has been made yet")
    try:
        number = key_store.seals.look()
    except Misconfigured as error:
        return CheckResult("masters", False, str(error))
    older = [each for each in key_store.seals.masters.numbers() if each < number]
    if older and rotation.may_retire(key_store, now=now):
        words = f"{len(older)} older masters are still here: outreach keys retire"
        return CheckResult("masters", False, words)
    if rotation.is_due(key_store, now=now) and not rotation.may_begin(key_store, now=now):
        return CheckResult("masters", False, f"master-{number} is over a month old. {_ROTATE}")
    return CheckResult("masters", True, f"master-{number} seals the ring")


_ROTATE: Final = "On one host: outreach keys rotate (with several, see: outreach guide keys)"


def _spare(key_store: KeyStore, now: datetime) -> CheckResult:
    kept = key_backup.saved(key_store)
    if kept is None:
        return CheckResult("spare", True, "none is kept. To keep one: outreach keys spare FILE")
    path, hours = Path(kept.path), (now - kept.saved_at).total_seconds() / 3600
    if path.exists() and path.stat().st_mode & 0o077:
        return CheckResult("spare", False, f"others can read {path}: chmod go-rwx {path}")
    if now - kept.saved_at > key_backup.FRESH:
        words = (
            f"{path} is {hours:.0f} hours old: whoever was forgotten since is still in it. "
            f"Is a worker running there? Or: outreach keys spare {path}"
        )
        return CheckResult("spare", False, words)
    return CheckResult("spare", True, f"less than an hour old, in {path}")


def _server(main: Store, key_store: Store) -> Iterator[CheckResult]:
    """What an archive remembers is not forgotten until the next rotation."""
    with key_store.read() as session:
        is_archived = session.scalar(_ARCHIVE) != "off"
        system = _system_of(session)
    if is_archived:
        words = "it archives its log, which remembers keys: set archive_mode = off there"
        yield CheckResult("server of the ring", False, words)
    if not main.is_sqlite:
        with main.read() as session:
            is_same = system is not None and system == _system_of(session)
        if is_same:
            words = (
                "it is that of the main database. Give the ring one of its own, or rotate weekly"
            )
            yield CheckResult("server of the ring", False, words)
            return
    if not is_archived:
        yield CheckResult("server of the ring", True, "its own, and without an archive")


def _system_of(session: Session) -> int | None:
    """The number of a PostgreSQL system; None where this account may not ask."""
    try:
        found = session.scalar(_SYSTEM)
    except sa.exc.ProgrammingError:
        session.rollback()
        return None
    return None if found is None else int(found)
