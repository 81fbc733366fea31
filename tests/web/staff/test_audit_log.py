"""Audit log on the staff pages."""

import ast
import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.audit import audit_log
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.scheduling.workshop_data import WorkshopData
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.web.staff.audit import audit_details, audit_labels
from outreach.web.staff.audit.audit_labels import ACTIONS, AuditSubject
from outreach.web.staff.common.field_labels import field_words
from tests.conftest import make_workshop, seat
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

SOURCE = Path(__file__).parents[3] / "outreach"
RECORDING = {"record", "log_workshop_action", "log_office_action", "_note", "_log"}


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return make_workshop(session, chicago, rights)


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def elena(app: Flask, store: Store) -> StaffClient:
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def test_log_of_a_workshop_names_staff_and_no_registrant(
    store: Store, key_store: KeyStore, workshop: Workshop, ana: StaffClient
) -> None:
    rosa = seat(store, key_store, workshop, name="Rosalinda")
    path = f"/org/talleres/{workshop.public_id}"
    assert ana.post(f"{path}/cancelar", reason="weather").status_code == 303
    assert ana.post(f"{path}/reactivar").status_code == 303
    assert ana.post(f"{path}/contacto", registration=rosa.id).status_code in {200, 303, 404}
    assert f'href="{path}/bitacora"' in ana.get(path).text
    answer = ana.get(f"{path}/bitacora")
    page_text = words(answer)
    assert "ana@example.org canceló el taller Clima o emergencia" in page_text
    assert "ana@example.org reactivó el taller" in page_text
    assert page_text.index("reactivó") < page_text.index("canceló"), "the newest first"
    assert page_text.count("Hoy, ") == 1
    assert "Rosalinda" not in answer.text


def test_log_of_an_office_shows_its_own_entries_only(
    app: Flask, store: Store, calgary: Office, workshop: Workshop, ana: StaffClient
) -> None:
    luz = signed_in_as(app, store, employ(store, "luz@example.org", Role.ORGANIZER, "calgary"))
    with store.change() as session:
        _record(session, None, "month.complete", office="calgary", details={"month": "2020-01"})
    ana.post(f"/org/talleres/{workshop.public_id}/cancelar", reason="few")
    page_text = words(ana.get("/org/bitacora/chicago"))
    assert "canceló el taller" in page_text
    assert "Hay muy pocas personas" in page_text
    assert "está completo" not in page_text
    assert "El sistema dijo que su mes está completo" in words(luz.get("/org/bitacora/calgary"))
    assert ana.get("/org/bitacora/calgary").status_code == 404
    assert ana.get("/org/bitacora").status_code == 403
    assert "/org/bitacora/chicago" in ana.get("/org/mas").text


def test_log_is_filtered_by_month_subject_and_account(
    app: Flask, store: Store, workshop: Workshop, ana: StaffClient, elena: StaffClient
) -> None:
    now = clock.now()
    with store.change() as session:
        ids = {each.email: each.id for each in staff.list_staff(session)}
        old = {"now": now - timedelta(days=70), "office": "chicago"}
        _record(session, ids["ana@example.org"], "workshop created", **old)
        _record(session, ids["ana@example.org"], "contact seen", office="chicago")
        _record(session, ids["elena@example.org"], "workshop published", office="chicago")
    path = "/org/bitacora/chicago"
    month = f"{now - timedelta(days=70):%Y-%m}"
    cases = {
        path: {"creó", "vio 1 contacto", "publicó"},
        f"{path}?mes={month}": {"creó"},
        f"{path}?que=personas": {"vio 1 contacto"},
        f"{path}?que=talleres": {"creó", "publicó"},
        f"{path}?quien={ids['elena@example.org']}": {"publicó"},
        f"{path}?que=talleres&quien={ids['ana@example.org']}": {"creó"},
        f"{path}?que=red": set(),
        f"{path}?mes=ayer&que=x&quien=-1&antes=x": {"creó", "vio 1 contacto", "publicó"},
        f"{path}?mes=99999-01": {"creó", "vio 1 contacto", "publicó"},
    }
    for query, expected in cases.items():
        page_text = words(ana.get(query))
        found = {each for each in ("creó", "vio 1 contacto", "publicó") if f"{each}" in page_text}
        assert found == expected, query
    assert "No hay nada anotado." in words(ana.get(f"{path}?que=red"))


def test_long_log_is_paged(store: Store, ana: StaffClient) -> None:
    with store.change() as session:
        for number in range(205):
            _record(session, None, "call made", office="chicago", details={"text": f"n{number}"})
    shown_names: list[str] = []
    path = "/org/bitacora/chicago?que=personas"
    while path:
        text = ana.get(path).text
        shown_names += [
            f"n{n}" for n in range(204, -1, -1) if f">n{n}<" in text or f" n{n}<" in text
        ]
        above_link = text.partition(">Ver días anteriores<")[0]
        has_more = "Ver días anteriores" in text
        next_url = above_link.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        path = f"/org/bitacora/chicago{next_url}" if has_more else ""
    assert shown_names == [f"n{number}" for number in range(204, -1, -1)]


def test_network_admin_sees_all_entries_and_verifies_the_chain(
    store: Store, workshop: Workshop, ana: StaffClient, elena: StaffClient
) -> None:
    ana.post(f"/org/talleres/{workshop.public_id}/cancelar", reason="few")
    page_text = words(elena.get("/org/bitacora"))
    assert "canceló el taller Conoce tus derechos" in page_text
    assert "Chicago" in page_text
    assert "nadie cambió ni quitó nada" in words(elena.get("/org/bitacora?revisar=si"))
    with store.change() as session:
        session.execute(sa.update(AuditEntry).values(details='{"reason":"weather"}'))
    answer = elena.get("/org/bitacora?revisar=si")
    assert "La bitácora no está como se escribió." in words(answer)
    assert "line 1 was changed" in words(answer)


def test_action_on_an_account_names_the_account(
    store: Store, chicago: Office, elena: StaffClient
) -> None:
    elena.post("/org/personal/invitar", email="tomas@example.org", role="door", places=["chicago"])
    page_text = words(elena.get("/org/bitacora?que=red"))
    assert "elena@example.org invitó a tomas@example.org Chicago · Entrada · Chicago" in page_text


@pytest.mark.any_database("labels only")
def test_month_of_an_action_is_written_out(store: Store, elena: StaffClient) -> None:
    with store.change() as session:
        for action, details in (
            ("month.close", {"month": "2020-01", "revision": 2}),
            ("month.remind", {"month": "2020-02", "letters": 7}),
            ("month.complete", {"month": "2020-03"}),
            ("bulletin published", {"month": "2020-04", "edition": 3, "revision": 1}),
            ("figure.enter", {"month": "2020-05", "figure": "passports", "value": 109657}),
            ("figures brought in", {"month": "2020-06", "new": 6, "changed": 0, "same": 1}),
            ("month.reopen", {"month": "2020-99", "revision": 1}),
        ):
            _record(session, None, action, details=details)
    page_text = words(elena.get("/org/bitacora"))
    for expected in (
        "cerró el mes Enero de 2020; revisión 2",
        "recordó a quien falta por reportar Febrero de 2020; cartas: 7",
        "dijo que su mes está completo Marzo de 2020",
        "publicó el boletín Abril de 2020; edición 3; revisión 1",
        "capturó una cifra Mayo de 2020; cifra passports; 109657",
        "trajo cifras de un archivo Junio de 2020; nuevos: 6; cambiados: 0; iguales: 1",
        "volvió a abrir el mes 2020-99; revisión 1",
    ):
        assert expected in page_text


@pytest.mark.any_database("labels only")
def test_details_are_shown_in_words(store: Store, elena: StaffClient) -> None:
    cases: list[tuple[str, dict[str, Any], str]] = [
        (
            "workshop cancelled",
            {"reason": "few", "notified": False},
            "Hay muy pocas personas; sin avisar",
        ),
        ("workshop cancelled", {"stop": 4}, "canceló el taller parada 4"),
        (
            "workshop changed",
            {"fields": ["day", "starts"], "one_of": 12},
            "fecha, hora de inicio; uno de 12",
        ),
        ("workshop created", {"repeats": "abcdefghij", "dates": 8}, "repite abcdefghij; fechas: 8"),
        (
            "workshops brought in",
            {"file": "abcdefghij", "new": 3, "changed": 1, "cancelled": 0, "same": 9},
            "archivo abcdefghij; nuevos: 3; cambiados: 1; cancelados: 0; iguales: 9",
        ),
        (
            "venue changed",
            {"venue": 3, "fields": ["address", "name"], "workshops": 2, "notified": 5},
            "sede 3; dirección, nombre; avisos: 5; talleres: 2",
        ),
        ("places changed", {"before": 20, "after": 40}, "de 20; a 40"),
        ("list exported", {"file_type": "xlsx", "parties": 12}, "xlsx; registros: 12"),
        (
            "message sent",
            {"template": "hour", "audience": "seated", "by_email": 3, "by_phone": 1},
            "cambio de hora; a quien tiene lugar; por correo: 3; por teléfono: 1",
        ),
        ("paper code used", {"left": 7}, "quedan 7"),
        ("signed in", {"by": "password and key"}, "con contraseña y llave"),
        (
            "provider's word refused",
            {"reason": "e-mail not verified"},
            "el correo no está verificado",
        ),
        ("copy restored", {"first_line": 7, "last_line": 12}, "notas desde 7; hasta 12"),
        (
            "role changed meanwhile",
            {"roles": {"chicago": "organizer", "*": "door"}},
            "Entrada · Toda la red, Organiza · chicago",
        ),
        ("attendance reported", {"held": False}, "no se hizo"),
        ("attendance reported", {"held": True, "people": 12}, "se hizo; personas: 12"),
        ("office changed", {"office": "calgary", "fields": ["phone", "zone"]}, "teléfono, hora"),
    ]
    with store.change() as session:
        for action, details, _expected in cases:
            _record(session, None, action, details=details)
    page = words(elena.get("/org/bitacora"))
    assert [expected for _action, _details, expected in cases if expected not in page] == []


@fixed_clock
@pytest.mark.any_database("reads the source")
def test_every_field_of_a_workshop_that_can_change_has_a_name() -> None:
    fields = {each.name for each in dataclasses.fields(WorkshopData)} - {"office"}
    assert [each for each in sorted(fields) if each == field_words(each)] == []


@fixed_clock
@pytest.mark.any_database("reads the source")
def test_every_key_of_details_in_the_source_has_words() -> None:
    keys = {key for path in _sources(": Details") for key in _detail_keys(path)}
    assert {"fields", "venue", "month", "parties", "by", "letters"} <= keys
    assert [key for key in sorted(keys) if not audit_details.has_words(key)] == []


def _sources(*words: str) -> list[Path]:
    """The source files that record something, or have one of these words: to parse all of them
    takes seconds."""
    wanted = (*words, *(f"{name}(" for name in RECORDING))
    paths = sorted(SOURCE.rglob("*.py"))
    return [path for path in paths if any(each in path.read_text() for each in wanted)]


def _detail_keys(path: Path) -> Iterator[str]:
    """The keys of dictionaries that are passed to a recording function or annotated `Details`."""
    for node in ast.walk(ast.parse(path.read_text())):
        values: list[ast.AST] = []
        if isinstance(node, ast.Call) and _called(node) in RECORDING:
            values = [*node.args, *(word.value for word in node.keywords if word.arg == "details")]
        elif isinstance(node, ast.AnnAssign) and _name(node.annotation) == "Details":
            values = [node.value] if node.value else []
        for value in values:
            for each in ast.walk(value):
                if isinstance(each, ast.Dict):
                    yield from (
                        key.value
                        for key in each.keys
                        if isinstance(key, ast.Constant) and isinstance(key.value, str)
                    )


def test_deleted_account_and_unknown_action_are_shown(store: Store, elena: StaffClient) -> None:
    with store.change() as session:
        _record(session, None, "account disabled", details={"account": 999})
        _record(session, None, "account disabled", details={"text": "nonsense"})
        _record(session, None, "an action of tomorrow", details={"text": "1"})
    page_text = words(elena.get("/org/bitacora"))
    assert page_text.count("suspendió a una cuenta que ya no existe") == 2
    assert "El sistema an action of tomorrow" in page_text


@fixed_clock
@pytest.mark.any_database("reads the source")
def test_every_action_in_the_source_has_words() -> None:
    actions = {action for path in _sources() for action in _actions(path)}
    assert len(actions) > 30
    assert audit_labels.actions_without_words(actions) == []
    assert all(audit_labels.actions_about(about) for about in AuditSubject)
    assert all(len(action) <= 40 for action in ACTIONS), "the length of the column"


def _actions(path: Path) -> Iterator[str]:
    """The actions that a source file records. Fails the test where one cannot be determined."""
    tree = ast.parse(path.read_text())
    wrappers = {
        each.name: _parameter_names(each).index("action")
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef)
        and each.name in RECORDING
        and "action" in _parameter_names(each)
    }
    others = {
        each.name
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and each.name in RECORDING - wrappers.keys()
    }
    for function in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
        if isinstance(function, ast.FunctionDef) and function.name in wrappers:
            continue  # a wrapper: its callers name the action
        for call in _calls(function):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else _name(call.func)
            if name in others and isinstance(call.func, ast.Name):
                continue  # a local function of the same name
            place = wrappers.get(name, 2) if isinstance(call.func, ast.Name) else 2
            recorded_actions = [word.value for word in call.keywords if word.arg == "action"]
            node = (
                recorded_actions[0]
                if recorded_actions
                else call.args[place]
                if len(call.args) > place
                else None
            )
            assert node is not None, f"{path.name}:{call.lineno} has no action"
            yield from _possible_values(node, function, tree, f"{path.name}:{call.lineno}")


def _calls(function: ast.AST) -> Iterator[ast.Call]:
    for node in _own_nodes(function):
        if isinstance(node, ast.Call):
            func = node.func
            is_ours = isinstance(func, ast.Name) and func.id in RECORDING
            is_journals = (
                isinstance(func, ast.Attribute)
                and func.attr in RECORDING
                and isinstance(func.value, ast.Name)
                and func.value.id == "audit_log"
            )
            if is_ours or is_journals:
                yield node


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of nested functions."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _own_nodes(child)


def _parameter_names(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]


def _possible_values(
    node: ast.AST, function: ast.AST, tree: ast.AST, location: str
) -> Iterator[str]:
    """The texts that an expression can evaluate to: constants, both branches of a conditional,
    values of names, and combinations in an f-string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _possible_values(node.body, function, tree, location)
        yield from _possible_values(node.orelse, function, tree, location)
    elif isinstance(node, ast.FormattedValue):
        yield from _possible_values(node.value, function, tree, location)
    elif isinstance(node, ast.JoinedStr):
        parts = [list(_possible_values(part, function, tree, location)) for part in node.values]
        yield from ("".join(each) for each in product(*parts))
    elif isinstance(node, ast.Name) and (
        recorded_actions := list(_bindings(node.id, function, tree))
    ):
        for value, enclosing in recorded_actions:
            yield from _possible_values(value, enclosing, tree, location)
    else:
        pytest.fail(f"{location}: pass the action as a literal")


def _bindings(name: str, function: ast.AST, tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """The expressions that a name can be bound to: assigned values or, for a parameter, arguments
    of callers. Each with its enclosing function."""
    for each in _own_nodes(function):
        if isinstance(each, ast.Assign):
            yield from ((value, function) for value in _assigned(name, each))
    if not isinstance(function, ast.FunctionDef) or name not in _parameter_names(function):
        return
    place = _parameter_names(function).index(name)
    for caller in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
        for call in _own_nodes(caller):
            if isinstance(call, ast.Call) and _name(call.func) == function.name:
                named = [word.value for word in call.keywords if word.arg == name]
                for value in named or call.args[place : place + 1]:
                    yield value, caller


def _assigned(name: str, assignment: ast.Assign) -> Iterator[ast.AST]:
    """What an assignment gives to a name, alone or in a tuple: `a, b = 1, 2`."""
    for target in assignment.targets:
        if _name(target) == name:
            yield assignment.value
        if isinstance(target, ast.Tuple) and isinstance(assignment.value, ast.Tuple):
            pairs = zip(target.elts, assignment.value.elts, strict=True)
            yield from (value for each, value in pairs if _name(each) == name)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else _name(call.func)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _record(
    session: sa.orm.Session, organizer_id: int | None, action: str, **recorded_actions: Any
) -> None:
    audit_log.record(session, organizer_id, action, **({"now": clock.now()} | recorded_actions))
