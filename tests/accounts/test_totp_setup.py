"""Setup of TOTP, and its confirmation before sensitive actions."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pyotp
import pytest
from flask import Flask

from outreach.accounts import sessions, totp
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind
from outreach.domain.network.staff import ALL_OFFICES, Role
from tests.support.login import (
    age,
    ana,
    ended_meanwhile,
    half_a_minute_later,
    journal,
    patient,
    server_key,
    shown_secret,
)
from tests.support.staff_client import (
    SECRET,
    Visitor,
    code_now,
    employ,
    enrol,
    hidden,
    signed_in_as,
    words,
)

pytestmark = pytest.mark.any_database

__all__ = ["ana", "patient"]  # fixtures
same = pytest.mark.any_database("what the pages say")


# Setup


def test_account_without_second_factor_must_set_one_up_first(patient: Flask, store: Store) -> None:
    who = employ(store)
    visitor = Visitor(patient)
    page = visitor.password()
    assert "Conecta tu teléfono" in words(page)
    assert visitor.get("/org/").headers["Location"] == "/org/codigo"
    secret = shown_secret(page)
    wrong = visitor.post("/org/codigo", hidden(page) | {"code": "000000"})
    assert wrong.status_code == 422
    assert shown_secret(wrong) == secret, "the phone has read it already"
    code = pyotp.TOTP(secret).now()
    sheet = visitor.post("/org/codigo", hidden(wrong) | {"code": code})
    assert sheet.status_code == 200
    assert len(re.findall(r"<li>[0-9A-Z]{4} [0-9A-Z]{4} [0-9A-Z]{4}</li>", sheet.text)) == 10
    assert sheet.headers["Cache-Control"] == "no-store"
    assert visitor.get("/org/").status_code == 200
    with store.read() as session:
        assert totp.secret_of(session, who, server_key(patient)) == secret
    assert journal(store) == ["second factor set up", "signed in"]
    # The code of the setup cannot be used twice.
    assert Visitor(patient).come_in(code).status_code == 422


@same
def test_typed_form_is_kept_until_the_second_factor_is_set_up(
    patient: Flask, store: Store, rights: Kind
) -> None:
    before = signed_in_as(patient, store, employ(store))
    age(store, seen_at=timedelta(minutes=31))
    before.post("/org/talleres/nuevo", title_es="Pensado", office="chicago", kind=rights.code)
    visitor = Visitor(patient)
    page = visitor.password(volver="/org/talleres/nuevo")
    code = pyotp.TOTP(shown_secret(page)).now()
    sheet = visitor.post("/org/codigo", hidden(page) | {"code": code})
    restored = visitor.post("/org/codigo", hidden(sheet))
    assert restored.status_code == 200
    assert 'value="Pensado"' in restored.text


@pytest.mark.races
def test_concurrent_totp_setups_succeed_once(patient: Flask, store: Store) -> None:
    employ(store)
    visitors = [Visitor(patient) for _ in range(8)]
    pages = [each.password() for each in visitors]
    forms = [hidden(page) | {"code": pyotp.TOTP(shown_secret(page)).now()} for page in pages]
    start = Barrier(8)

    def send(number: int) -> int:
        start.wait()
        return visitors[number].post("/org/codigo", forms[number]).status_code

    with ThreadPoolExecutor(8) as crowd:
        statuses = sorted(crowd.map(send, range(8)))
    assert statuses == [200] + [422] * 7
    assert journal(store).count("second factor set up") == 1


def test_session_ended_during_the_request_sets_up_no_totp(patient: Flask, store: Store) -> None:
    who = employ(store)
    visitor = Visitor(patient)
    page = visitor.password()
    form = hidden(page) | {"code": pyotp.TOTP(shown_secret(page)).now()}
    with ended_meanwhile(patient):
        answer = visitor.post("/org/codigo", form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/entrar")
    with store.read() as session:
        assert not totp.is_enrolled(session, who)
        assert totp.recovery_codes_left(session, who) == 0
    assert journal(store) == []


def test_session_ended_during_the_request_changes_no_totp_or_recovery_codes(
    patient: Flask, store: Store, ana: int
) -> None:
    staff_client = signed_in_as(patient, store, ana)
    page = staff_client.get("/org/cuenta/aplicacion")
    form = hidden(page, "/org/cuenta/aplicacion") | {"code": pyotp.TOTP(shown_secret(page)).now()}
    with ended_meanwhile(patient):
        answer = staff_client.post("/org/cuenta/aplicacion", **form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/entrar")
    staff_client = signed_in_as(patient, store, ana)
    with ended_meanwhile(patient):
        answer = staff_client.post("/org/cuenta/codigos")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/entrar")
    with store.read() as session:
        assert totp.secret_of(session, ana, server_key(patient)) == SECRET
        assert totp.recovery_codes_left(session, ana) == 0
    assert journal(store) == []


@same
def test_totp_secret_of_another_session_is_refused(patient: Flask, store: Store) -> None:
    employ(store)
    mallory, visitor = Visitor(patient), Visitor(patient)
    hers = mallory.password()
    page = visitor.password()
    code = pyotp.TOTP(shown_secret(hers)).now()
    for sealed in (hidden(hers)["sealed"], "", "zz", "00" * 40):
        form = hidden(page) | {"sealed": sealed, "code": code}
        assert visitor.post("/org/codigo", form).status_code == 422
    assert journal(store) == []


@same
def test_new_totp_replaces_the_first(patient: Flask, store: Store, ana: int) -> None:
    staff_client = signed_in_as(patient, store, ana)
    page = staff_client.get("/org/cuenta/aplicacion")
    secret, form = shown_secret(page), hidden(page, "/org/cuenta/aplicacion")
    refused = staff_client.post("/org/cuenta/aplicacion", **form | {"code": "000000"})
    assert refused.status_code == 422
    done = staff_client.post("/org/cuenta/aplicacion", **form | {"code": pyotp.TOTP(secret).now()})
    assert done.status_code == 303
    assert Visitor(patient).come_in(code_now()).status_code == 422
    with store.read() as session:
        assert totp.secret_of(session, ana, server_key(patient)) == secret
    assert "code application changed" in journal(store)


# Confirmation before sensitive actions


@pytest.fixture
def stale(patient: Flask, store: Store) -> "Visitor":
    """An administrator who showed the second factor twenty minutes ago."""
    who = employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)
    enrol(patient, store, who)
    visitor = Visitor(patient)
    assert visitor.come_in(email="elena@example.org").status_code == 303
    half_a_minute_later(store)
    age(store, proven_at=timedelta(minutes=11))
    return visitor


def test_sensitive_actions_ask_for_the_second_factor_after_ten_minutes(
    patient: Flask, store: Store, stale: Visitor
) -> None:
    assert stale.get("/org/cuenta").status_code == 200
    asked = stale.get("/org/cuenta/llaves")
    assert asked.headers["Location"] == "/org/confirmar?volver=/org/cuenta/llaves"
    page = stale.get(asked.headers["Location"])
    assert "Di tu código otra vez" in words(page)
    form = hidden(page, "/org/confirmar")
    wrong = stale.post("/org/confirmar", form | {"code": "000000"})
    assert wrong.status_code == 422
    assert stale.get("/org/cuenta/llaves").status_code == 303
    before = dict(stale.cookies)
    back = stale.post("/org/confirmar", form | {"code": code_now()})
    assert back.headers["Location"] == "/org/cuenta/llaves"
    assert stale.get("/org/cuenta/llaves").status_code == 200
    assert stale.cookies == before, "forms that are open keep working"
    assert "second factor shown again" in journal(store)
    age(store, proven_at=timedelta(minutes=11))
    assert stale.get("/org/cuenta/llaves").status_code == 303


@same
def test_interrupted_form_is_shown_and_not_submitted_by_itself(
    patient: Flask, store: Store, stale: Visitor
) -> None:
    token = hidden(stale.get("/org/mas"), "/org/cerrar")["token"]
    path = "/org/mes/2020-01/reabrir"
    asked = stale.post(path, token=token, reason="Faltó Chicago: «dos» talleres")
    assert asked.status_code == 401
    assert "Lo que escribiste sigue aquí" in words(asked)
    wrong = stale.post("/org/confirmar", hidden(asked, "/org/confirmar") | {"code": "0"})
    seen = stale.post("/org/confirmar", hidden(wrong, "/org/confirmar") | {"code": code_now()})
    assert seen.status_code == 200
    form = hidden(seen, path)
    assert form["reason"] == "Faltó Chicago: «dos» talleres"
    assert stale.post(path, form).status_code == 409  # no month is closed here


@pytest.mark.races
def test_eight_concurrent_confirmations_with_one_code_succeed_once(
    patient: Flask, store: Store, stale: Visitor
) -> None:
    form = hidden(stale.get("/org/confirmar"), "/org/confirmar") | {"code": code_now()}
    start = Barrier(8)

    def send(_: int) -> int:
        start.wait()
        return Visitor(patient, stale.cookies).post("/org/confirmar", form).status_code

    with ThreadPoolExecutor(8) as crowd:
        assert sorted(crowd.map(send, range(8))) == [303] + [422] * 7


def test_second_factor_is_fresh_for_ten_minutes() -> None:
    assert sessions.FRESH == sessions.HALFWAY == timedelta(minutes=10)
