"""The spare: the one copy of the ring, overwritten each time. It opens only with the masters, of
which the spare is kept elsewhere."""

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

FRESH: Final = timedelta(hours=1)
MARK: Final = "outreach spare of the keyring, 1"


@dataclass(frozen=True)
class LoadedKeyBackup:
    keys: int  # taken back
    unreadable: int  # of a master that is not here


def save(key_store: KeyStore, target: Path, *, now: datetime) -> int:
    """Writes the spare over the one before, wherever that is, and says how many keys it has."""
    target = target.absolute()
    before = saved(key_store)
    draft = target.with_name(f".{target.name}.new")
    count = _write(key_store, draft)
    older = {target} if before is None else {target, Path(before.path)}
    with ExitStack() as until_the_end:
        # Opened first: once the name leads elsewhere, what it led to has to leave the disk.
        files = [until_the_end.enter_context(path.open("r+b")) for path in older if path.is_file()]
        draft.replace(target)
        for file in files:
            _overwrite(file)
    for path in older - {target}:
        path.unlink(missing_ok=True)
    with key_store.store.change() as session:
        session.merge(KeyBackup(id=1, path=str(target), saved_at=now))
    return count


def saved(key_store: KeyStore) -> KeyBackup | None:
    """Where the spare is and of when; None when none was ever made."""
    with key_store.store.read() as session:
        return session.get(KeyBackup, 1)


def refresh(key_store: KeyStore, *, now: datetime) -> bool:
    """Overwrites the spare where there is one on this host: whoever was forgotten since is still
    in it until then."""
    kept = saved(key_store)
    if kept is None or not Path(kept.path).is_file():
        return False
    save(key_store, Path(kept.path), now=now)
    return True


def load(key_store: KeyStore, source: Path, wanted: set[bytes]) -> LoadedKeyBackup:
    """Takes back the keys of `wanted` that the ring has lost: those a registration still points
    at. Whoever was forgotten since stays forgotten.

    Raises CommandError when the file is not a spare."""
    lines = _read(source)
    known, there = key_store.known(), key_store.envelope.master_keys.numbers()
    rows = [
        row
        for row in map(_key, lines["key"])
        if row.id in wanted and row.id not in known and row.forget_on > key_store.today()
    ]
    readable = [row for row in rows if row.generation in there]
    with key_store.store.change() as session:
        if not _take_index(key_store, session, lines["index"]):
            for row in readable:
                row.contact = None
        session.add_all(readable)
        _take_secret(key_store, session, lines["secret"])
    return LoadedKeyBackup(len(readable), len(rows) - len(readable))


def _take_index(key_store: KeyStore, session: Session, lines: list[list[Any]]) -> bool:
    """Takes back the key of the contacts. False where another one is in use by now, or no master
    here opens it: what the spare holds cannot be found again then."""
    own = session.get(IndexKey, 1)
    for generation, text in lines:
        sealed = bytes.fromhex(text)
        if own is None:
            # One that nobody can open would stand in the way of a new one for ever.
            if not key_store.envelope.can_open(generation):
                return False
            session.add(IndexKey(id=1, sealed=sealed, generation=generation))
            return True
        mine = key_store.envelope.unseal(own.sealed, b"index", own.generation)
        return key_store.envelope.can_open(generation) and mine == key_store.envelope.unseal(
            sealed, b"index", generation
        )
    return True


def _take_secret(key_store: KeyStore, session: Session, lines: list[list[Any]]) -> None:
    """Takes back what all hosts signed with, where nothing has taken its place."""
    for generation, text in lines:
        if session.get(Secret, 1) is None and key_store.envelope.can_open(generation):
            session.add(Secret(id=1, sealed=bytes.fromhex(text), generation=generation))


def _write(key_store: KeyStore, path: Path) -> int:
    """The file, closed to others; how many keys it has."""
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
    """A line that says what it is, one for each key of the ring itself, and for each key."""
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
