"""Registers invented people and searches all files and tables for traces of them."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach import clock, keystore
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.registrations import Registration, totals
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased
from outreach.keystore import Key, KeyStore, MasterKeys
from outreach.reports import workshop_counts
from tests.support.registration_forms import answers, ask_for_link, everyone, send

NOW = clock.now()


@dataclass(frozen=True)
class Canary:
    """The personal data of an invented person: words and tokens, in every notation."""

    name: str
    address: str
    link: str  # the path of their own page
    id: str
    needles: tuple[bytes, ...]
    key: bytes


def plant(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    **typed: Any,
) -> Canary:
    """Registers by the form, views and changes the registration, and requests the link again."""
    before = {each.id for each in everyone(store)}
    answer = send(client, workshop, answers(app, workshop, people="3", **typed))
    assert answer.status_code == 303
    link = answer.location
    assert client.get(link).status_code == 200
    client.post(f"{link}/cambiar", data={"people": "2"})
    client.post(f"{link}/cita.ics", data={"title": "Cita"})
    ask_for_link(client, typed[typed["contact"]])
    [registration] = [each for each in everyone(store) if each.id not in before]
    key = registrations.get_key(key_store, registration)
    person = registrations.decrypt_person(registration, key)
    tokens = [keystore.derive(key, purpose) for purpose in ("manage", "entry")]
    return Canary(
        name=person.name,
        address=person.address,
        link=link,
        id=registration.id,
        needles=(
            person.name.encode(),
            person.address.encode(),
            person.address.removeprefix("+1").encode(),
            registrations.derive_manage_token(key).encode(),
            registrations.derive_entry_token(key).encode(),
            *tokens,
            *(token.hex().encode() for token in tokens),
            key,
            key.hex().encode(),
        ),
        key=key,
    )


def traces(
    config: Config, store: Store, key_store: KeyStore, needles: Sequence[bytes], *folders: Path
) -> list[str]:
    """The files, tables and dumps that contain a needle, those of PostgreSQL's server too."""
    found = []
    for where, text in _everything(config, store, key_store, folders):
        if any(needle in text for needle in needles):
            found.append(where)
    return found


def _everything(
    config: Config, store: Store, key_store: KeyStore, folders: Sequence[Path]
) -> Iterator[tuple[str, bytes]]:
    for folder in (config.data, config.keys, *folders):
        for path in folder.rglob("*"):
            if path.is_file():
                yield path.name, path.read_bytes()
    for each in (store, key_store.store):
        if not each.is_sqlite:
            yield from _of_postgresql(each)


def _of_postgresql(store: Store) -> Iterator[tuple[str, bytes]]:
    """Every table as text, and the server's own files where this account can read them."""
    with store.engine.connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in sa.inspect(connection).get_table_names():
            rows = connection.exec_driver_sql(f'SELECT "{table}"::text FROM "{table}"')
            yield table, "\n".join(row[0] for row in rows).encode()
        connection.exec_driver_sql("CHECKPOINT")
        home = Path(connection.exec_driver_sql("SHOW data_directory").scalar_one())
        number = connection.exec_driver_sql(
            "SELECT oid FROM pg_database WHERE datname = current_database()"
        ).scalar_one()
    if not os.access(home, os.R_OK | os.X_OK):
        return
    for folder in (home / "base" / str(number), home / "pg_wal", home / "log"):
        for path in folder.rglob("*") if folder.is_dir() else ():
            try:
                yield f"{folder.name}/{path.name}", path.read_bytes()
            except OSError:  # a file of the log that was there a moment ago, or a folder
                continue


@dataclass(frozen=True)
class Backup:
    """A copy of the main database; on SQLite also a file to restore."""

    path: Path
    sealed: list[tuple[str, bytes]]  # id of the registration, sealed name


def back_up(config: Config, store: Store, path: Path) -> Backup:
    if not store.is_sqlite:
        with store.read() as session:
            rows = session.execute(sa.select(Registration.id, Registration.sealed)).all()
        return Backup(path, [(row[0], row[1]) for row in rows if row[1] is not None])
    source = sqlite3.connect(store.engine.url.database or "")
    copy = sqlite3.connect(path)
    source.backup(copy)
    rows = copy.execute("SELECT id, sealed FROM registration WHERE sealed IS NOT NULL").fetchall()
    source.close()
    copy.close()
    return Backup(path, rows)


def names_in(backup: Backup, key_store: KeyStore, master_keys: MasterKeys) -> set[str]:
    """The names that can be decrypted with the backup, the key store and the master keys.

    Every remaining key, every master key and every derived key is tried on every sealed value."""
    with key_store.store.read() as session:
        rows = session.execute(sa.select(Key.id, Key.sealed, Key.generation)).all()
    keys = [key_store.envelope.unseal(sealed, key_id, number) for key_id, sealed, number in rows]
    keys += [keystore.derive(key, "manage") * 2 for key in keys] + list(master_keys.all().values())
    opened = set()
    for registration_id, sealed in backup.sealed:
        for key in keys:
            try:
                opened.add(keystore.decrypt(key, sealed, f"registration {registration_id}"))
            except DataErased:
                continue
    return opened


def counts(store: Store) -> Any:
    """All counts: by workshop, by status, by month."""
    with store.read() as session:
        people = session.execute(
            sa.select(
                Registration.workshop_id,
                Registration.status,
                sa.func.count(),
                sa.func.sum(Registration.people),
            )
            .group_by(Registration.workshop_id, Registration.status)
            .order_by(Registration.workshop_id, Registration.status)
        ).all()
        places = session.execute(
            sa.select(Workshop.id, Workshop.seats_left, Workshop.walk_ins, Workshop.head_count)
        ).all()
        arrived = {
            workshop_id: counted[totals.ARRIVED]
            for workshop_id, counted in totals.read_all(session, [row.id for row in places]).items()
        }
        day = session.scalar(sa.select(sa.func.min(Workshop.day)))
        assert day is not None
        month = workshop_counts.as_json(
            workshop_counts.count(session, clock.Month.from_day(day), now=NOW)
        )
    return [tuple(row) for row in people], [tuple(row) for row in places], arrived, month
