"""The key backup: the one copy of the key store, overwritten each time.

It is of use only with the master keys, whose copy is kept elsewhere.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.errors import CommandError
from outreach.keystore.keystore import KeyStore
from outreach.keystore.models import IndexKey, Key, KeyBackup, Secret

MAX_AGE: Final = timedelta(hours=1)
MARK: Final = "outreach spare of the keyring, 1"


@dataclass(frozen=True)
class LoadedKeyBackup:
    keys: int  # restored
    unreadable: int  # encrypted with a master key that this host lacks


def save(key_store: KeyStore, target: Path, *, now: datetime) -> int:
    """Writes the key backup and overwrites the previous one, wherever that is. Returns the number
    of keys in it."""
    target = target.absolute()
    before = find(key_store)
    draft = target.with_name(f".{target.name}.new")
    count = _write(key_store, draft)
    older = {target} if before is None else {target, Path(before.path)}
    with ExitStack() as until_the_end:
        # Opened before the rename, so that the old content can be overwritten after it.
        files = [until_the_end.enter_context(path.open("r+b")) for path in older if path.is_file()]
        draft.replace(target)
        for file in files:
            _overwrite(file)
    for path in older - {target}:
        path.unlink(missing_ok=True)
    with key_store.store.change() as session:
        session.merge(KeyBackup(id=1, path=str(target), saved_at=now))
    return count


def find(key_store: KeyStore) -> KeyBackup | None:
    """The path and time of the key backup; None if there was never one."""
    with key_store.store.read() as session:
        return session.get(KeyBackup, 1)


def refresh(key_store: KeyStore, *, now: datetime) -> bool:
    """Writes the key backup anew if there is one on this host, since keys deleted meanwhile are
    still in it. Returns whether it did."""
    backup = find(key_store)
    if backup is None or not Path(backup.path).is_file():
        return False
    save(key_store, Path(backup.path), now=now)
    return True


def load(key_store: KeyStore, source: Path, wanted: set[bytes]) -> LoadedKeyBackup:
    """Restores the keys of `wanted`, those that registrations need, which the key store lacks.

    Keys whose day has come are left out. Raises CommandError if the file is not a key backup.
    """
    lines = _read(source)
    known, there = key_store.ids(), key_store.envelope.master_keys.numbers()
    rows = [
        row
        for row in map(_key, lines["key"])
        if row.id in wanted and row.id not in known and row.forget_on > key_store.today()
    ]
    readable = [row for row in rows if row.generation in there]
    with key_store.store.change() as session:
        if not _restore_index(key_store, session, lines["index"]):
            for row in readable:
                row.contact = None
        session.add_all(readable)
        _restore_secret(key_store, session, lines["secret"])
    return LoadedKeyBackup(len(readable), len(rows) - len(readable))


def _restore_index(key_store: KeyStore, session: Session, lines: list[list[Any]]) -> bool:
    """Restores the key of the contact HMACs. False if another one is in use by now, or none of the
    master keys decrypts it: then the contacts of the backup are of no use."""
    own = session.get(IndexKey, 1)
    for generation, text in lines:
        sealed = bytes.fromhex(text)
        if own is None:
            # A row that cannot be decrypted would prevent a new one for ever.
            if not key_store.envelope.can_open(generation):
                return False
            session.add(IndexKey(id=1, sealed=sealed, generation=generation))
            return True
        current = key_store.envelope.unseal(own.sealed, b"index", own.generation)
        return key_store.envelope.can_open(generation) and current == key_store.envelope.unseal(
            sealed, b"index", generation
        )
    return True


def _restore_secret(key_store: KeyStore, session: Session, lines: list[list[Any]]) -> None:
    """Restores the shared secret of all hosts, if there is no other by now."""
    for generation, text in lines:
        if session.get(Secret, 1) is None and key_store.envelope.can_open(generation):
            session.add(Secret(id=1, sealed=bytes.fromhex(text), generation=generation))


def _write(key_store: KeyStore, path: Path) -> int:
    """Writes the file with mode 600. Returns the number of keys in it."""
    path.unlink(missing_ok=True)
    new = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    count = 0
    with os.fdopen(new, "w", encoding="ascii") as out:
        for line in _lines(key_store):
            out.write(json.dumps(line) + "\n")
            count += line[0] == "key"
        out.flush()
        os.fsync(out.fileno())
    return count


def _overwrite(file: IO[bytes]) -> None:
    file.write(bytes(file.seek(0, os.SEEK_END) - file.seek(0)))
    file.flush()
    os.fsync(file.fileno())


def _lines(key_store: KeyStore) -> Iterator[list[object]]:
    """The lines of the file: format, own keys of the key store, keys of registrations."""
    yield ["mark", MARK]
    with key_store.store.read() as session:
        for index in session.scalars(sa.select(IndexKey)):
            yield ["index", index.generation, index.sealed.hex()]
        for secret in session.scalars(sa.select(Secret)):
            yield ["secret", secret.generation, secret.sealed.hex()]
        for key in session.scalars(sa.select(Key).execution_options(yield_per=1000)):
            yield [
                "key",
                key.id.hex(),
                key.generation,
                key.sealed.hex(),
                key.workshop,
                key.forget_on.isoformat(),
                key.made_on.isoformat(),
                key.contact.hex() if key.contact else None,
            ]


def _read(source: Path) -> dict[str, list[list[Any]]]:
    found: dict[str, list[list[Any]]] = {"mark": [], "index": [], "secret": [], "key": []}
    try:
        for line in source.read_text("ascii").splitlines():
            what, *values = json.loads(line)
            found[what].append(values)
    except OSError as error:
        raise CommandError(f"{source} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"{source} is not a spare of the keyring, or is damaged.") from None
    if found["mark"] != [[MARK]]:
        raise CommandError(f"{source} is not a spare of the keyring, or is damaged.")
    return found


def _key(values: list[Any]) -> Key:
    key_id, generation, sealed, workshop, forget_on, made_on, contact = values
    return Key(
        id=bytes.fromhex(key_id),
        generation=generation,
        sealed=bytes.fromhex(sealed),
        workshop=workshop,
        forget_on=date.fromisoformat(forget_on),
        made_on=date.fromisoformat(made_on),
        contact=bytes.fromhex(contact) if contact else None,
    )
