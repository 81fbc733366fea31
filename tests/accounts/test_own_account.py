"""Account page: sessions, password, and reset of a lost second factor."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from outreach import clock
from outreach.accounts import administration, credentials, passkeys, totp
from outreach.accounts.totp import RecoveryCode
from outreach.cli import main
from outreach.config import Config, Limits
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import StaffMember
from outreach.web.staff.auth.account import ago
from tests.accounts.test_passkeys import add_key
from tests.support.environment import where
from tests.support.login import ana, ended_meanwhile, half_a_minute_later, journal, patient, printed
from tests.support.staff_client import (
    HASHED,
    PASSWORD,
    Visitor,
    employ,
    hidden,
    signed_in_as,
    words,
)

NEW = "otra clave larga y nueva"


__all__ = ["ana", "patient"]  # fixtures
pytestmark = pytest.mark.any_database("what the pages say")


def sign_in(app: Flask, store: Store) -> Visitor:
    visitor = Visitor(app)
    half_a_minute_later(store)
    assert visitor.come_in().status_code == 303
    return visitor


def session_ids(visitor: Visitor) -> list[str]:
    """The ids of the sessions that the account page offers to end."""
    return re.findall(r'name="which" value="([0-9a-f]+)"', visitor.get("/org/cuenta").text)


def form_token(visitor: Visitor) -> str:
    return hidden(visitor.get("/org/mas"), "/org/cerrar")["token"]


def test_sessions_are_listed_and_can_be_ended_from_another_session(
    patient: Flask, store: Store, ana: int
) -> None:
    phone, computer = sign_in(patient, store), sign_in(patient, store)
    page = words(computer.get("/org/cuenta"))
    assert page.count("Firefox, Linux") >= 2
    assert "Última vez: ahora" in page
    [other] = session_ids(computer)
    done = computer.post("/org/cuenta/sesiones", token=form_token(computer), which=other)
    assert done.headers["Location"] == "/org/cuenta?hecho=sesion"
    assert phone.get("/org/").status_code == 303
    assert computer.get("/org/").status_code == 200
    repeated = computer.post("/org/cuenta/sesiones", token=form_token(computer), which=other)
    assert repeated.status_code == 422
    assert "session ended" in journal(store)


def test_all_other_sessions_can_be_ended_at_once(patient: Flask, store: Store, ana: int) -> None:
    others = [sign_in(patient, store) for _ in range(3)]
    visitor = sign_in(patient, store)
    assert len(session_ids(visitor)) == 3
    visitor.post("/org/cuenta/sesiones", token=form_token(visitor), others="1")
    assert [each.get("/org/").status_code for each in others] == [303] * 3
    assert session_ids(visitor) == []
    with store.read() as session:
        [details] = session.scalars(
            sa.select(AuditEntry.details).where(AuditEntry.action == "other sessions ended")
        )
    assert details == '{"sessions":3}'


def test_session_of_another_staff_member_cannot_be_ended(
    patient: Flask, store: Store, ana: int
) -> None:
    hers, visitor = sign_in(patient, store), sign_in(patient, store)
    [which] = session_ids(hers)
    luz = signed_in_as(patient, store, employ(store, "luz@example.org"))
    assert luz.post("/org/cuenta/sesiones", which=which).status_code == 422
    assert luz.post("/org/cuenta/sesiones").status_code == 422
    luz.post("/org/cuenta/sesiones", others="1")
    assert visitor.get("/org/").status_code == hers.get("/org/").status_code == 200


def test_password_change_needs_the_old_password_and_ends_other_sessions(
    patient: Flask, store: Store, ana: int
) -> None:
    other, visitor = sign_in(patient, store), sign_in(patient, store)
    fields = {"token": form_token(visitor), "password": "x" * 14, "new": NEW}
    wrong = visitor.post("/org/cuenta/contrasena", fields)
    assert wrong.status_code == 422
    assert "Esa no es tu contraseña de ahora" in words(wrong)
    short = visitor.post("/org/cuenta/contrasena", fields | {"new": "corta"})
    assert short.status_code == 422
    assert "12 letras o más" in words(short)
    done = visitor.post("/org/cuenta/contrasena", fields | {"password": PASSWORD})
    assert done.headers["Location"] == "/org/cuenta?hecho=contrasena"
    assert other.get("/org/").status_code == 303
    assert visitor.get("/org/").status_code == 200
    answer = Visitor(patient).post("/org/entrar", email="ana@example.org", password=NEW)
    assert answer.status_code == 303
    assert [each for each in journal(store) if "password" in each] == [
        "wrong password",
        "password changed",
    ]


def test_session_ended_during_the_request_changes_no_password(
    patient: Flask, store: Store, ana: int
) -> None:
    staff_client = signed_in_as(patient, store, ana)
    with ended_meanwhile(patient):
        answer = staff_client.post("/org/cuenta/contrasena", password=PASSWORD, new=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/entrar")
    with store.read() as session:
        assert session.get_one(StaffMember, ana).password == HASHED
    assert journal(store) == []


def test_concurrently_changed_password_is_not_overwritten(
    patient: Flask, store: Store, ana: int
) -> None:
    with store.change() as session:
        assert not credentials.change_password(session, ana, "of before", "of mine")
        assert credentials.change_password(session, ana, HASHED, "of mine")
        assert session.get_one(StaffMember, ana).password == "of mine"


def test_password_guesses_on_the_account_page_are_limited(
    app: Flask, store: Store, chicago: Office
) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    statuses = [
        staff_client.post("/org/cuenta/contrasena", password=f"{n:014}", new=NEW).status_code
        for n in range(Limits.sign_ins + 2)
    ]
    assert statuses == [422] * Limits.sign_ins + [429] * 2


def test_account_page_warns_when_few_recovery_codes_are_left(
    patient: Flask, store: Store, ana: int
) -> None:
    printed(patient, store, ana)
    staff_client = signed_in_as(patient, store, ana)
    assert "Te quedan 10 códigos" in words(staff_client.get("/org/cuenta"))
    with store.change() as session:
        keep = sa.select(RecoveryCode.mark).limit(1)
        session.execute(sa.delete(RecoveryCode).where(RecoveryCode.mark.not_in(keep)))
    page = words(staff_client.get("/org/cuenta"))
    assert "Te queda 1 código." in page
    assert "Pocos" in page


def test_invitation_link_does_not_replace_the_second_factor(
    patient: Flask, store: Store, ana: int
) -> None:
    with store.change() as session:
        account = session.get_one(StaffMember, ana)
        link = administration.reset(session, account, by=None, now=clock.now())
    visitor = Visitor(patient)
    assert visitor.post(f"/org/invitacion/{link}", password=PASSWORD).status_code == 303
    assert visitor.get("/org/").headers["Location"] == "/org/codigo", "the password is one factor"
    page = visitor.get("/org/codigo")
    assert "Escribe tu código" in words(page), "the application is the same"
    assert visitor.get("/org/").status_code == 303
    assert journal(store) == ["account reset", "password set by link"]


def test_admin_resets_a_lost_second_factor_and_it_is_set_up_anew(
    patient: Flask, store: Store, ana: int
) -> None:
    elena = employ(store, "elena@example.org")
    sheet, key = printed(patient, store, ana), add_key(patient, store, ana)
    with store.change() as session:
        link = administration.reset(
            session,
            session.get_one(StaffMember, ana),
            now=clock.now(),
            second_factor=True,
            by=elena,
        )
    with store.read() as session:
        assert not credentials.has_second_factor(session, ana)
        assert totp.recovery_codes_left(session, ana) == 0
        assert not passkeys.list_for(session, ana)
        entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.organizer_id, entry.action) == (elena, "second factor reset")
    assert entry.details == f'{{"account":{ana}}}'
    visitor = Visitor(patient)
    challenge = visitor.post("/org/llave/reto").get_json()
    assert visitor.post("/org/llave", answer=key.get(challenge)).status_code == 422
    visitor.post(f"/org/invitacion/{link}", password=PASSWORD)
    page = visitor.password()
    assert "Conecta tu teléfono" in words(page)
    assert visitor.post("/org/codigo", hidden(page) | {"code": sheet[0]}).status_code == 422


def user(config: Config, *words: str) -> Result:
    environ = where(config)
    return CliRunner(env=environ).invoke(main, ["user", *words])


def test_user_command_lists_and_resets_second_factors(
    config: Config, patient: Flask, store: Store, ana: int
) -> None:
    employ(store, "luz@example.org")
    listed = {
        line.split()[1]: line for line in user(config, "list").stdout.splitlines() if "@" in line
    }
    assert "active, second factor" in listed["ana@example.org"]
    assert "active, no second factor" in listed["luz@example.org"]
    assert user(config, "reset", "ana@example.org").exit_code == 0
    with store.read() as session:
        assert credentials.has_second_factor(session, ana)
    assert user(config, "reset", "ana@example.org", "--second-factor").exit_code == 0
    with store.read() as session:
        assert not credentials.has_second_factor(session, ana)
    assert journal(store) == ["account reset", "second factor reset"]


def test_elapsed_time_is_formatted_in_words(app: Flask) -> None:
    with app.test_request_context("/org/"):
        assert [ago(timedelta(seconds=each)) for each in (5, 60, 300, 3600, 40_000)] == [
            "ahora",
            "hace 1 minuto",
            "hace 5 minutos",
            "hace 1 hora",
            "hace 11 horas",
        ]
