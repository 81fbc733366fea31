"""Nobody guesses passwords, nobody shuts others out, and no answer tells who works here (S09)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from time_machine import TimeMachineFixture
from werkzeug.http import parse_cookie

from outreach.config import Limits
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from outreach.web.middleware import rate_limits
from outreach.web.staff.auth.known_browser import COOKIE, KEPT_FOR
from tests.security.test_safety import recorded_statements
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import PASSWORD, Visitor, employ, enrol

pytestmark = fixed_clock  # counts end with their window and with the day
ANA = "ana@example.org"


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> int:
    who = employ(store)
    enrol(app, store, who)
    return who


def guess(app: Flask, email: str = ANA, password: str = "no es esta frase") -> int:
    return Visitor(app).post("/org/entrar", email=email, password=password).status_code


def test_invented_accounts_shut_nobody_out(app: Flask, ana: int) -> None:
    for number in range(Limits.sign_ins * rate_limits.ACCOUNTS + 1):
        assert guess(app, f"nadie{number}@example.org") == 422
    assert Visitor(app).password().status_code == 200


def test_account_that_does_not_exist_gets_the_same_answers(app: Flask, ana: int) -> None:
    """The same page, headers, statements and refusals, try by try, also once a hundred accounts
    were invented."""
    guess(app, "nadie@example.org")  # the first request of a day makes its key
    for invented in (0, Limits.sign_ins * rate_limits.ACCOUNTS):
        for number in range(invented):
            guess(app, f"nadie{number}@example.org")
        seen = []
        for email in (ANA, "eva@example.org"):
            tries = []
            for _ in range(Limits.sign_ins + 2):
                with recorded_statements(app) as statements:
                    answer = Visitor(app).post("/org/entrar", email=email, password="no es esta")
                headers = {k: v for k, v in answer.headers if k != "Retry-After"}
                text = answer.text.replace(email, "EMAIL")
                tries.append((answer.status_code, headers, text, statements))
            seen.append(tries)
        known, unknown = seen
        assert [each[0] for each in known] == [422] * Limits.sign_ins + [429] * 2
        assert known == unknown
        app.extensions["outreach_attempts"].reset()


def test_known_browser_is_never_shut_out_by_the_tries_of_others(app: Flask, ana: int) -> None:
    hers = Visitor(app)
    assert hers.come_in().status_code == 303
    while guess(app) != 429:
        pass
    assert Visitor(app).password().status_code == 429, "whose browser it is nobody can tell"
    assert Visitor(app, {COOKIE: hers.cookies[COOKIE]}).password().status_code == 200


def test_whoever_has_a_known_browser_guesses_no_more_than_others(app: Flask, ana: int) -> None:
    hers = Visitor(app)
    hers.come_in()
    statuses = [
        Visitor(app, {COOKIE: hers.cookies[COOKIE]})
        .post("/org/entrar", email=ANA, password=f"no es esta {number}")
        .status_code
        for number in range(Limits.sign_ins + 1)
    ]
    assert statuses == [422] * Limits.sign_ins + [429]


def test_signing_in_again_gives_no_more_guesses(
    app: Flask, store: Store, ana: int, time_machine: TimeMachineFixture
) -> None:
    """Each sign-in makes a cookie: what is tried with all of an account is counted together."""
    enrol(app, store, employ(store, "luz@example.org"))
    statuses = []
    for _ in range(3):
        time_machine.shift(timedelta(seconds=30))  # the next code
        hers = Visitor(app)
        assert hers.come_in(email="luz@example.org").status_code == 303
        known = Visitor(app, {COOKIE: hers.cookies[COOKIE]})
        for _try in range(4):
            answer = known.post("/org/entrar", email=ANA, password="no es esta frase")
            statuses.append(answer.status_code)
    assert statuses == [422] * Limits.sign_ins + [429] * 2


def test_cookie_is_for_staff_pages_only_and_cannot_be_made(app: Flask, ana: int) -> None:
    hers = Visitor(app)
    answer = hers.come_in()
    [header] = [each for each in answer.headers.getlist("Set-Cookie") if COOKIE in each]
    attributes = {each.partition("=")[0].strip() for each in header.split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite", "Path", "Max-Age"} <= attributes
    assert parse_cookie(header)["Path"] == "/org"
    while guess(app) != 429:
        pass
    value = hers.cookies[COOKIE]
    named, _dot, mark = value.rpartition(".")
    other = f"{ana + 1}.{named.partition('.')[2]}.{mark}"
    for forged in ("", "x", f"{named}.", f"{named}.{'0' * 32}", other, f"ñ.{mark}"):
        assert Visitor(app, {COOKIE: forged}).password().status_code == 429


@pytest.mark.parametrize(("late", "status"), [(False, 200), (True, 429)])
def test_browser_is_known_for_thirty_days(
    app: Flask, ana: int, time_machine: TimeMachineFixture, late: bool, status: int
) -> None:
    hers = Visitor(app)
    hers.come_in()
    time_machine.shift(KEPT_FOR + timedelta(minutes=1 if late else -1))
    while guess(app) != 429:
        pass
    known = Visitor(app, {COOKIE: hers.cookies[COOKIE]})
    assert known.password().status_code == status


def test_invented_accounts_do_not_fill_the_audit_log(app: Flask, store: Store, ana: int) -> None:
    most = Limits.sign_ins * rate_limits.ACCOUNTS
    for number in range(most + 20):
        guess(app, f"nadie{number}@example.org")
    with store.read() as session:
        written = session.scalar(sa.select(sa.func.count()).select_from(AuditEntry))
    assert written == most


def test_password_is_still_guessed_ten_times_only(app: Flask, ana: int) -> None:
    assert [guess(app) for _ in range(12)] == [422] * 10 + [429] * 2
    assert guess(app, ANA.upper(), PASSWORD) == 429
