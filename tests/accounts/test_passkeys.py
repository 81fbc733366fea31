"""Passkeys: they count as both factors, an assertion works once and for this origin only."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.accounts import credentials, passkeys, webauthn_challenges
from outreach.accounts.passkeys import Passkey
from outreach.accounts.webauthn_challenges import Challenge
from outreach.config import Limits
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import StaffMember
from outreach.web.middleware import rate_limits
from tests.support.login import age, ana, ended_meanwhile, half_a_minute_later, journal, patient
from tests.support.soft_passkey import PRESENT, SoftKey
from tests.support.staff_client import Visitor, employ, enrol, hidden, signed_in_as, words

pytestmark = pytest.mark.any_database

__all__ = ["ana", "patient"]  # fixtures
same = pytest.mark.any_database("what a key says")


def add_key(app: Flask, store: Store, who: int, **changes: Any) -> SoftKey:
    key, staff_client = SoftKey(**changes), signed_in_as(app, store, who)
    options = staff_client.post("/org/cuenta/llaves/reto").get_json()
    done = staff_client.post("/org/cuenta/llaves", name="Mi teléfono", answer=key.create(options))
    assert (done.status_code, done.headers["Location"]) == (303, "/org/cuenta?hecho=llave")
    return key


def challenge(visitor: Visitor) -> dict[str, Any]:
    found: dict[str, Any] = visitor.post("/org/llave/reto").get_json()
    return found


def test_passkey_counts_as_both_factors(patient: Flask, store: Store, ana: int) -> None:
    key, visitor = add_key(patient, store, ana), Visitor(patient)
    answer = visitor.post("/org/llave", answer=key.get(challenge(visitor)), volver="/org/talleres")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/talleres")
    assert visitor.get("/org/").status_code == 200
    assert visitor.get("/org/cuenta/llaves").status_code == 200, "fresh too"
    assert journal(store) == ["key added", "key used", "signed in"]


@pytest.mark.parametrize("counts", [True, False], ids=["a key that counts", "one of a cloud"])
def test_replayed_passkey_assertion_is_refused(
    patient: Flask, store: Store, ana: int, counts: bool
) -> None:
    key = add_key(patient, store, ana, counts=counts)
    first, second = Visitor(patient), Visitor(patient)
    answer = key.get(challenge(first))
    statuses = [each.post("/org/llave", answer=answer).status_code for each in (first, second)]
    print(f"one answer of a key, posted twice: {statuses}")
    assert statuses == [303, 422]
    assert second.get("/org/").status_code == 303
    assert journal(store).count("key refused") == 1
    new_assertion = key.get(challenge(second))
    assert second.post("/org/llave", answer=new_assertion).status_code == 303


@same
@pytest.mark.parametrize(
    "broken",
    [
        {"authenticatorData": "AAAA"},
        {"authenticatorData": ""},
        {"signature": "!"},
        {"userHandle": 7},
        {"clientExtensionResults": "x"},
    ],
)
def test_invalid_passkey_assertion_is_refused_and_consumes_the_challenge(
    patient: Flask, store: Store, ana: int, broken: dict[str, Any]
) -> None:
    key, visitor = add_key(patient, store, ana), Visitor(patient)
    good = key.get(challenge(visitor))
    bad = json.loads(good)
    bad["response"] |= broken
    bad |= {name: value for name, value in broken.items() if name.startswith("client")}
    if "clientExtensionResults" in broken:
        bad["response"]["authenticatorData"] = "AAAA"
    assert visitor.post("/org/llave", answer=json.dumps(bad)).status_code == 422
    assert visitor.post("/org/llave", answer=good).status_code == 422, "it was asked once"


@pytest.mark.races
def test_one_assertion_in_eight_concurrent_browsers_signs_in_once(
    patient: Flask, store: Store, ana: int
) -> None:
    key = add_key(patient, store, ana, counts=False)
    answer, start = key.get(challenge(Visitor(patient))), Barrier(8)

    def send(_: int) -> int:
        start.wait()
        return Visitor(patient).post("/org/llave", answer=answer).status_code

    with ThreadPoolExecutor(8) as crowd:
        statuses = sorted(crowd.map(send, range(8)))
    print(f"one answer of a key in eight browsers at once: {statuses}")
    assert statuses == [303] + [422] * 7


def test_cloned_passkey_is_detected_by_its_counter(patient: Flask, store: Store, ana: int) -> None:
    key, visitor = add_key(patient, store, ana), Visitor(patient)
    assert visitor.post("/org/llave", answer=key.get(challenge(visitor))).status_code == 303
    key.count = 0
    copy = Visitor(patient)
    assert copy.post("/org/llave", answer=key.get(challenge(copy))).status_code == 422


@same
def test_assertion_of_another_origin_or_without_user_verification_is_refused(
    patient: Flask, store: Store, ana: int
) -> None:
    key, visitor = add_key(patient, store, ana), Visitor(patient)
    unverified = key.get(challenge(visitor), flags=PRESENT)
    key.origin = "http://1ocalhost:8000"
    elsewhere = key.get(challenge(visitor))
    key.origin, key.host = "http://localhost:8000", "example.org"
    of_another_host = key.get(challenge(visitor))
    key.host, key.private = "localhost", SoftKey().private
    forged = key.get(challenge(visitor))
    unknown = SoftKey().get(challenge(visitor))
    for answer in (unverified, elsewhere, of_another_host, forged, unknown):
        refused = visitor.post("/org/llave", answer=answer)
        assert refused.status_code == 422
        assert "No reconocimos esa llave" in words(refused)


@same
@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "x", '{"response": []}', '{"response": {"clientDataJSON": "é"}}',
               '{"response": {"clientDataJSON": "W10"}}', "[" * 10_000]
)  # fmt: skip
def test_malformed_assertion_is_refused(patient: Flask, answer: str) -> None:
    assert Visitor(patient).post("/org/llave", answer=answer).status_code == 422


@same
def test_expired_challenges_are_deleted(patient: Flask, store: Store, ana: int) -> None:
    key, visitor = add_key(patient, store, ana), Visitor(patient)
    options = challenge(visitor)
    with store.change() as session:
        session.execute(sa.update(Challenge).values(ends_at=clock.now()))
    assert visitor.post("/org/llave", answer=key.get(options)).status_code == 422
    with store.change() as session:
        webauthn_challenges.purge(session, now=clock.now())
        assert session.scalars(sa.select(Challenge)).all() == []


@same
def test_disabled_account_cannot_sign_in_with_its_passkey(
    patient: Flask, store: Store, ana: int
) -> None:
    key, visitor = add_key(patient, store, ana), Visitor(patient)
    with store.change() as session:
        credentials.disable(session, session.get_one(StaffMember, ana), now=clock.now())
    assert visitor.post("/org/llave", answer=key.get(challenge(visitor))).status_code == 422


def test_passkey_is_accepted_as_second_factor_after_the_password(
    patient: Flask, store: Store, ana: int
) -> None:
    key, visitor = add_key(patient, store, ana), Visitor(patient)
    form = hidden(visitor.password())
    options = visitor.post("/org/codigo/reto", token=form["token"]).get_json()
    stranger = key.get(challenge(Visitor(patient)))
    assert visitor.post("/org/codigo", form | {"answer": stranger}).status_code == 422
    answer = visitor.post("/org/codigo", form | {"answer": key.get(options)})
    assert answer.status_code == 303
    assert visitor.get("/org/").status_code == 200


def test_passkey_of_another_account_is_refused_as_second_factor(
    patient: Flask, store: Store, ana: int
) -> None:
    """Compare GHSA-f66q-9rf6-8795, where a passkey of any account was accepted."""
    luz = employ(store, "luz@example.org")
    hers, of_luz = add_key(patient, store, ana), add_key(patient, store, luz)
    visitor = Visitor(patient)
    visitor.come_in()
    half_a_minute_later(store)
    age(store, proven_at=timedelta(minutes=11))
    form = hidden(visitor.get("/org/confirmar"), "/org/confirmar")

    def options() -> dict[str, Any]:
        found: dict[str, Any] = visitor.post("/org/codigo/reto", token=form["token"]).get_json()
        return found

    refused = visitor.post("/org/confirmar", form | {"answer": of_luz.get(options())})
    assert refused.status_code == 422
    assert visitor.get("/org/cuenta/llaves").status_code == 303
    answer = visitor.post("/org/confirmar", form | {"answer": hers.get(options())})
    assert answer.status_code == 303
    assert visitor.get("/org/cuenta/llaves").status_code == 200


def test_session_ended_during_the_request_adds_no_passkey(
    patient: Flask, store: Store, ana: int
) -> None:
    staff_client = signed_in_as(patient, store, ana)
    answer = SoftKey().create(staff_client.post("/org/cuenta/llaves/reto").get_json())
    with ended_meanwhile(patient):
        done = staff_client.post("/org/cuenta/llaves", name="Mía", answer=answer)
    assert (done.status_code, done.headers["Location"]) == (303, "/org/entrar")
    with store.read() as session:
        assert session.scalars(sa.select(Passkey)).all() == []


@same
def test_passkey_created_for_another_session_is_refused(
    patient: Flask, store: Store, ana: int
) -> None:
    luz = signed_in_as(patient, store, employ(store, "luz@example.org"))
    staff_client, key = signed_in_as(patient, store, ana), SoftKey()
    options = luz.post("/org/cuenta/llaves/reto").get_json()
    refused = staff_client.post("/org/cuenta/llaves", name="Mía", answer=key.create(options))
    assert refused.status_code == 422
    assert 'value="Mía"' in refused.text, "the name is not typed twice"
    answer = key.create(luz.post("/org/cuenta/llaves/reto").get_json())
    for status in (303, 422):
        assert luz.post("/org/cuenta/llaves", name="Suya", answer=answer).status_code == status
    with store.read() as session:
        assert [key.name for key in session.scalars(sa.select(Passkey))] == ["Suya"]


@same
def test_passkeys_are_listed_renamed_and_removed(patient: Flask, store: Store, ana: int) -> None:
    key, staff_client = add_key(patient, store, ana), signed_in_as(patient, store, ana)
    assert "Mi teléfono" in words(staff_client.get("/org/cuenta"))
    ref = key.id.hex()
    staff_client.post("/org/cuenta/llaves/nombre", key=ref, name=" El  de la oficina ")
    assert "El de la oficina" in words(staff_client.get("/org/cuenta"))
    assert staff_client.post("/org/cuenta/llaves/nombre", key=ref, name=" ").status_code == 422
    luz = signed_in_as(patient, store, employ(store, "luz@example.org"))
    for path in ("nombre", "quitar"):
        assert luz.post(f"/org/cuenta/llaves/{path}", key=ref, name="x").status_code == 422
    assert staff_client.post("/org/cuenta/llaves/quitar", key="zz").status_code == 404
    assert staff_client.post("/org/cuenta/llaves/quitar", key=ref).status_code == 303
    assert staff_client.post("/org/cuenta/llaves/quitar", key=ref).status_code == 422
    visitor = Visitor(patient)
    assert visitor.post("/org/llave", answer=key.get(challenge(visitor))).status_code == 422
    assert journal(store)[:3] == ["key added", "key renamed", "key removed"]


@same
def test_at_most_twenty_passkeys_are_stored(patient: Flask, store: Store, ana: int) -> None:
    staff_client = signed_in_as(patient, store, ana)
    for _ in range(passkeys.MAX_PASSKEYS):
        answer = SoftKey().create(staff_client.post("/org/cuenta/llaves/reto").get_json())
        assert (
            staff_client.post("/org/cuenta/llaves", name="Otra", answer=answer).status_code == 303
        )
    answer = SoftKey().create(staff_client.post("/org/cuenta/llaves/reto").get_json())
    assert staff_client.post("/org/cuenta/llaves", name="Otra", answer=answer).status_code == 422


@same
def test_passkey_challenge_requests_count_as_sign_in_attempts(app: Flask, chicago: Office) -> None:
    most = Limits.sign_ins * rate_limits.ACCOUNTS  # nobody knows whose passkey it will be
    statuses = [Visitor(app).post("/org/llave/reto").status_code for _ in range(most + 2)]
    assert statuses == [200] * most + [429] * 2


def test_failed_assertions_are_limited_and_logged_without_blocking_writers(
    app: Flask, store: Store, chicago: Office
) -> None:
    who = employ(store)
    enrol(app, store, who)
    staff_client = signed_in_as(app, store, who)
    statuses = [
        staff_client.post("/org/confirmar", answer="{}").status_code
        for _ in range(Limits.sign_ins + 2)
    ]
    assert statuses == [422] * Limits.sign_ins + [429] * 2
    message = journal(store)
    assert message.count("key refused") == Limits.sign_ins + 2
    assert message.count("too many sign-ins") == 1
