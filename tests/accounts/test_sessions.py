"""Sign-in with a password, sessions, and invitation links."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from argon2 import extract_parameters
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from outreach import clock
from outreach.accounts import credentials, invitations, passwords
from outreach.accounts.invitations import Invitation
from outreach.accounts.sessions import StaffSession
from outreach.config import Limits
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role, RoleAssignment, StaffMember
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import (
    PASSWORD,
    Visitor,
    code_now,
    employ,
    enrol,
    hidden,
    signed_in_as,
    words,
)

pytestmark = [pytest.mark.core, pytest.mark.any_database]

NEW_PASSWORD = "otra clave larga y nueva"


def test_password_and_code_open_the_dashboard(app: Flask, store: Store, chicago: Office) -> None:
    enrol(app, store, employ(store))
    ana = Visitor(app)
    answer = ana.post("/org/entrar", email=" Ana@Example.org ", password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/codigo")
    answer = ana.post("/org/codigo", hidden(ana.get("/org/codigo")) | {"code": code_now()})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/")
    page = ana.get("/org/")
    assert page.status_code == 200
    assert "Hoy no hay talleres" in words(page)


def test_session_cookie_is_host_only_and_http_only(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    employ(store)
    answer = client.post("/org/entrar", data={"email": "ana@example.org", "password": PASSWORD})
    name, *attributes = re.split(r"; ?", answer.headers["Set-Cookie"])
    assert name.startswith("__Host-staff=")
    assert set(attributes) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_sign_in_page_sets_no_cookie_and_is_not_cached(client: FlaskClient) -> None:
    page = client.get("/org/entrar")
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_wrong_password_and_unknown_address_get_the_same_answer(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    employ(store)
    wrong = client.post("/org/entrar", data={"email": "ana@example.org", "password": "x" * 14})
    nobody = client.post("/org/entrar", data={"email": "ivan@example.org", "password": "x" * 14})
    assert wrong.status_code == nobody.status_code == 422
    assert "Correo o contraseña incorrectos." in words(wrong)
    assert words(wrong) == words(nobody)


def test_account_without_password_cannot_sign_in(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    who = employ(store)
    with store.change() as session:
        session.get_one(StaffMember, who).password = None
    answer = client.post("/org/entrar", data={"email": "ana@example.org", "password": ""})
    assert answer.status_code == 422


def test_unknown_address_costs_as_much_hashing_as_a_known_one() -> None:
    known, unknown = passwords.hash_password(PASSWORD), passwords.UNKNOWN_ACCOUNT_HASH
    assert extract_parameters(known) == extract_parameters(unknown)
    assert not passwords.verify(PASSWORD, None)


@fixed_clock  # a new day begins new counts
def test_sign_in_attempts_are_limited_by_account_and_address(
    app: Flask, client: FlaskClient, store: Store, chicago: Office
) -> None:
    employ(store)
    ana = {"email": "ana@example.org", "password": PASSWORD}
    luz = {"email": "luz@example.org", "password": "x"}
    for _ in range(Limits.sign_ins):
        client.post("/org/entrar", data=luz)
    answer = client.post("/org/entrar", data=luz)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert client.post("/org/entrar", data=ana).status_code == 303, "another account signs in"
    client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert client.post("/org/entrar", data=luz).status_code == 422, "it is tried elsewhere"


def test_text_that_no_database_stores_is_a_wrong_address(client: FlaskClient) -> None:
    answer = client.post("/org/entrar", data={"email": "ana\x00@example.org", "password": "\x00"})
    assert answer.status_code == 422


def test_session_expires_after_half_an_hour_without_requests(
    app: Flask, store: Store, chicago: Office
) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    _age(store, seen_at=timedelta(minutes=29))
    assert staff_client.get("/org/").status_code == 200
    _age(store, seen_at=timedelta(minutes=31))
    answer = staff_client.get("/org/talleres")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/org/entrar?volver=/org/talleres",
    )


def test_active_session_expires_after_twelve_hours(
    app: Flask, store: Store, chicago: Office
) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    _age(store, started_at=timedelta(hours=11, minutes=59))
    assert staff_client.get("/org/").status_code == 200
    _age(store, started_at=timedelta(hours=12, minutes=1))
    assert staff_client.get("/org/").status_code == 303


def test_session_activity_is_written_at_most_once_a_minute(
    app: Flask, store: Store, chicago: Office
) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    _age(store, seen_at=timedelta(seconds=40))
    before = _seen(store)
    staff_client.get("/org/")
    assert _seen(store) == before
    _age(store, seen_at=timedelta(seconds=70))
    staff_client.get("/org/")
    assert clock.now() - _seen(store) < timedelta(seconds=30)


def test_removed_role_applies_to_the_next_request(
    app: Flask, store: Store, chicago: Office
) -> None:
    who = employ(store)
    staff_client = signed_in_as(app, store, who)
    assert staff_client.get("/org/talleres/nuevo").status_code == 200
    with store.change() as session:
        session.execute(sa.update(RoleAssignment).values(role=Role.READER))
    assert staff_client.get("/org/talleres/nuevo").status_code == 403


def test_disabled_account_is_signed_out_at_the_next_request(
    app: Flask, client: FlaskClient, store: Store, chicago: Office
) -> None:
    who = employ(store)
    staff_client = signed_in_as(app, store, who)
    with store.change() as session:
        credentials.disable(session, session.get_one(StaffMember, who), now=clock.now())
    assert staff_client.get("/org/").status_code == 303
    answer = client.post("/org/entrar", data={"email": "ana@example.org", "password": PASSWORD})
    assert answer.status_code == 422


def test_sign_out_ends_the_session_and_clears_the_browser(
    app: Flask, store: Store, chicago: Office
) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    answer = staff_client.post("/org/cerrar")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert staff_client.get("/org/").status_code == 303


def test_second_sign_in_ends_the_earlier_session(app: Flask, store: Store, chicago: Office) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    staff_client.client.post(
        "/org/entrar",
        data={"email": "ana@example.org", "password": PASSWORD},
        headers=staff_client.headers,
    )
    assert staff_client.get("/org/").status_code == 303


def test_redirect_after_sign_in_stays_on_this_site(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    employ(store)
    for elsewhere in ("https://example.com/org/", "//example.com", "/\\example.com", "/es/"):
        answer = client.post(
            "/org/entrar",
            data={"email": "ana@example.org", "password": PASSWORD, "volver": elsewhere},
        )
        assert answer.headers["Location"] == "/org/codigo"


def test_invitation_page_shows_the_account_and_changes_nothing(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    token = _invited(store)
    for _ in range(2):
        page = client.get(f"/org/invitacion/{token}")
        assert page.status_code == 200
        assert "ana@example.org" in page.get_data(as_text=True)
        assert "Set-Cookie" not in page.headers


def test_invitation_sets_the_password_and_goes_on_to_the_second_factor(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    token = _invited(store)
    answer = client.post(f"/org/invitacion/{token}", data={"password": NEW_PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/codigo")
    assert client.get("/org/").status_code == 303, "the link is no second factor"
    data = {"email": "ana@example.org", "password": NEW_PASSWORD}
    assert client.post("/org/entrar", data=data).status_code == 303


def test_short_password_is_refused_and_the_invitation_stays_valid(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    token = _invited(store)
    answer = client.post(f"/org/invitacion/{token}", data={"password": "once letras"})
    assert answer.status_code == 422
    assert "12 letras o más" in words(answer)
    answer = client.post(f"/org/invitacion/{token}", data={"password": "doce  letras"})
    assert answer.status_code == 303


def test_used_expired_withdrawn_and_invented_invitations_look_the_same(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    used, old, withdrawn = (_invited(store, f"{who}@example.org") for who in ("a", "b", "c"))
    client.post(f"/org/invitacion/{used}", data={"password": NEW_PASSWORD})
    with store.change() as session:
        session.execute(
            sa.update(Invitation)
            .where(Invitation.organizer_id == _id(session, "b@example.org"))
            .values(ends_at=clock.now() - timedelta(seconds=1))
        )
        invitations.invite(session, _id(session, "c@example.org"), now=clock.now())
    pages = {
        client.open(f"/org/invitacion/{token}", method=method, data=data).get_data()
        for token in (used, old, withdrawn, "x" * 43, "x")
        for method, data in (("GET", None), ("POST", {"password": NEW_PASSWORD}))
    }
    answers = [client.get(f"/org/invitacion/{token}") for token in (used, old, withdrawn, "x")]
    assert {answer.status_code for answer in answers} == {404}
    assert len(pages) == 1


def test_invitation_expires_after_three_days(store: Store, chicago: Office) -> None:
    token, now = _invited(store), clock.now()
    with store.read() as session:
        almost, after = now + timedelta(days=3, minutes=-1), now + timedelta(days=3, minutes=1)
        assert invitations.staff_id_of(session, token, now=almost) is not None
        assert invitations.staff_id_of(session, token, now=after) is None


@pytest.mark.races
def test_invitation_used_by_eight_browsers_sets_one_password(
    app: Flask, store: Store, chicago: Office
) -> None:
    token = _invited(store)

    def use(number: int) -> int:
        password = f"clave larga numero {number}"
        answer = app.test_client().post(f"/org/invitacion/{token}", data={"password": password})
        return answer.status_code

    with ThreadPoolExecutor(8) as crowd:
        statuses = sorted(crowd.map(use, range(8)))
    assert statuses == [303] + [404] * 7


def test_new_password_ends_every_session(app: Flask, store: Store, chicago: Office) -> None:
    who = employ(store)
    phone, computer = signed_in_as(app, store, who), signed_in_as(app, store, who)
    with store.change() as session:
        token = invitations.invite(session, who, now=clock.now())
    phone.client.post(f"/org/invitacion/{token}", data={"password": NEW_PASSWORD})
    assert phone.get("/org/").status_code == computer.get("/org/").status_code == 303


def test_reset_invalidates_the_old_password(
    client: FlaskClient, store: Store, chicago: Office
) -> None:
    who = employ(store)
    with store.change() as session:
        credentials.reset(session, session.get_one(StaffMember, who), now=clock.now())
    answer = client.post("/org/entrar", data={"email": "ana@example.org", "password": PASSWORD})
    assert answer.status_code == 422


def test_tokens_are_stored_hashed(app: Flask, store: Store, chicago: Office) -> None:
    staff_client, token = (
        signed_in_as(app, store, employ(store)),
        _invited(store, "luz@example.org"),
    )
    with store.read() as session:
        kept = [
            *session.scalars(sa.select(StaffSession.digest)),
            *session.scalars(sa.select(Invitation.digest)),
        ]
    assert not {staff_client.cookie, token} & set(kept)


def _invited(store: Store, email: str = "ana@example.org") -> str:
    who = employ(store, email)
    with store.change() as session:
        session.get_one(StaffMember, who).password = None
        return invitations.invite(session, who, now=clock.now())


def _id(session: Session, email: str) -> int:
    return session.scalars(sa.select(StaffMember.id).where(StaffMember.email == email)).one()


def _age(store: Store, **ages: timedelta) -> None:
    moments = {name: clock.now() - age for name, age in ages.items()}
    with store.change() as session:
        session.execute(sa.update(StaffSession).values(**moments))


def _seen(store: Store) -> datetime:
    with store.read() as session:
        return session.scalars(sa.select(StaffSession.seen_at)).one()
