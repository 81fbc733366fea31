"""Second factor: TOTP and recovery codes work once, attempts are limited and logged."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.accounts import totp
from outreach.accounts.server_encryption import ServerEncryption
from outreach.accounts.totp import CodeVerdict, RecoveryCode, TotpSecret
from outreach.config import Limits
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role, RoleAssignment
from outreach.domain.workshops import Workshop
from outreach.errors import DataErased
from tests.support.limits import UNLIMITED
from tests.support.login import (
    age,
    ana,
    half_a_minute_later,
    journal,
    patient,
    printed,
    server_key,
    shown_secret,
)
from tests.support.staff_client import (
    PASSWORD,
    SECRET,
    Visitor,
    code_now,
    employ,
    enrol,
    hidden,
    words,
)

pytestmark = pytest.mark.any_database

__all__ = ["ana", "patient"]  # fixtures
same = pytest.mark.any_database("what a code says")
NOON = datetime(2026, 11, 25, 12, 0, 10, tzinfo=UTC)


def test_password_alone_gives_no_access(patient: Flask, store: Store, ana: int) -> None:
    half = Visitor(patient)
    half.password()
    for path in ("/org/", "/org/talleres", "/org/cuenta", "/org/mas", "/org/confirmar"):
        answer = half.get(path)
        assert answer.status_code == 303, path
        assert answer.headers["Location"].startswith("/org/codigo"), path
    token = hidden(half.get("/org/codigo"))["token"]
    for path in ("/org/cuenta/codigos", "/org/cerrar"):
        assert half.post(path, token=token).headers["Location"] == "/org/codigo"
    # A long form is kept and restored after the code.
    kept = half.post("/org/talleres/nuevo", token=token, title_es="Pensado")
    assert kept.status_code == 401
    assert "lo que escribiste sigue aquí" in words(kept)
    with store.read() as session:
        assert session.scalars(sa.select(Workshop)).all() == []


@same
def test_half_signed_in_session_expires_after_ten_minutes(
    patient: Flask, store: Store, ana: int
) -> None:
    half = Visitor(patient)
    half.password()
    age(store, started_at=timedelta(minutes=9))
    assert half.get("/org/codigo").status_code == 200
    age(store, started_at=timedelta(minutes=11))
    assert half.get("/org/codigo").headers["Location"].startswith("/org/entrar")


@same
def test_first_set_up_may_take_half_an_hour(patient: Flask, store: Store, chicago: Office) -> None:
    """An application may have to be installed, and by then the phone has stored the key."""
    employ(store)
    half, late = Visitor(patient), Visitor(patient)
    page = half.password()
    late.password()
    age(store, started_at=timedelta(minutes=31))
    assert late.get("/org/codigo").headers["Location"].startswith("/org/entrar")
    age(store, started_at=timedelta(minutes=29))
    code = pyotp.TOTP(shown_secret(page)).now()
    assert half.post("/org/codigo", hidden(page) | {"code": code}).status_code == 200
    assert late.get("/org/codigo").headers["Location"].startswith("/org/entrar"), "it has one now"


def test_second_factor_rotates_the_session_token(patient: Flask, store: Store, ana: int) -> None:
    visitor = Visitor(patient)
    page = visitor.password()
    before = Visitor(patient, visitor.cookies)
    assert visitor.post("/org/codigo", hidden(page) | {"code": code_now()}).status_code == 303
    assert visitor.get("/org/").status_code == 200
    assert visitor.cookies != before.cookies
    assert before.get("/org/").headers["Location"] == "/org/entrar"


@same
def test_totp_code_is_accepted_on_the_sign_in_page(patient: Flask, store: Store, ana: int) -> None:
    apart, at_once = Visitor(patient), Visitor(patient)
    apart.post("/org/entrar", email="ana@example.org", password=PASSWORD)
    assert apart.post("/org/entrar", code=code_now()).status_code == 303
    assert apart.get("/org/").status_code == 200
    half_a_minute_later(store)
    at_once.post("/org/entrar", email="ana@example.org", password=PASSWORD, code=code_now())
    assert at_once.get("/org/").status_code == 200


def test_totp_code_of_an_adjacent_time_step_is_accepted(
    patient: Flask, store: Store, ana: int
) -> None:
    for shift, verdict in (
        (-60, "wrong"),
        (-30, "right"),
        (0, "right"),
        (30, "right"),
        (60, "wrong"),
    ):
        assert verdict_of(patient, store, ana, timedelta(seconds=shift)) == verdict, shift
    # In ascending order all are accepted, in descending order only the first.
    half_a_minute_later(store)
    assert [verdict_of(patient, store, ana, timedelta(seconds=each)) for each in (30, 0, -30)] == [
        "right",
        "replayed",
        "replayed",
    ]


def test_totp_code_works_once(patient: Flask, store: Store, ana: int) -> None:
    used = code_now()
    assert Visitor(patient).come_in(used).status_code == 303
    for _ in range(2):
        answer = Visitor(patient).come_in(used)
        assert answer.status_code == 422
        assert "Ese código ya se usó" in words(answer)
    print("a code of an application that was used: [303, 422, 422]")
    assert journal(store) == ["signed in", "used code refused", "used code refused"]


def verdict_of(app: Flask, store: Store, who: int, shift: timedelta) -> CodeVerdict:
    """The verdict on the code of a time shifted from a fixed instant."""
    with store.change() as session:
        code = totp.code_at(SECRET, NOON + shift)
        return totp.check(session, who, code, server_key(app), now=NOON)


def test_ten_wrong_codes_lock_the_second_factor_for_an_hour(
    patient: Flask, store: Store, ana: int
) -> None:
    visitor = Visitor(patient)
    page = visitor.password()
    for number in range(totp.MAX_TRIES):
        answer = visitor.post("/org/codigo", hidden(page) | {"code": f"{number:06}"})
        assert answer.status_code == 422
        assert "El código no coincide" in words(answer)
    for _ in range(2):
        answer = visitor.post("/org/codigo", hidden(page) | {"code": code_now()})
        assert answer.status_code == 429
        assert "Espera una hora" in words(answer)
    assert journal(store).count("wrong code") == 10
    assert journal(store).count("too many codes tried") == 1
    with store.change() as session:
        session.execute(sa.update(TotpSecret).values(tries_since=clock.now() - timedelta(hours=1)))
    assert Visitor(patient).come_in().status_code == 303


@pytest.mark.races
def test_hundred_concurrent_guesses_count_as_ten(patient: Flask, store: Store, ana: int) -> None:
    visitors = [Visitor(patient) for _ in range(8)]
    pages = [each.password() for each in visitors]

    def guess(number: int) -> list[int]:
        return [
            visitors[number].post("/org/codigo", hidden(pages[number]) | {"code": "1"}).status_code
            for _ in range(5)
        ]

    with ThreadPoolExecutor(8) as crowd:
        statuses = [status for some in crowd.map(guess, range(8)) for status in some]
    assert sorted(statuses) == [422] * 10 + [429] * 30


@pytest.mark.races
@pytest.mark.parametrize("what", ["application", "paper"])
def test_one_code_in_eight_concurrent_browsers_signs_in_once(
    patient: Flask, store: Store, ana: int, what: str
) -> None:
    code = code_now() if what == "application" else printed(patient, store, ana)[0]
    visitors = [Visitor(patient) for _ in range(8)]
    forms = [hidden(each.password()) for each in visitors]
    start = Barrier(8)

    def send(number: int) -> int:
        start.wait()
        return visitors[number].post("/org/codigo", forms[number] | {"code": code}).status_code

    with ThreadPoolExecutor(8) as crowd:
        statuses = sorted(crowd.map(send, range(8)))
    print(f"one code of {what} in eight browsers at once: {statuses}")
    assert statuses == [303] + [422] * 7
    assert [each.get("/org/").status_code for each in visitors].count(200) == 1
    assert journal(store).count("signed in") == 1
    message = "used code refused" if what == "application" else "wrong code"
    assert journal(store).count(message) == 7


def test_recovery_codes_are_normalized_and_stored_hashed(
    patient: Flask, store: Store, ana: int
) -> None:
    sheet = printed(patient, store, ana)
    assert len(set(sheet)) == 10
    assert all(re.fullmatch(r"[0-9A-Z]{4} [0-9A-Z]{4} [0-9A-Z]{4}", code) for code in sheet)
    with store.read() as session:
        kept = "".join(session.scalars(sa.select(RecoveryCode.mark)))
    assert not any(code.replace(" ", "") in kept for code in sheet)
    typed = sheet[3].lower().replace("0", "o").replace("1", "l").replace(" ", "-")
    assert Visitor(patient).come_in(typed).status_code == 303
    assert Visitor(patient).come_in(typed).status_code == 422
    assert "paper code used" in journal(store)


def test_new_recovery_codes_invalidate_the_old_ones(patient: Flask, store: Store, ana: int) -> None:
    old, new = printed(patient, store, ana), printed(patient, store, ana)
    assert Visitor(patient).come_in(old[0]).status_code == 422
    assert Visitor(patient).come_in(new[0]).status_code == 303


@same
def test_recovery_codes_of_another_account_are_refused(
    patient: Flask, store: Store, ana: int
) -> None:
    luz = employ(store, "luz@example.org")
    enrol(patient, store, luz)
    sheet = printed(patient, store, luz)
    assert Visitor(patient).come_in(sheet[0]).status_code == 422
    assert Visitor(patient).come_in(sheet[0], email="luz@example.org").status_code == 303


@same
def test_totp_secret_is_encrypted_with_the_server_key(
    patient: Flask, store: Store, ana: int
) -> None:
    with store.read() as session:
        sealed = session.get_one(TotpSecret, ana).sealed
        assert SECRET.encode() not in sealed
        key = ServerEncryption(patient.extensions["outreach_secret"])
        assert totp.secret_of(session, ana, key) == SECRET
        with pytest.raises(DataErased):
            totp.secret_of(session, ana, ServerEncryption("another"))
        with pytest.raises(DataErased):
            key.unseal(sealed, "totp 999")


@same
def test_changed_server_key_refuses_all_codes_and_is_logged(
    make_app: Callable[..., Flask], store: Store, ana: int, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_app(secret_key="another one", limits=UNLIMITED)
    assert Visitor(other).come_in().status_code == 422
    assert "OUTREACH_SECRET_KEY" in caplog.text
    assert SECRET not in caplog.text


@same
@pytest.mark.parametrize("code", ["", "١٢٣٤٥٦", "12345", "\x00", "é" * 6, "9" * 4000])
def test_malformed_code_is_refused(patient: Flask, store: Store, ana: int, code: str) -> None:
    visitor = Visitor(patient)
    answer = visitor.post("/org/codigo", hidden(visitor.password()) | {"code": code})
    assert answer.status_code == 422


# Wrong passwords, a stolen cookie, a changed role


def test_twenty_wrong_passwords_lock_sign_in(
    app: Flask, store: Store, key_store: object, chicago: Office
) -> None:
    enrol(app, store, employ(store))
    wrong = [
        Visitor(app).post("/org/entrar", email="ana@example.org", password=f"{n:014}").status_code
        for n in range(20)
    ]
    print(f"twenty wrong passwords: {wrong}")
    assert wrong == [422] * Limits.sign_ins + [429] * (20 - Limits.sign_ins)
    assert journal(store) == ["wrong password"] * Limits.sign_ins + ["too many sign-ins"]
    assert Visitor(app).password().status_code == 429
    app.extensions["outreach_attempts"].reset()  # a new window of the rate limit
    assert Visitor(app).come_in().status_code == 303


def test_failed_sign_in_is_logged_without_the_email_address(
    patient: Flask, store: Store, ana: int
) -> None:
    Visitor(patient).post("/org/entrar", email="ana@example.org", password="x" * 14)
    Visitor(patient).post("/org/entrar", email="nadie@example.org", password="x" * 14)
    with store.read() as session:
        known, unknown = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))
    assert (known.action, known.organizer_id) == ("wrong password", ana)
    assert (unknown.action, unknown.organizer_id, unknown.details) == ("wrong password", None, "{}")


def test_cookie_used_after_sign_out_is_refused_and_logged(
    patient: Flask, store: Store, ana: int
) -> None:
    visitor = Visitor(patient)
    visitor.come_in()
    thief = Visitor(patient, visitor.cookies)
    assert thief.get("/org/").status_code == 200
    visitor.post("/org/cerrar", token=hidden(visitor.get("/org/mas"), "/org/cerrar")["token"])
    statuses = [thief.get(path).status_code for path in ("/org/", "/org/talleres", "/org/cuenta")]
    print(f"a stolen cookie after the sign-out: {statuses}")
    assert statuses == [303] * 3
    assert journal(store) == ["signed in", "signed out", "ended session refused"]


def test_role_change_applies_to_the_next_request_of_a_session(
    patient: Flask, store: Store, ana: int
) -> None:
    visitor = Visitor(patient)
    visitor.come_in()
    assert visitor.get("/org/talleres/nuevo").status_code == 200
    with store.change() as session:
        session.execute(sa.update(RoleAssignment).values(role=Role.READER))
    statuses = [visitor.get("/org/talleres/nuevo").status_code for _ in range(2)]
    print(f"an organizer who became a reader in mid-session: {statuses}")
    assert statuses == [403, 403]
    with store.read() as session:
        seen = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action == "role changed meanwhile")
        ).all()
    assert [(each.organizer_id, each.details) for each in seen] == [
        (ana, '{"roles":{"chicago":"reader"}}')
    ]


@same
def test_qr_code_marks_nobody_before_the_second_factor(
    patient: Flask, store: Store, ana: int
) -> None:
    half = Visitor(patient)
    half.password()
    nobody = Visitor(patient)
    path = f"/q/{'A' * 22}"
    assert half.get(path).data == nobody.get(path).data
