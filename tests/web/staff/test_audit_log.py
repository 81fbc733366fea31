"""The journal on the staff's pages: who did what, in words."""

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
from outreach.domain.audit.audit_log import AuditEntry, AuditLine
from outreach.domain.network import staff
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.scheduling.workshop_service import WorkshopData
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.web.staff.audit import audit_details, audit_labels
from outreach.web.staff.audit.audit_labels import DEEDS, AuditSubject
from tests.conftest import hold, seat
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

SOURCE = Path(__file__).parents[3] / "outreach"
NOTING = {"note", "note_of", "_note"}


@pytest.fixture
def workshop(store: Store, chicago: Office, rights: Kind) -> Workshop:
    with store.change() as session:
        return hold(session, chicago, rights)


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def elena(app: Flask, store: Store) -> StaffClient:
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


def test_a_workshops_page_says_who_did_what_and_never_who_registered(
    store: Store, key_store: KeyStore, workshop: Workshop, ana: StaffClient
) -> None:
    rosa = seat(store, key_store, workshop, name="Rosalinda")
    path = f"/org/talleres/{workshop.public_id}"
    assert ana.post(f"{path}/cancelar", reason="weather").status_code == 303
    assert ana.post(f"{path}/reactivar").status_code == 303
    assert ana.post(f"{path}/contacto", registration=rosa.id).status_code in {200, 303, 404}
    assert f'href="{path}/bitacora"' in ana.get(path).text
    answer = ana.get(f"{path}/bitacora")
    said = words(answer)
    assert "ana@example.org canceló el taller Clima o emergencia" in said
    assert "ana@example.org reactivó el taller" in said
    assert said.index("reactivó") < said.index("canceló"), "the newest first"
    assert said.count("Hoy, ") == 1
    assert "Rosalinda" not in answer.text


def test_an_office_sees_its_own_lines_only(
    app: Flask, store: Store, calgary: Office, workshop: Workshop, ana: StaffClient
) -> None:
    luz = signed_in_as(app, store, employ(store, "luz@example.org", Role.ORGANIZER, "calgary"))
    with store.change() as session:
        _note(session, None, "month.complete", office="calgary", detail="2020-01")
    ana.post(f"/org/talleres/{workshop.public_id}/cancelar", reason="few")
    hers = words(ana.get("/org/bitacora/chicago"))
    assert "canceló el taller" in hers
    assert "Hay muy pocas personas" in hers
    assert "está completo" not in hers
    assert "El sistema dijo que su mes está completo" in words(luz.get("/org/bitacora/calgary"))
    assert ana.get("/org/bitacora/calgary").status_code == 404
    assert ana.get("/org/bitacora").status_code == 404
    assert "/org/bitacora/chicago" in ana.get("/org/mas").text


def test_it_is_looked_through_by_month_by_what_and_by_who(
    app: Flask, store: Store, workshop: Workshop, ana: StaffClient, elena: StaffClient
) -> None:
    now = clock.now()
    with store.change() as session:
        ids = {each.email: each.id for each in staff.list_staff(session)}
        old = {"now": now - timedelta(days=70), "office": "chicago"}
        _note(session, ids["ana@example.org"], "workshop created", **old)
        _note(session, ids["ana@example.org"], "contact seen", office="chicago")
        _note(session, ids["elena@example.org"], "workshop published", office="chicago")
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
    for asked, expected in cases.items():
        said = words(ana.get(asked))
        found = {each for each in ("creó", "vio 1 contacto", "publicó") if f"{each}" in said}
        assert found == expected, asked
    assert "No hay nada anotado." in words(ana.get(f"{path}?que=red"))


def test_a_long_journal_is_turned_over_page_by_page(store: Store, ana: StaffClient) -> None:
    with store.change() as session:
        for number in range(205):
            _note(session, None, "call made", office="chicago", detail=f"n{number}")
    seen: list[str] = []
    path = "/org/bitacora/chicago?que=personas"
    while path:
        text = ana.get(path).text
        seen += [f"n{n}" for n in range(204, -1, -1) if f">n{n}<" in text or f" n{n}<" in text]
        after = text.partition(">Ver días anteriores<")[0]
        has_more = "Ver días anteriores" in text
        more = after.rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        path = f"/org/bitacora/chicago{more}" if has_more else ""
    assert seen == [f"n{number}" for number in range(204, -1, -1)]


def test_headquarters_sees_all_of_it_and_whether_it_holds(
    store: Store, workshop: Workshop, ana: StaffClient, elena: StaffClient
) -> None:
    ana.post(f"/org/talleres/{workshop.public_id}/cancelar", reason="few")
    said = words(elena.get("/org/bitacora"))
    assert "canceló el taller Conoce tus derechos" in said
    assert "Chicago" in said
    assert "nadie cambió ni quitó nada" in words(elena.get("/org/bitacora?revisar=si"))
    with store.change() as session:
        session.execute(sa.update(AuditEntry).values(detail="weather"))
    answer = elena.get("/org/bitacora?revisar=si")
    assert "La bitácora no está como se escribió." in words(answer)
    assert "line 1 was changed" in words(answer)


def test_what_happened_to_an_account_names_the_account(
    store: Store, chicago: Office, elena: StaffClient
) -> None:
    elena.post("/org/personal/invitar", email="tomas@example.org", role="door", places=["chicago"])
    said = words(elena.get("/org/bitacora?que=red"))
    assert "elena@example.org invitó a tomas@example.org Entrada · Chicago" in said


@pytest.mark.any_database("words only")
def test_a_month_is_said_as_people_say_it(store: Store, elena: StaffClient) -> None:
    with store.change() as session:
        _note(session, None, "month.close", detail="2020-01 2")
        _note(session, None, "month.remind", detail="2020-02: 7")
        _note(session, None, "month.complete", detail="2020-03")
        _note(session, None, "bulletin published", detail="2020-04, edition 3, revision 1")
        _note(session, None, "figure.enter", detail="2020-05 passports: 109657")
        _note(session, None, "figures brought in", detail="2020-06: new 6, changed 0, same 1")
        _note(session, None, "month.reopen", detail="2020-99 1")
        _note(session, None, "attendance reported", detail="held, 12")
    said = words(elena.get("/org/bitacora"))
    for expected in (
        "cerró el mes Enero de 2020, revisión 2",
        "recordó a quien falta por reportar Febrero de 2020, cartas: 7",
        "dijo que su mes está completo Marzo de 2020",
        "publicó el boletín Abril de 2020, edición 3, revisión 1",
        "capturó una cifra Mayo de 2020, passports: 109657",
        "trajo cifras de un archivo Junio de 2020, nuevos: 6, cambiados: 0, iguales: 1",
        "volvió a abrir el mes 2020-99 1",
        "reportó la asistencia Se hizo: 12 personas",
    ):
        assert expected in said


@pytest.mark.any_database("words only")
def test_what_is_beside_a_deed_is_said_in_words_too(store: Store, elena: StaffClient) -> None:
    told = {
        ("workshop cancelled", "few, untold"): "Hay muy pocas personas, sin avisar",
        ("workshop cancelled", "weather, one of 12"): "Clima o emergencia, uno de 12",
        ("workshop cancelled", "stop 4"): "canceló el taller parada 4",
        ("workshop changed", "day, starts (one of 12)"): "fecha, hora de inicio (uno de 12)",
        ("workshop changed", "partners, speakers"): "organizaciones aliadas, quienes dan talleres",
        ("workshop changed", "as abcdefghij: capacity"): "como abcdefghij: lugares",
        ("workshop created", "clone of abcdefghij"): "copia de abcdefghij",
        ("workshop created", "repeats abcdefghij, 8 dates"): "repite abcdefghij, fechas: 8",
        ("workshop created", "month 2026-11, 30 at once"): "mes 2026-11, a la vez: 30",
        ("workshop deleted", "draft abcdefghij"): "borrador abcdefghij",
        ("workshops brought in", "file abcdefghij: new 3, changed 1, cancelled 0, same 9"): (
            "archivo abcdefghij: nuevos: 3, cambiados: 1, cancelados: 0, iguales: 9"
        ),
        ("kinds brought in", "new 21, changed 0, same 0"): (
            "trajo tipos de taller de un archivo nuevos: 21, cambiados: 0, iguales: 0"
        ),
        ("venue changed", "venue 3: address, name; 2 workshops, 5 told"): (
            "sede 3: dirección, nombre; talleres: 2, avisos: 5"
        ),
        ("stop cancelled", "tour 3, stop 4, 2 workshops, 9 told"): (
            "gira 3, parada 4, talleres: 2, avisos: 9"
        ),
        ("places changed", "20 to 40"): "de 20 a 40",
        ("list exported", "xlsx, 12 parties"): "xlsx, registros: 12",
        ("message sent", "hour, seated: 3 by e-mail, 1 by phone"): (
            "cambio de hora, a quien tiene lugar: por correo: 3, por teléfono: 1"
        ),
        ("paper code used", "7 left"): "quedan 7",
        ("signed in", "password and key"): "con contraseña y llave",
        ("provider's word refused", "e-mail not verified"): "el correo no está verificado",
        ("copy restored", "lines 7 to 12"): "notas 7 a 12",
        ("role changed meanwhile", "organizer chicago, door *"): "chicago; Entrada · Toda",
        ("attendance reported", "not held"): "no se hizo",
        ("office changed", "calgary: phone, zone"): "calgary: teléfono, hora local",
    }
    with store.change() as session:
        for action, detail in told:
            _note(session, None, action, detail=detail)
    said = words(elena.get("/org/bitacora"))
    assert [expected for expected in told.values() if expected not in said] == []


@pytest.mark.any_database("reads the source")
def test_every_field_of_a_workshop_that_can_change_has_a_name() -> None:
    fields = {each.name for each in dataclasses.fields(WorkshopData)} - {"office"}
    english = [each for each in sorted(fields) if each == audit_details.words(_line(each), {})]
    assert english == []


def _line(detail: str) -> AuditLine:
    return AuditLine(1, clock.now(), "workshop changed", "", detail, None, None, None, None, None)


def test_nobody_is_named_who_is_not_there_any_more(store: Store, elena: StaffClient) -> None:
    with store.change() as session:
        _note(session, None, "account disabled", detail="999")
        _note(session, None, "account disabled", detail="nonsense")
        _note(session, None, "an action of tomorrow", detail="1")
    said = words(elena.get("/org/bitacora"))
    assert said.count("suspendió a una cuenta que ya no existe") == 2
    assert "El sistema an action of tomorrow" in said


@pytest.mark.any_database("reads the source")
def test_every_action_in_the_source_has_words() -> None:
    actions = {action for path in sorted(SOURCE.rglob("*.py")) for action in _actions(path)}
    assert len(actions) > 30
    assert audit_labels.actions_without_words(actions) == []
    assert all(audit_labels.of(about) for about in AuditSubject)
    assert all(len(action) <= 40 for action in DEEDS), "as long as the column"


def _actions(path: Path) -> Iterator[str]:
    """The codes that a file notes in the journal. What cannot be told fails the test."""
    tree = ast.parse(path.read_text())
    wrappers = {
        each.name: _names(each).index("action")
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and each.name in NOTING and "action" in _names(each)
    }
    others = {
        each.name
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and each.name in NOTING - wrappers.keys()
    }
    for function in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
        if isinstance(function, ast.FunctionDef) and function.name in wrappers:
            continue  # it passes on what it was given
        for call in _calls(function):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else _name(call.func)
            if name in others and isinstance(call.func, ast.Name):
                continue  # another word of the same name: `errors.note`
            place = wrappers.get(name, 2) if isinstance(call.func, ast.Name) else 2
            given = [word.value for word in call.keywords if word.arg == "action"]
            node = given[0] if given else call.args[place] if len(call.args) > place else None
            assert node is not None, f"{path.name}:{call.lineno} says no action"
            yield from _said(node, function, tree, f"{path.name}:{call.lineno}")


def _calls(function: ast.AST) -> Iterator[ast.Call]:
    for node in _own(function):
        if isinstance(node, ast.Call):
            func = node.func
            is_ours = isinstance(func, ast.Name) and func.id in NOTING
            is_journals = (
                isinstance(func, ast.Attribute)
                and func.attr in NOTING
                and isinstance(func.value, ast.Name)
                and func.value.id in {"journal", "staff"}
            )
            if is_ours or is_journals:
                yield node


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """What is in a function, but not in another inside it."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _own(child)


def _names(function: ast.FunctionDef) -> list[str]:
    return [each.arg for each in (*function.args.args, *function.args.kwonlyargs)]


def _said(node: ast.AST, function: ast.AST, tree: ast.AST, where: str) -> Iterator[str]:
    """What an expression can be: a text, one of two, what a name was given, or all of it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _said(node.body, function, tree, where)
        yield from _said(node.orelse, function, tree, where)
    elif isinstance(node, ast.FormattedValue):
        yield from _said(node.value, function, tree, where)
    elif isinstance(node, ast.JoinedStr):
        parts = [list(_said(part, function, tree, where)) for part in node.values]
        yield from ("".join(each) for each in product(*parts))
    elif isinstance(node, ast.Name) and (given := list(_given(node.id, function, tree))):
        for value, there in given:
            yield from _said(value, there, tree, where)
    else:
        pytest.fail(f"{where}: write the action where it is noted")


def _given(name: str, function: ast.AST, tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """What a name stands for: what is assigned to it or, of a parameter, what callers give. Each
    with the function it is said in."""
    for each in _own(function):
        if isinstance(each, ast.Assign) and name in map(_name, each.targets):
            yield each.value, function
    if not isinstance(function, ast.FunctionDef) or name not in _names(function):
        return
    place = _names(function).index(name)
    for caller in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
        for call in _own(caller):
            if isinstance(call, ast.Call) and _name(call.func) == function.name:
                named = [word.value for word in call.keywords if word.arg == name]
                for value in named or call.args[place : place + 1]:
                    yield value, caller


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _note(session: sa.orm.Session, who: int | None, action: str, **given: Any) -> None:
    told: dict[str, Any] = {"now": clock.now(), "office": "", "detail": ""} | given
    audit_log.record(session, who, action, **told)
