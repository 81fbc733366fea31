"""S33: somebody with a backup and a person's phone, but without the key store, learns nothing."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from outreach import clock, keystore, migrations
from outreach.config import Config
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain import registrations
from outreach.domain.checkin import checkin, offline_manifest
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.registrations import ContactMethod, Registration, reconfirmation
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.maintenance import archive_format, backup
from outreach.maintenance.worker import Worker
from tests.conftest import seat
from tests.support.checkin_phone import held_today, take_along
from tests.support.fixed_clock import FIXED_NOW, fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as

TOLERANCE = timedelta(minutes=2)
# The tables with rows of people; others have kinds with languages and workshops with supports.
OF_PEOPLE = ("registration", "notification", "checkin_event", "checkin_token_row", "people_totals")
MOMENTS = {
    name: clock.hour_of(FIXED_NOW) - timedelta(days=2) + timedelta(minutes=minutes, seconds=11)
    for name, minutes in (("registered", 17), ("asked", 93), ("confirmed", 163))
}

pytestmark = fixed_clock


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return held_today(
        store, chicago, rights, has_childcare=True, support={"childcare": 3}, confirm_days=3
    )


@pytest.fixture
def stolen(
    make_app: Callable[..., Flask],
    config: Config,
    store: Store,
    key_store: KeyStore,
    workshop: Workshop,
    tmp_path: Path,
) -> tuple[Registration, Path, list[str]]:
    """Rosa's registration, the database of a backup, and the letters that she has."""
    app = make_app(mail_folder=config.data / "letters")
    rosa = seat(
        store, key_store, workshop, now=MOMENTS["registered"], name="Rosaura", people=3,
        contact=ContactMethod.EMAIL, address="rosaura@ejemplo.org", language="fr",
        needs=Codes(["childcare"]), wants_entry=True,
    )  # fmt: skip
    Worker(app).once()
    with store.change() as session:
        row = session.get_one(Registration, rosa.id)
        row.asked_at = MOMENTS["asked"]
        row.workshop.visibility = Visibility.PUBLIC
        session.flush()
        reconfirmation.confirm(session, row, now=MOMENTS["confirmed"])
        row.approved_at = MOMENTS["confirmed"]
        checkin.mark_arrived(session, row, 2)
    take_along(signed_in_as(app, store, employ(store)), workshop)
    backup.make(store, config, tmp_path / "b.zip", now=clock.now())
    database, _manifest = archive_format.unpack(tmp_path / "b.zip", tmp_path, lambda: "")
    return rosa, database, [each.read_text() for each in (config.data / "letters").glob("*.eml")]


def _on_phone(
    key: bytes, rosa: Registration, workshop: Workshop, letters: Iterable[str]
) -> dict[str, str | bytes]:
    """What is on her phone or paper, by a name: of links, QR code, ticket page and letters."""
    facts: dict[str, str | bytes] = {}
    for purpose in ("manage", "entry", "calendar"):
        facts[purpose] = keystore.derive(key, purpose)
    manage, entry = registrations.derive_manage_token(key), registrations.derive_entry_token(key)
    facts |= {
        "link": manage,
        "path": f"/es/r/{manage}",
        "square": f"/q/{entry}",
        "entry token": entry,
        "reference": offline_manifest.hash_token(entry),
        "code": rosa.door_code,
        "code as shown": f"{rosa.door_code[:3]} {rosa.door_code[3:]}",
        "name": "Rosaura",
        "address": "rosaura@ejemplo.org",
        "language": "fr",
        "need": "childcare",
    }
    for number, letter in enumerate(letters):
        message_id = str(Parser().parsestr(letter)["Message-ID"]).strip("<>").partition("@")[0]
        facts |= {f"letter {number}.{i}": part for i, part in enumerate(message_id.split("."))}
    return facts


def _forms(fact: str | bytes, workshop: Workshop) -> Iterator[bytes]:
    """A fact as it could be stored: plain and hashed, with and without the workshop."""
    raw = fact.encode() if isinstance(fact, str) else fact
    ids = [str(workshop.id), workshop.public_id, workshop.uid]
    texts = {raw, raw.lower(), raw.upper(), raw.replace(b" ", b""), raw.hex().encode()}
    for text in list(texts):
        for each in ids:
            for gap in (b"", b" ", b":", b"-", b"/"):
                texts |= {each.encode() + gap + text, text + gap + each.encode()}
    yield from texts
    for text in texts:
        for algorithm in (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.blake2b):
            digest = algorithm(text).digest()
            yield digest
            yield digest[:16]
            yield digest.hex().encode()


def _columns(database: Path) -> Iterator[tuple[str, str, Any]]:
    """Every value of every table, with its table and column."""
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        for (table,) in tables.fetchall():
            rows = connection.execute(f'SELECT * FROM "{table}"')
            names = [each[0] for each in rows.description]
            for row in rows:
                yield from ((table, name, value) for name, value in zip(names, row, strict=True))


def _matches(database: Path, facts: dict[str, str | bytes], workshop: Workshop) -> list[str]:
    stored = [
        (table, name, value if isinstance(value, bytes) else str(value).encode())
        for table, name, value in _columns(database)
        if isinstance(value, bytes | str)
    ]
    found = []
    for what, fact in facts.items():
        is_word = what in {"language", "need"}
        for form in set(_forms(fact, workshop)):
            if len(form) < 4 and not is_word:
                continue
            found += [
                f"{what} in {table}.{name}"
                for table, name, value in stored
                if (form in value.split() and table in OF_PEOPLE if is_word else form in value)
            ]
    return sorted(set(found))


def test_backup_and_phone_without_keys_match_in_no_column(
    stolen: tuple[Registration, Path, list[str]], key_store: KeyStore, workshop: Workshop
) -> None:
    rosa, database, letters = stolen
    assert letters, "she has a letter"
    facts = _on_phone(registrations.get_key(key_store, rosa), rosa, workshop, letters)
    assert _matches(database, facts, workshop) == []


def test_backup_says_no_minute_in_which_a_person_did_something(
    stolen: tuple[Registration, Path, list[str]],
) -> None:
    _rosa, database, _letters = stolen
    near = []
    for table, name, value in _columns(database):
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            continue
        if moment is not None:
            near += [
                f"{what} in {table}.{name}"
                for what, at in MOMENTS.items()
                if abs(moment.replace(tzinfo=UTC) - at) < TOLERANCE
            ]
    assert near == []


def test_small_totals_are_not_plain(
    stolen: tuple[Registration, Path, list[str]], store: Store, key_store: KeyStore,
    workshop: Workshop,
) -> None:  # fmt: skip
    _rosa, database, _letters = stolen
    assert [value for table, name, value in _columns(database) if name == "numbers"] == ["{}"]
    for _ in range(2):
        seat(store, key_store, workshop, people=1, needs=Codes(["childcare"]))
    with store.read() as session:
        counted = registrations.totals.read(session, workshop.id)
    assert counted["need childcare"] == 3
    assert counted["arrived"] == 2


def test_product_with_fresh_keys_knows_no_link_code_or_square_of_a_stolen_copy(
    stolen: tuple[Registration, Path, list[str]],
    make_app: Callable[..., Flask],
    config: Config,
    key_store: KeyStore,
    workshop: Workshop,
    tmp_path: Path,
) -> None:
    rosa, database, _letters = stolen
    key = registrations.get_key(key_store, rosa)
    other = replace(
        config,
        keys=tmp_path / "thief",
        database_url=f"sqlite:///{database}",
        keyring_url=f"sqlite:///{tmp_path}/thief.db",
    )
    other.make_folders()
    migrations.upgrade(migrations.Database.KEY_STORE, other.keyring_url)
    app = make_app(keys=other.keys, database_url=other.database_url, keyring_url=other.keyring_url)
    store, stranger = app.extensions["outreach_store"], app.extensions["outreach_key_store"]
    with store.read() as session:
        [ana] = staff.list_staff(session)
    browser = signed_in_as(app, store, ana.id)
    manage, entry = registrations.derive_manage_token(key), registrations.derive_entry_token(key)
    unknown = "A" * 21 + "Q"
    for path, token in (("/es/r/{}", manage), ("/q/{}", entry)):
        assert browser.get(path.format(token)).status_code == 404
        assert _bare(browser, path.format(token)) == _bare(browser, path.format(unknown))
    code = rosa.door_code
    with store.read() as session:
        assert registrations.find_by_code(session, stranger, code, [workshop.id]) == []
        row = session.get_one(Registration, rosa.id)
        assert (row.door_code, row.language, row.needs, row.arrived_count) == ("", "", (), 0)
        assert registrations.totals.read(session, workshop.id) == {}


def _bare(browser: StaffClient, path: str) -> str:
    return browser.get(path).text.replace(path.rpartition("/")[2], "")
