"""Check-in codes: found by an HMAC, read with the person's key."""

from dataclasses import replace
from pathlib import Path

import pytest

from outreach import migrations
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore, MasterKeys
from tests.conftest import make_workshop, seat

pytestmark = pytest.mark.any_database("one statement with IN")


@pytest.fixture
def workshops(store: Store, chicago: Office, rights: Kind) -> list[Workshop]:
    with store.change() as session:
        return [make_workshop(session, chicago, rights) for _ in range(3)]


def test_code_finds_its_registration_among_many_workshops(
    store: Store, key_store: KeyStore, workshops: list[Workshop]
) -> None:
    rosa = seat(store, key_store, workshops[1])
    code, ids = rosa.door_code, [each.id for each in workshops]
    assert len(code) == 6
    with store.read() as session:
        for typed in (code, code.lower(), f" {code[:3]} {code[3:]} "):
            [found] = registrations.find_by_code(session, key_store, typed, ids)
            assert (found.id, found.door_code) == (rosa.id, code)
        for typed, where in ((code, ids[:1]), (code[:5], ids), ("", ids), (code, [])):
            assert registrations.find_by_code(session, key_store, typed, where) == []


def test_code_of_an_erased_registration_finds_nobody(
    store: Store, key_store: KeyStore, workshops: list[Workshop]
) -> None:
    rosa = seat(store, key_store, workshops[0])
    code, key_id = rosa.door_code, rosa.key_id or b""
    key_store.destroy(key_id)
    with store.read() as session:
        [row] = registrations.find_by_code(session, key_store, code, [workshops[0].id])
        assert row.door_code == "", "the key is gone, and nobody reads it"
    with store.change() as session:
        registrations.cancel(
            session, session.get_one(registrations.Registration, rosa.id), now=rosa.registered_at
        )
    with store.read() as session:
        assert registrations.find_by_code(session, key_store, code, [workshops[0].id]) == []


def test_code_is_unknown_with_keys_of_another_installation(
    store: Store, key_store: KeyStore, workshops: list[Workshop], config: Config, tmp_path: Path
) -> None:
    rosa = seat(store, key_store, workshops[0])
    other = replace(config, keys=tmp_path / "other", keyring_url=f"sqlite:///{tmp_path}/other.db")
    other.make_folders()
    migrations.upgrade(migrations.Database.KEY_STORE, other.keyring_url)
    keyring = Store(other.keyring_url)
    stranger = KeyStore(keyring, MasterKeys(other.keys))
    ids = [each.id for each in workshops]
    with store.read() as session:
        assert registrations.find_by_code(session, stranger, rosa.door_code, ids) == []
    keyring.close()
