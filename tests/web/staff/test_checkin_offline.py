"""Offline check-in: content of the manifest, rights of the check-in token, and that repeated or
reordered events count each party once."""

import hashlib
import json
import re
import secrets
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask

from outreach import clock
from outreach.accounts import credentials
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.checkin import checkin_events, checkin_tokens, offline_manifest
from outreach.domain.checkin.checkin_tokens import CheckinToken, CheckinTokenRow
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import doubtful
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.errors import NotFound
from outreach.keystore import KeyStore
from tests.conftest import seat
from tests.feeds.test_feed_cache import statements
from tests.support.checkin_phone import (
    TOMAS,
    Phone,
    counts,
    held_today,
    take_along,
    token_of,
    walk_in,
)
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as

pytestmark = [pytest.mark.any_database, fixed_clock]


@pytest.fixture
def tomas(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store, TOMAS, Role.DOOR))


@pytest.fixture
def tonight(store: Store, chicago: Office, rights: Kind) -> Workshop:
    return held_today(store, chicago, rights)


def open_row(row: dict[str, Any], key: bytes, salt: str) -> dict[str, Any]:
    """Decrypts a row of the manifest as the phone does. Raises InvalidTag for a wrong key."""
    derived = HKDF(SHA256(), 32, _bytes(salt), b"puerta nombre").derive(key)
    sealed = _bytes(row["s"])
    text = AESGCM(derived).decrypt(sealed[:12], sealed[12:], row["t"].encode())
    assert len(text) == 256
    found: dict[str, Any] = json.loads(text)
    return found


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# The manifest


def test_name_is_decrypted_with_the_personal_token_only(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    rosa = seat(store, key_store, tonight, people=2, needs=Codes(["step_free"]))
    token, code = token_of(store, key_store, rosa), rosa.door_code
    manifest = take_along(tomas, tonight).manifest
    row, salt = manifest["rows"][0], manifest["salt"]
    assert open_row(row, _bytes(token), salt) == {
        "name": "Rosa",
        "needs": ["Entrada sin escalones"],
    }
    assert row["c"] == hashlib.sha256(f"puerta {salt}{code}".encode()).hexdigest()[:16]
    assert row["p"] == 2
    tries = [code.encode(), _bytes(row["t"]), bytes.fromhex(row["t"]), bytes.fromhex(row["c"])]
    for each in [*tries, hashlib.sha256(code.encode()).digest(), secrets.token_bytes(16)]:
        with pytest.raises(InvalidTag):
            open_row(row, each, salt)


def test_manifest_is_encrypted_and_padded(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    names = ["Lí", "Xochiquetzal " * 4, "漢" * 60, "😀" * 60]
    everyone = [seat(store, key_store, tonight, name=name.strip()) for name in names]
    phone = take_along(tomas, tonight)
    text = json.dumps(phone.manifest, ensure_ascii=False)
    for each, name in zip(everyone, names, strict=True):
        token = token_of(store, key_store, each)
        assert name.strip() not in text
        assert token not in text
        assert str(each.door_code) not in text
        person = open_row(phone.row(token), _bytes(token), phone.manifest["salt"])
        assert name.startswith(person["name"])
    assert {len(row["s"]) for row in phone.manifest["rows"]} == {379}


@pytest.mark.parametrize("is_discreet", [False, True], ids=["ordinary", "discreet"])
def test_released_party_is_found_and_counts_as_walk_ins(
    tomas: StaffClient, store: Store, key_store: KeyStore,
    chicago: Office, rights: Kind, women: Kind, is_discreet: bool,
) -> None:  # fmt: skip
    workshop = held_today(store, chicago, women if is_discreet else rights)
    luz = seat(store, key_store, workshop, people=2)
    with store.change() as session:
        row = session.get_one(Workshop, workshop.id)
        now = row.starts_at - timedelta(hours=5)
        assert doubtful.release(session, row, [luz.key_id or b""], now=now) == 1
    phone, token = take_along(tomas, workshop), token_of(store, key_store, luz)
    person = open_row(phone.row(token), _bytes(token), phone.manifest["salt"])
    assert person["needs"] == ["Entra como visita"]
    phone.tell(phone.came(token, 2))
    assert counts(store, workshop) == (0, 2)


def test_each_manifest_has_its_own_salt_and_token_and_shuffled_rows(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    for _ in range(12):
        seat(store, key_store, tonight)
    one, two = take_along(tomas, tonight).manifest, take_along(tomas, tonight).manifest
    for name in ("salt", "door_pass"):
        assert one[name] != two[name]
    called = [[row["t"] for row in each["rows"]] for each in (one, two)]
    assert sorted(called[0]) == sorted(called[1])
    assert called[0] != called[1]  # the same order has a chance of one in 479 million


def test_manifest_of_a_discreet_workshop_has_no_code_and_no_party_size(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    workshop = held_today(store, chicago, women, title={"es": "Un espacio de confianza"})
    luz = seat(store, key_store, workshop, name="Luz", people=3)
    phone, token = take_along(tomas, workshop), token_of(store, key_store, luz)
    row = phone.row(token)
    assert set(row) == {"t", "s"}
    person = open_row(row, _bytes(token), phone.manifest["salt"])
    assert person == {"name": "Luz", "needs": [], "people": 3}
    assert (phone.manifest["title"], phone.manifest["place"]) == ("Taller", "")
    assert "confianza" not in json.dumps(phone.manifest)


def test_manifest_lists_confirmed_registrations_only(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    workshop = held_today(store, chicago, rights, capacity=1)
    rosa = seat(store, key_store, workshop)
    seat(store, key_store, workshop, name="Luz")  # waitlisted
    rows = take_along(tomas, workshop).manifest["rows"]
    called = offline_manifest.hash_token(token_of(store, key_store, rosa)).hex()
    assert [row["t"] for row in rows] == [called]


@fixed_clock
def test_time_slot_is_in_the_manifest_with_the_name(
    tomas: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    hours: dict[str, Any] = {"way": Way.SLOTS, "slot_minutes": 20, "party_limit": 1}
    workshop = held_today(store, chicago, rights, starts=time(23, 0), ends=time(23, 59), **hours)
    token = token_of(store, key_store, seat(store, key_store, workshop, slot="23:20"))
    phone = take_along(tomas, workshop)
    person = open_row(phone.row(token), _bytes(token), phone.manifest["salt"])
    assert person["needs"] == ["11:20\u00a0p.\u00a0m."]


def test_manifest_download_is_logged_and_arrivals_are_not(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    token = token_of(store, key_store, seat(store, key_store, tonight))
    phone = take_along(tomas, tonight)
    phone.tell(phone.came(token), walk_in())
    with store.read() as session:
        entries = session.scalars(sa.select(AuditEntry)).all()
    assert [(each.action, each.details) for each in entries] == [
        ("door taken along", '{"parties":1}')
    ]


def test_manifest_is_available_on_the_day_and_the_day_before(
    tomas: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    today = clock.now().astimezone(chicago.zone).date()
    answers = {}
    for days in (-3, -2, 0, 1, 2):
        workshop = held_today(store, chicago, rights, day=today + timedelta(days=days))
        path = f"/org/puerta/{workshop.public_id}/paquete.json"
        answers[days] = tomas.post(path).status_code
        is_listed = path in tomas.get("/org/puerta/").text
        assert is_listed == (answers[days] == 200)
    assert answers == {-3: 422, -2: 422, 0: 200, 1: 200, 2: 422}
    cancelled = held_today(store, chicago, rights)
    with store.change() as session:
        workshop_service.cancel(session, session.get_one(Workshop, cancelled.id), now=clock.now())
    assert tomas.post(f"/org/puerta/{cancelled.public_id}/paquete.json").status_code == 422


def test_phone_page_is_the_same_for_everybody(
    app: Flask, tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    seat(store, key_store, tonight, name="Xochiquetzal")
    staff_page, public_page = (
        tomas.get("/org/puerta/telefono"),
        app.test_client().get("/org/puerta/telefono"),
    )
    assert staff_page.data == public_page.data
    for text in ("Xochiquetzal", TOMAS, tonight.public_id, "Conoce tus derechos", "Chicago"):
        assert text not in staff_page.text
    page = tomas.get("/org/puerta/")
    assert tonight.public_id in page.text
    assert "Xochiquetzal" not in page.text


def test_service_worker_caches_the_phone_page_and_its_assets(
    app: Flask, tomas: StaffClient
) -> None:
    worker, page = tomas.get("/org/puerta/sw.js"), tomas.get("/org/puerta/telefono").text
    assert worker.mimetype == "text/javascript"
    found = re.search(r"FILES = (\[.*?\]);", worker.text)
    assert found
    files = json.loads(found[1])
    assert set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)) < set(files)
    client = app.test_client()
    assert [client.get(each).status_code for each in files] == [200] * len(files)
    assert files[0] == "/org/puerta/telefono"
    assert all(each.startswith("/static/") for each in files[1:])


# The check-in token


def test_checkin_events_need_no_session(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    token = token_of(store, key_store, seat(store, key_store, tonight, people=3))
    phone = take_along(tomas, tonight)
    with store.change() as session:
        session.execute(sa.text("DELETE FROM staff_session"))
    answer = phone.tell(phone.came(token, 2), walk_in(), walk_in())
    assert answer.get_json() == {"arrived": 2, "expected": 3, "walk_ins": 2, "strangers": 0}
    assert "Set-Cookie" not in answer.headers
    assert counts(store, tonight) == (2, 2)


def test_second_manifest_adds_new_registrations_and_extends_validity(
    tomas: StaffClient, store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    seat(store, key_store, tonight)
    take_along(tomas, tonight)
    seat(store, key_store, tonight, name="Luz")
    with store.change() as session:
        there = session.get_one(Workshop, tonight.id)
        data = replace(workshop_service.get_data(there), day=there.day + timedelta(days=1))
        workshop_service.change(session, there, data, now=clock.now())
    take_along(tomas, tonight)
    with store.read() as session:
        rows = session.scalars(sa.select(CheckinTokenRow)).all()
        assert len(rows) == 2
        assert {each.ends_at for each in rows} == {checkin_events.checkin_ends_at(there)}


def test_number_of_statements_is_independent_of_the_list_length(
    store: Store, key_store: KeyStore, tonight: Workshop
) -> None:
    who = employ(store, TOMAS, Role.DOOR)
    asked = []
    for number in (2, 9):
        everyone = [seat(store, key_store, tonight).id for _ in range(number)]
        called = {secrets.token_bytes(16): each for each in everyone}
        with store.change() as session:
            there = session.get_one(Workshop, tonight.id)
            with statements(store) as seen:
                checkin_tokens.issue(session, there, who, called, now=clock.now())
                session.flush()
        asked.append(len(seen))
    assert asked[0] == asked[1], "the same number for short and long lists"


def test_checkin_token_is_limited_to_events_of_one_workshop(
    tomas: StaffClient, store: Store, tonight: Workshop, chicago: Office, rights: Kind
) -> None:
    other = held_today(store, chicago, rights)
    phone = take_along(tomas, tonight)
    assert Phone(phone.app, other.public_id, phone.manifest).tell(walk_in()).status_code == 404
    headers = {"Authorization": f"Bearer {phone.manifest['door_pass']}"}
    client = phone.app.test_client()
    for path in ("/org/", f"/org/talleres/{tonight.public_id}/entrada", "/org/puerta/"):
        assert client.get(path, headers=headers).status_code == 303
    path = f"/org/puerta/{tonight.public_id}/paquete.json"
    assert client.post(path, headers=headers).status_code == 401
    assert counts(store, other) == (0, 0)


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer nada", "Basic {}", "bearer {}", "{}"])
def test_upload_without_a_valid_checkin_token_is_refused(
    tomas: StaffClient, store: Store, tonight: Workshop, given: str
) -> None:
    phone = take_along(tomas, tonight)
    header = given.format(phone.manifest["door_pass"])
    assert phone.tell(walk_in(), Authorization=header).status_code == 404
    assert counts(store, tonight) == (0, 0)


def test_checkin_token_expires_at_the_end_of_the_next_day(
    tomas: StaffClient, store: Store, tonight: Workshop
) -> None:
    phone = take_along(tomas, tonight)
    ends = datetime.fromtimestamp(phone.manifest["until"] / 1000, tonight.zone)
    assert ends == datetime.combine(tonight.day + timedelta(days=2), time(), tonight.zone)
    for moment, is_good in ((ends - timedelta(seconds=1), True), (ends, False)):
        with store.read() as session:
            try:
                token = phone.manifest["door_pass"]
                checkin_tokens.find(session, token, tonight.public_id, now=moment)
            except NotFound:
                assert not is_good
            else:
                assert is_good


def test_disabled_account_revokes_its_checkin_tokens(
    tomas: StaffClient, store: Store, tonight: Workshop
) -> None:
    phone = take_along(tomas, tonight)
    with store.change() as session:
        who = staff.find(session, TOMAS)
        assert who
        who.disabled_at = clock.now()
    assert phone.tell(walk_in()).status_code == 404


def test_checkin_token_needs_the_current_permission_of_its_owner(
    tomas: StaffClient, store: Store, tonight: Workshop
) -> None:
    phone = take_along(tomas, tonight)
    with store.change() as session:
        who = staff.get_by_email(session, TOMAS)
        who.grants[0].role = Role.READER
    assert phone.tell(walk_in()).status_code == 404
    with store.change() as session:
        staff.get_by_email(session, TOMAS).grants[0].role = Role.DOOR
    assert phone.tell(walk_in()).status_code == 200
    with store.change() as session:
        credentials.reset(session, staff.get_by_email(session, TOMAS), now=clock.now())
    assert phone.tell(walk_in()).status_code == 404


def test_number_of_checkin_events_is_limited(
    tomas: StaffClient, store: Store, tonight: Workshop
) -> None:
    phone = take_along(tomas, tonight)
    with store.change() as session:
        session.execute(sa.update(CheckinToken).values(used=checkin_tokens.MAX_MARKS - 2))
    two, third = [walk_in(), walk_in()], walk_in()
    assert phone.tell(*two, third).status_code == 409
    assert counts(store, tonight) == (0, 0), "the whole upload is refused"
    assert phone.tell(*two).status_code == 200
    assert phone.tell(*two).status_code == 200, "repeated events do not count"
    assert phone.tell(third).status_code == 409
    assert counts(store, tonight) == (0, 2)
    assert phone.tell(*(walk_in() for _ in range(201))).status_code == 400


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"id": "x", "do": "walk_in"},
        {"id": 7, "do": "walk_in"},
        {"id": "A" * 32, "do": "walk_in"},
        {"id": "0" * 32},
        {"id": "0" * 32, "do": "less"},
        {"id": "0" * 32, "do": "came"},
        {"id": "0" * 32, "do": "came", "t": "0" * 31, "people": 1},
        {"id": "0" * 32, "do": "came", "t": "0" * 32, "people": 0},
        {"id": "0" * 32, "do": "came", "t": "0" * 32, "people": -1},
        {"id": "0" * 32, "do": "came", "t": "0" * 32, "people": 100},
        {"id": "0" * 32, "do": "came", "t": "0" * 32, "people": True},
        {"id": "0" * 32, "do": "came", "t": "0" * 32, "people": "2"},
        {"id": "0" * 32, "do": "came", "t": ["0" * 32], "people": 1},
        ["0" * 32],
        None,
    ],
)
def test_upload_with_a_malformed_event_is_refused_whole(
    tomas: StaffClient, store: Store, tonight: Workshop, event: Any
) -> None:
    phone = take_along(tomas, tonight)
    assert phone.tell(walk_in(), event).status_code == 400
    assert counts(store, tonight) == (0, 0)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"marks": 1}', b'{"marks": {}}', b"\xff"])
def test_upload_that_is_not_a_list_is_refused(
    tomas: StaffClient, tonight: Workshop, body: bytes
) -> None:
    phone = take_along(tomas, tonight)
    answer = phone.app.test_client().post(
        f"/org/puerta/{tonight.public_id}/llegadas",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {phone.manifest['door_pass']}"},
    )
    assert answer.status_code == 400


def test_deeply_nested_json_is_refused(tomas: StaffClient, tonight: Workshop) -> None:
    phone = take_along(tomas, tonight)
    for body in (b"[" * 20_000, b'{"marks":' * 5_000, b"[" * 20_000 + b"]" * 20_000):
        answer = phone.app.test_client().post(
            f"/org/puerta/{tonight.public_id}/llegadas",
            data=body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {phone.manifest['door_pass']}"},
        )
        assert answer.status_code == 400
