"""«Mi cuenta»: where one is signed in, one's password, and the second factor that was lost."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from outreach import clock
from outreach.accounts import credentials, passkeys, totp
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


def come_in(app: Flask, store: Store) -> Visitor:
    visitor = Visitor(app)
    half_a_minute_later(store)
    assert visitor.come_in().status_code == 303
    return visitor


def ends(visitor: Visitor) -> list[str]:
    """The names of the sessions that a page offers to end."""
    return re.findall(r'name="which" value="([0-9a-f]+)"', visitor.get("/org/cuenta").text)


def token(visitor: Visitor) -> str:
    return hidden(visitor.get("/org/mas"), "/org/cerrar")["token"]


def test_sessions_are_listed_and_one_is_ended_from_another(
    patient: Flask, store: Store, ana: int
) -> None:
    phone, computer = come_in(patient, store), come_in(patient, store)
    page = words(computer.get("/org/cuenta"))
    assert page.count("Firefox, Linux") >= 2
    assert "Última vez: ahora" in page
    [other] = ends(computer)
    done = computer.post("/org/cuenta/sesiones", token=token(computer), which=other)
    assert done.headers["Location"] == "/org/cuenta?hecho=sesion"
    assert phone.get("/org/").status_code == 303
    assert computer.get("/org/").status_code == 200
    again = computer.post("/org/cuenta/sesiones", token=token(computer), which=other)
    assert again.status_code == 422
    assert "session ended" in journal(store)


def test_all_others_are_ended_at_once(patient: Flask, store: Store, ana: int) -> None:
    others = [come_in(patient, store) for _ in range(3)]
    mine = come_in(patient, store)
    assert len(ends(mine)) == 3
    mine.post("/org/cuenta/sesiones", token=token(mine), others="1")
    assert [each.get("/org/").status_code for each in others] == [303] * 3
    assert ends(mine) == []
    with store.read() as session:
        [details] = session.scalars(
            sa.select(AuditEntry.details).where(AuditEntry.action == "other sessions ended")
        )
    assert details == '{"sessions":3}'


def test_nobody_ends_a_colleagues_session(patient: Flask, store: Store, ana: int) -> None:
    hers, mine = come_in(patient, store), come_in(patient, store)
    [which] = ends(hers)
    luz = signed_in_as(patient, store, employ(store, "luz@example.org"))
    assert luz.post("/org/cuenta/sesiones", which=which).status_code == 422
    assert luz.post("/org/cuenta/sesiones").status_code == 422
    luz.post("/org/cuenta/sesiones", others="1")
    assert mine.get("/org/").status_code == hers.get("/org/").status_code == 200


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(
    patient: Flask, store: Store, ana: int
) -> None:
    other, mine = come_in(patient, store), come_in(patient, store)
    fields = {"token": token(mine), "password": "x" * 14, "new": NEW}
    wrong = mine.post("/org/cuenta/contrasena", fields)
    assert wrong.status_code == 422
    assert "Esa no es tu contraseña de ahora" in words(wrong)
    short = mine.post("/org/cuenta/contrasena", fields | {"new": "corta"})
    assert short.status_code == 422
    assert "12 letras o más" in words(short)
    done = mine.post("/org/cuenta/contrasena", fields | {"password": PASSWORD})
    assert done.headers["Location"] == "/org/cuenta?hecho=contrasena"
    assert other.get("/org/").status_code == 303
    assert mine.get("/org/").status_code == 200
    answer = Visitor(patient).post("/org/entrar", email="ana@example.org", password=NEW)
    assert answer.status_code == 303
    assert [each for each in journal(store) if "password" in each] == [
        "wrong password",
        "password changed",
    ]


def test_a_session_that_ended_meanwhile_changes_no_password(
    patient: Flask, store: Store, ana: int
) -> None:
    staff_client = signed_in_as(patient, store, ana)
    with ended_meanwhile(patient):
        answer = staff_client.post("/org/cuenta/contrasena", password=PASSWORD, new=NEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/org/entrar")
    with store.read() as session:
        assert session.get_one(StaffMember, ana).password == HASHED
    assert journal(store) == []


def test_a_password_that_is_another_one_by_now_is_not_written_over(
    patient: Flask, store: Store, ana: int
) -> None:
    with store.change() as session:
        assert not credentials.change_password(session, ana, "of before", "of mine")
        assert credentials.change_password(session, ana, HASHED, "of mine")
        assert session.get_one(StaffMember, ana).password == "of mine"


def test_whoever_finds_a_browser_open_may_not_guess_the_password(
    app: Flask, store: Store, chicago: Office
) -> None:
    staff_client = signed_in_as(app, store, employ(store))
    statuses = [
        staff_client.post("/org/cuenta/contrasena", password=f"{n:014}", new=NEW).status_code
        for n in range(Limits.sign_ins + 2)
    ]
    assert statuses == [422] * Limits.sign_ins + [429] * 2


def test_the_page_says_when_few_codes_are_left(patient: Flask, store: Store, ana: int) -> None:
    printed(patient, store, ana)
    staff_client = signed_in_as(patient, store, ana)
    assert "Te quedan 10 códigos" in words(staff_client.get("/org/cuenta"))
    with store.change() as session:
        keep = sa.select(RecoveryCode.mark).limit(1)
        session.execute(sa.delete(RecoveryCode).where(RecoveryCode.mark.not_in(keep)))
    page = words(staff_client.get("/org/cuenta"))
    assert "Te queda 1 código." in page
    assert "Pocos" in page


def test_a_link_never_stands_for_the_second_factor(patient: Flask, store: Store, ana: int) -> None:
    with store.change() as session:
        link = credentials.reset(session, session.get_one(StaffMember, ana), now=clock.now())
    visitor = Visitor(patient)
    assert visitor.post(f"/org/invitacion/{link}", password=PASSWORD).status_code == 303
    assert visitor.cookies == {}
    page = visitor.password()
    assert "Escribe tu código" in words(page), "the application is the same"
    assert visitor.get("/org/").status_code == 303
    assert journal(store) == ["account reset", "password set by link"]


def test_a_lost_second_factor_is_reset_by_somebody_else_and_set_up_again(
    patient: Flask, store: Store, ana: int
) -> None:
    elena = employ(store, "elena@example.org")
    sheet, key = printed(patient, store, ana), add_key(patient, store, ana)
    with store.change() as session:
        link = credentials.reset(
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


def test_the_command_line_says_who_has_a_second_factor_and_resets_it(
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


def test_how_long_ago_is_said_as_one_says_it(app: Flask) -> None:
    with app.test_request_context("/org/"):
        assert [ago(timedelta(seconds=each)) for each in (5, 60, 300, 3600, 40_000)] == [
            "ahora",
            "hace 1 minuto",
            "hace 5 minutos",
            "hace 1 hora",
            "hace 11 horas",
        ]
