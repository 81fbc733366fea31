"""Staff accounts on the pages of the network administrator."""

import re
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.accounts import administration
from outreach.db.store import Store
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import staff
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.errors import ErrorCode, Refusal
from tests.security.test_safety import recorded_statements
from tests.support.html_forms import fields
from tests.support.staff_client import PASSWORD, StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

ONLY_ONE = "Es la única cuenta que administra toda la red."


@pytest.fixture
def elena_id(store: Store, chicago: Office, calgary: Office) -> int:
    return employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES)


@pytest.fixture
def elena(app: Flask, store: Store, elena_id: int) -> StaffClient:
    return signed_in_as(app, store, elena_id)


def test_invited_staff_member_signs_in_with_the_link(
    app: Flask, store: Store, elena: StaffClient
) -> None:
    answer = elena.post(
        "/org/personal/invitar",
        email=" Tomas@Example.org ",
        role="door",
        places=["chicago", "calgary"],
    )
    assert answer.status_code == 200
    assert "Solo lo ves ahora" in words(answer)
    path = _link(answer.text)
    assert "Invitada, vence en 3 días" in words(elena.get("/org/personal"))
    public = app.test_client(use_cookies=True)
    assert public.post(path, data={"password": PASSWORD}).status_code == 303
    assert public.get(path).status_code == 404, "the link works only once"
    given = {"email": "tomas@example.org", "password": PASSWORD}
    assert public.post("/org/entrar", data=given).status_code == 303
    with store.read() as session:
        signed_in_as(app, store, staff.get_by_email(session, "tomas@example.org").id)
    page_text = words(elena.get("/org/personal?papel=door"))
    assert (
        "tomas@example.org Entrada Calgary, Chicago Activa Sin segundo factor todavía Hoy"
        in page_text
    )
    with store.read() as session:
        tomas = staff.get_by_email(session, "tomas@example.org")
        assert administration.rights_of(tomas) == {"chicago": Role.DOOR, "calgary": Role.DOOR}
    assert _audit_entries(store) == [
        (
            "account invited",
            f'{{"account":{tomas.id},"roles":{{"calgary":"door","chicago":"door"}}}}',
        )
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"email": "tomas"}, "Revisa el correo."),
        ({"email": ""}, "Escribe su correo."),
        ({"email": "elena@example.org"}, "Ya hay una cuenta con ese correo."),
        ({"email": "ELENA@example.org"}, "Ya hay una cuenta con ese correo."),
        ({"role": "boss"}, "Elige una opción de la lista."),
        ({"places": []}, "Elige dónde trabaja"),
        ({"places": ["atlantis"]}, "Elige solo opciones de la lista."),
        ({"places": ["*"]}, "Ese papel necesita una oficina."),
    ],
)
def test_invalid_invitation_is_reported_and_nobody_is_invited(
    store: Store, elena: StaffClient, given: dict[str, Any], message: str
) -> None:
    fields = {"email": "tomas@example.org", "role": "door", "places": ["chicago"]}
    answer = elena.post("/org/personal/invitar", **(fields | given))
    assert answer.status_code == 422
    assert message in words(answer)
    with store.read() as session:
        assert [each.email for each in staff.list_staff(session)] == ["elena@example.org"]
    assert _audit_entries(store) == []


def test_new_roles_apply_to_the_next_request(app: Flask, store: Store, elena: StaffClient) -> None:
    ana_id = employ(store)
    ana = signed_in_as(app, store, ana_id)
    assert ana.get("/org/talleres?oficina=calgary").status_code == 404
    path = f"/org/personal/{ana_id}"
    form = fields(elena.get(path).text, path)
    assert form["role-chicago"] == "organizer"
    answer = elena.post(path, **(form | {"office": "calgary", "role": "reader"}))
    assert answer.headers["Location"] == f"{path}?hecho=cambiada"
    assert ana.get("/org/talleres?oficina=calgary").status_code == 200
    form = fields(elena.get(path).text, path)
    elena.post(path, **(form | {"role-chicago": ""}))
    assert ana.get("/org/talleres?oficina=chicago").status_code == 404
    assert elena.post(path, **fields(elena.get(path).text, path)).headers["Location"] == (
        f"{path}?hecho=igual"
    )
    assert _audit_entries(store) == [
        (
            "account rights changed",
            f'{{"account":{ana_id},"roles":{{"calgary":"reader","chicago":"organizer"}}}}',
        ),
        ("account rights changed", f'{{"account":{ana_id},"roles":{{"calgary":"reader"}}}}'),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role-chicago": ""}, "Deja al menos un papel."),
        ({"role-chicago": "boss"}, "Elige un papel de la lista."),
        ({"office": "atlantis", "role": "door"}, "Esa oficina no existe."),
        ({"office": "*", "role": "door"}, "Ese papel necesita una oficina."),
    ],
)
def test_invalid_roles_are_refused(
    store: Store, elena: StaffClient, changes: dict[str, str], message: str
) -> None:
    path = f"/org/personal/{employ(store)}"
    answer = elena.post(path, **(fields(elena.get(path).text, path) | changes))
    assert answer.status_code == 422
    assert message in words(answer)
    with store.read() as session:
        ana = staff.get_by_email(session, "ana@example.org")
        assert administration.rights_of(ana) == {"chicago": Role.ORGANIZER}


def test_changing_one_role_keeps_the_offices_of_another(store: Store, elena: StaffClient) -> None:
    path = f"/org/personal/{employ(store, 'iris@example.org', Role.READER, ALL_OFFICES)}"
    page = elena.get(path).text
    offered = re.search(r'name="role-\*">(.*?)</select>', page)
    assert offered
    assert re.findall(r'value="(\w*)"', offered[1]) == ["admin", "reader", "caller", ""]
    for role in ("door", "organizer"):
        answer = elena.post(path, **(fields(page, path) | {"role-*": role}))
        assert answer.status_code == 422
        assert "Ese papel necesita una oficina." in words(answer)
    with store.read() as session:
        iris = staff.get_by_email(session, "iris@example.org")
        assert administration.rights_of(iris) == {ALL_OFFICES: Role.READER}
    elena.post(path, **(fields(page, path) | {"role-*": "admin"}))
    with store.read() as session:
        iris = staff.get_by_email(session, "iris@example.org")
        assert administration.rights_of(iris) == {ALL_OFFICES: Role.ADMIN}


def test_disabled_account_is_signed_out_and_a_new_link_enables_it(
    app: Flask, store: Store, elena: StaffClient
) -> None:
    ana_id = employ(store)
    ana = signed_in_as(app, store, ana_id)
    path = f"/org/personal/{ana_id}"
    assert elena.post(f"{path}/suspender").headers["Location"] == f"{path}?hecho=suspendida"
    assert ana.get("/org/").status_code == 303
    assert "Suspendida" in words(elena.get(path))
    answer = elena.post(f"{path}/reiniciar")
    public = app.test_client(use_cookies=True)
    assert public.post(_link(answer.text), data={"password": PASSWORD}).status_code == 303
    assert "Activa" in words(elena.get(path))
    assert [action for action, _ in _audit_entries(store)] == ["account disabled", "account reset"]
    assert _link(answer.text).rpartition("/")[2] not in elena.get(path).text, "seen once"


def test_last_admin_cannot_be_removed(store: Store, elena: StaffClient, elena_id: int) -> None:
    employ(store, "iris@example.org", Role.ADMIN, "chicago")  # she works for one office only
    path = f"/org/personal/{elena_id}"
    form = fields(elena.get(path).text, path)
    for changes in ({"role-*": "reader"}, {"role-*": "", "office": "chicago", "role": "admin"}):
        answer = elena.post(path, **(form | changes))
        assert answer.status_code == 422
        assert ONLY_ONE in words(answer)
    assert ONLY_ONE in words(elena.post(f"{path}/suspender"))
    assert "la reinicia otra persona" in words(elena.post(f"{path}/reiniciar"))
    with store.read() as session:
        assert staff.count_admins(session) == 1
    assert elena.get("/org/personal").status_code == 200
    assert _audit_entries(store) == []


def test_one_of_two_admins_can_be_removed(
    app: Flask, store: Store, elena: StaffClient, elena_id: int
) -> None:
    employ(store, "iris@example.org", Role.ADMIN, ALL_OFFICES)
    path = f"/org/personal/{elena_id}"
    form = fields(elena.get(path).text, path)
    assert elena.post(path, **(form | {"role-*": "reader"})).status_code == 303
    assert elena.get("/org/personal").status_code == 403, "from the next request on"


@pytest.mark.races
def test_two_admins_cannot_demote_each_other_concurrently(store: Store, elena_id: int) -> None:
    iris_id = employ(store, "iris@example.org", Role.ADMIN, ALL_OFFICES)
    start, refused = threading.Barrier(2), []

    def demote(actor_id: int, other_id: int) -> None:
        start.wait()
        try:
            with store.change() as session:
                organizer = staff.get(session, other_id)
                rights = {ALL_OFFICES: Role.READER}
                administration.change(session, organizer, rights, by=actor_id, now=clock.now())
        except Refusal as refusal:
            refused.append(refusal.code)

    threads = [
        threading.Thread(target=demote, args=pair)
        for pair in ((elena_id, iris_id), (iris_id, elena_id))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [ErrorCode.LAST_ADMINISTRATOR]
    with store.read() as session:
        assert staff.count_admins(session) == 1


def test_staff_list_is_searched_and_filtered(store: Store, elena: StaffClient) -> None:
    employ(store)
    employ(store, "luz@example.org", Role.READER, "calgary")
    assert "luz@" not in words(elena.get("/org/personal?q=chicago"))
    assert "ana@" in words(elena.get("/org/personal?q=CHICAGO"))
    assert "Todo 3 Administra 1 Encabeza 0 Organiza 1 Entrada 0 Consulta 1" in words(
        elena.get("/org/personal")
    )
    assert "ana@" not in words(elena.get("/org/personal?papel=reader"))
    assert "ana@" in words(elena.get("/org/personal?papel=nadie"))
    assert "Nadie." in words(elena.get("/org/personal?q=zzz"))
    for missing in ("/org/personal/999999", "/org/personal/ana"):
        assert elena.get(missing).status_code == 404


def test_number_of_queries_is_independent_of_the_staff_list_length(
    app: Flask, store: Store, elena: StaffClient
) -> None:
    statement_counts = []
    elena.get("/org/personal")  # reads the offices, which are kept from then on
    for number in range(2):
        with recorded_statements(app) as statements:
            assert "elena@" in words(elena.get("/org/personal"))
        statement_counts.append(len(statements))
        for each in range(5):
            employ(store, f"ana{number}{each}@example.org", Role.ORGANIZER, "chicago", "calgary")
    assert statement_counts[0] == statement_counts[1]


def _link(page: str) -> str:
    """The path of the invitation link on a page."""
    found = re.search(r"http://localhost:8000(/org/invitacion/[\w-]{43})", page)
    assert found, "no link"
    return found[1]


def _audit_entries(store: Store) -> list[tuple[str, str]]:
    """Action and details of the audit entries about accounts."""
    with store.read() as session:
        statement_counts = sa.select(AuditEntry).where(AuditEntry.action.startswith("account "))
        rows = session.scalars(statement_counts.order_by(AuditEntry.id))
        return [(row.action, row.details) for row in rows]
