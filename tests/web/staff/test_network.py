"""Pages of the network administrator: offices and kinds."""

import re
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.calendar import change_counters
from outreach.domain.network import kinds, offices
from outreach.domain.network.kinds import Kind, Visibility, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import ALL_OFFICES, Role
from outreach.domain.scheduling import network_changes
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.imports import kinds as kinds_file
from outreach.imports.import_result import RowOutcome
from tests.conftest import LONG_AGO, make_workshop
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

NEW_OFFICE: dict[str, Any] = {
    "slug": "rockford",
    "name_es": "Consulado en Rockford",
    "rank": "career_consulate",
    "city": "Rockford",
    "region": "IL",
    "country": "US",
    "zone": "America/Chicago",
    "latitude": "42.27",
    "longitude": "-89.09",
    "phone": "815 555 0142",
    "opened_on": "2026-12-01",
}
NEW_KIND: dict[str, Any] = {
    "code": "vivienda",
    "name_es": "Vivienda",
    "short_name_es": "Tu casa",
    "description_es": "Qué hacer si te quieren sacar de tu casa.",
    "neutral_title_es": "Taller",
    "sign": "other",
    "pictogram": "question",
    "position": "9",
    "sensitivity": "medium",
    "countries": ["US"],
    "minutes": "60",
    "capacity": "30",
    "party_limit": "4",
    "way": "place",
    "retention_days": "30",
    "visibility": "public",
    "has_reminders": "yes",
}


@pytest.fixture
def elena(app: Flask, store: Store) -> StaffClient:
    """A network administrator."""
    return signed_in_as(app, store, employ(store, "elena@example.org", Role.ADMIN, ALL_OFFICES))


# Offices


def test_office_is_added_with_its_page_and_feed(
    app: Flask, store: Store, elena: StaffClient
) -> None:
    answer = elena.post("/org/red/nueva", **NEW_OFFICE)
    assert answer.headers["Location"] == "/org/red/rockford?hecho=nueva"
    assert "ya tiene su página" in words(elena.get("/org/red/rockford?hecho=nueva"))
    with store.read() as session:
        created = offices.find(session, "rockford")
    assert (created.zone, created.opened_on) == (ZoneInfo("America/Chicago"), date(2026, 12, 1))
    assert not created.is_open(date(2026, 11, 30))
    public = app.test_client()
    assert public.get("/es/o/rockford").status_code == 200
    assert public.get("/es/cal/rockford.ics").status_code == 200
    assert _audit_entries(store) == [("office opened", "rockford", '{"office":"rockford"}')]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slug": "Nueva York"}, "minúsculas y guiones"),
        ({"slug": "red"}, "ya tiene otro uso"),
        ({"slug": "chicago"}, "ya es de otra oficina"),
        ({"name_es": ""}, "Escribe el nombre."),
        ({"zone": "America/Rockford"}, "No conocemos esa hora local"),
        ({"zone": "../../etc/passwd"}, "No conocemos esa hora local"),
        ({"extra_zones": "America/Chicago Nowhere/Land"}, "Nowhere/Land"),
        ({"latitude": "norte"}, "posición en grados"),
        ({"latitude": "142"}, "Esos grados no existen"),
        ({"longitude": "NaN"}, "grados"),
        ({"region": "XX"}, "Elige una opción de la lista."),
        ({"country": "MX"}, "Elige una opción de la lista."),
        ({"email": "rockford"}, "Revisa el correo"),
        ({"website": "javascript:alert(1)"}, "La página empieza con https://"),
        ({"opened_on": "2026-12-01", "closed_on": "2026-12-01"}, "va después"),
        ({"opened_on": "mañana"}, "Escribe la fecha como"),
        ({"district": "x" * 2001}, "Es demasiado largo"),
    ],
)
@pytest.mark.any_database("the text of forms")
def test_invalid_office_is_reported_and_typed_values_are_kept(
    chicago: Office, store: Store, elena: StaffClient, changes: dict[str, str], message: str
) -> None:
    answer = elena.post("/org/red/nueva", **(NEW_OFFICE | changes))
    assert answer.status_code == 422
    assert message in words(answer)
    assert 'value="815 555 0142"' in answer.text
    with store.read() as session:
        assert [each.slug for each in offices.list_offices(session)] == ["chicago"]


def test_renamed_office_keeps_its_address_and_history(
    app: Flask, store: Store, chicago: Office, rights: Kind, elena: StaffClient
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    public = app.test_client()
    before = public.get("/es/cal/chicago.ics")
    assert _change_office(elena, city="Chicago y su zona", name_es="Consulado Nuevo", slug="otra")
    with store.read() as session:
        assert offices.find(session, "chicago").name["es"] == "Consulado Nuevo"
        assert session.get_one(Workshop, workshop.id).office.slug == "chicago"
    after = public.get("/es/cal/chicago.ics")
    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"], "the feed has the new name"
    assert _audit_entries(store)[0] == (
        "office changed",
        "chicago",
        '{"fields":["city","name"],"office":"chicago"}',
    )


def test_unchanged_form_changes_nothing(store: Store, chicago: Office, elena: StaffClient) -> None:
    with store.read() as session:
        before = change_counters.read(session, "chicago")
    answer = elena.post("/org/red/chicago", **_form_of(elena, "/org/red/chicago"))
    assert answer.headers["Location"] == "/org/red/chicago?hecho=igual"
    with store.read() as session:
        assert change_counters.read(session, "chicago") == before
        assert offices.find(session, "chicago").changed_at == LONG_AGO
    assert _audit_entries(store) == []


def test_new_time_zone_of_an_office_moves_no_workshop(
    store: Store, chicago: Office, rights: Kind, elena: StaffClient
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    assert "Hay 1 por venir." in words(elena.get("/org/red/chicago"))
    answer = elena.post(
        "/org/red/chicago", **(_form_of(elena, "/org/red/chicago") | {"zone": "America/Denver"})
    )
    assert answer.headers["Location"] == "/org/red/chicago?hecho=hora"
    assert "los que ya estaban siguen con la suya" in words(
        elena.get("/org/red/chicago?hecho=hora")
    )
    with store.read() as session:
        after = session.get_one(Workshop, workshop.id)
        assert (after.zone, after.starts_at) == (workshop.zone, workshop.starts_at)
        assert after.office.zone == ZoneInfo("America/Denver")


def test_closing_office_lists_planned_workshops_and_keeps_its_feed(
    app: Flask, store: Store, chicago: Office, rights: Kind, elena: StaffClient
) -> None:
    today = clock.now().date()
    with store.change() as session:
        for days in (3, 10, 11):
            make_workshop(session, chicago, rights, day=today + timedelta(days=days))
    closes = today + timedelta(days=10)
    assert _change_office(elena, closed_on=str(closes))
    page_text = words(elena.get("/org/red/chicago"))
    assert "2 talleres quedan después del cierre" in page_text
    assert "Cierra el" in page_text
    assert _audit_entries(store)[0] == (
        "office closed",
        "chicago",
        f'{{"closed_on":"{closes}","office":"chicago"}}',
    )
    assert app.test_client().get("/es/cal/chicago.ics").status_code == 200
    assert _change_office(elena, closed_on=str(today - timedelta(days=1)))
    assert "Chicago" not in words(elena.get("/org/red")).partition("Cerradas")[2]
    assert "Chicago" in words(elena.get("/org/red?ver=cerradas"))


def test_concurrent_edits_do_not_undo_each_other(
    app: Flask, store: Store, chicago: Office, rights: Kind, elena: StaffClient
) -> None:
    iris = signed_in_as(app, store, employ(store, "iris@example.org", Role.ADMIN, ALL_OFFICES))
    for path, own_change, other_change in (
        ("/org/red/chicago", {"phone": "312 555 0199"}, {"address": "204 S. Ejemplo"}),
        ("/org/tipos/derechos", {"capacity": "11"}, {"minutes": "77"}),
    ):
        typed = _form_of(iris, path) | other_change
        assert elena.post(path, **(_form_of(elena, path) | own_change)).status_code == 303
        wrong = iris.post(path, **typed | {"name_es": ""})
        assert wrong.status_code == 422
        typed = fields(wrong.text, path) | {"name_es": "Otro nombre"}
        answer = iris.post(path, **typed)
        assert answer.status_code == 409
        assert "Alguien más lo cambió mientras escribías." in words(answer)
        assert next(iter(other_change.values())) in answer.text, "typed values are kept"
        retried = fields(answer.text, path)
        assert iris.post(path, **retried).status_code == 303, "saved after the conflict was shown"
    with store.read() as session:
        assert offices.find(session, "chicago").address == "204 S. Ejemplo"
        assert kinds.find(session, "derechos").minutes == 77


# Kinds


def test_added_kind_can_be_chosen_at_once(
    app: Flask, store: Store, chicago: Office, elena: StaffClient
) -> None:
    answer = elena.post("/org/tipos/nuevo", **NEW_KIND)
    assert answer.headers["Location"] == "/org/tipos/vivienda?hecho=nuevo"
    with store.read() as session:
        created = kinds.find(session, "vivienda")
    assert (created.public_code, created.colour, created.way) == ("vivienda", "#555b6e", Way.PLACE)
    assert created.countries == Codes(["US"])
    assert "Vivienda" in words(elena.get("/org/talleres/nuevo"))
    assert "Vivienda" in words(elena.get("/org/tipos"))
    assert app.test_client().get("/es/cal/red.ics?tipo=vivienda").status_code == 200
    assert _audit_entries(store) == [("kind added", "", '{"kind":"vivienda"}')]


def test_every_pictogram_of_a_kind_has_a_name(elena: StaffClient) -> None:
    page = elena.get("/org/tipos/nuevo").text
    [choice] = re.findall(r'<select id="pictogram".*?</select>', page, re.DOTALL)
    options = re.findall(r'value="([^"]*)"[^>]*>\s*([^<]*?)\s*<', choice)
    assert len(options) > 5
    assert [name for value, name in options if value == name] == []


def test_discreet_kind_gets_a_code_of_four_letters(store: Store, elena: StaffClient) -> None:
    discreet = {"is_discreet": "yes", "visibility": "registered"}
    assert elena.post("/org/tipos/nuevo", **(NEW_KIND | discreet)).status_code == 303
    with store.read() as session:
        created = kinds.find(session, "vivienda")
    assert len(created.public_code) == 4
    assert created.public_code != created.code


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"code": "Plan Familiar"}, "minúsculas y guion bajo"),
        ({"code": "derechos"}, "ya es de otro tipo"),
        ({"name_es": ""}, "Escribe el nombre."),
        ({"description_es": ""}, "de qué trata"),
        ({"countries": []}, "al menos un país"),
        ({"countries": ["MX"]}, "Elige solo opciones de la lista."),
        ({"minutes": ""}, "Escribe un número."),
        ({"minutes": "muchos"}, "Escribe un número entero."),
        ({"minutes": "1440"}, "de 5 a 1439"),
        ({"capacity": "-1"}, "de 0 a 100,000"),
        ({"confirm_days": "15"}, "entre 2 y 14"),
        ({"retention_days": "9999"}, "de 0 a 3650"),
        ({"party_limit": "21"}, "de 1 a 20"),
        ({"sign": "red"}, "Elige una opción de la lista."),
        ({"pictogram": "<svg>"}, "Elige una opción de la lista."),
        ({"is_discreet": "yes"}, "no muestra su dirección"),
        (
            {"is_discreet": "yes", "visibility": "registered", "neutral_title_es": ""},
            "título neutro",
        ),
    ],
)
@pytest.mark.any_database("the text of forms")
def test_invalid_kind_is_reported(
    store: Store, rights: Kind, elena: StaffClient, changes: dict[str, Any], message: str
) -> None:
    answer = elena.post("/org/tipos/nuevo", **(NEW_KIND | changes))
    assert answer.status_code == 422
    assert message in words(answer)
    with store.read() as session:
        assert [each.code for each in kinds.list_kinds(session)] == ["derechos"]


def test_new_defaults_do_not_change_existing_workshops(
    store: Store, chicago: Office, rights: Kind, elena: StaffClient
) -> None:
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights)
    changes = {"capacity": "99", "retention_days": "3", "is_core": "yes"}
    answer = elena.post("/org/tipos/derechos", **(_form_of(elena, "/org/tipos/derechos") | changes))
    assert answer.headers["Location"] == "/org/tipos/derechos?hecho=cambiado"
    with store.read() as session:
        after = session.get_one(Workshop, workshop.id)
        assert (after.capacity, after.retention_days) == (
            workshop.capacity,
            workshop.retention_days,
        )
        assert (after.kind.capacity, after.kind.retention_days) == (99, 3)
    assert _audit_entries(store)[0] == (
        "kind changed",
        "",
        '{"fields":["capacity","retention_days"],"kind":"derechos"}',
    )


def test_making_a_kind_discreet_needs_confirmation_and_hides_future_workshops(
    app: Flask, store: Store, chicago: Office, rights: Kind, elena: StaffClient
) -> None:
    with store.change() as session:
        upcoming_workshop = make_workshop(session, chicago, rights)
        draft = make_workshop(session, chicago, rights, status=WorkshopStatus.DRAFT)
        unlisted = make_workshop(session, chicago, rights, way=Way.UNLISTED)
        past_workshop = make_workshop(
            session, chicago, rights, day=clock.now().date() - timedelta(days=9)
        )
    public = app.test_client()
    assert upcoming_workshop.title["es"] in public.get("/es/cal/red.ics").text
    form = _form_of(elena, "/org/tipos/derechos") | {
        "is_discreet": "yes",
        "visibility": "registered",
        "neutral_title_es": "Taller",
    }
    confirmation_page = elena.post("/org/tipos/derechos", **form)
    assert confirmation_page.status_code == 422
    assert "Hay 3 talleres de este tipo por venir." in words(confirmation_page)
    with store.read() as session:
        assert not kinds.find(session, "derechos").is_discreet
    answer = elena.post("/org/tipos/derechos", **(form | {"sure": "yes"}))
    assert answer.headers["Location"] == "/org/tipos/derechos?hecho=discreto"
    with store.read() as session:
        kind = kinds.find(session, "derechos")
        after = {
            each.id: session.get_one(Workshop, each.id)
            for each in (upcoming_workshop, draft, unlisted)
        }
        gone_by = session.get_one(Workshop, past_workshop.id)
    assert kind.is_discreet
    assert len(kind.public_code) == 4
    for each in after.values():
        assert len(each.public_id) == 16
        assert each.visibility is Visibility.REGISTERED
    assert after[unlisted.id].public_id == unlisted.public_id, "its link was unguessable already"
    assert (gone_by.public_id, gone_by.visibility) == (
        past_workshop.public_id,
        past_workshop.visibility,
    )
    assert public.get(f"/es/t/{upcoming_workshop.public_id}").status_code == 404
    page = public.get(f"/es/t/{after[upcoming_workshop.id].public_id}")
    assert page.status_code == 200
    assert "1805 S. Ejemplo St." not in page.text
    assert upcoming_workshop.uid not in public.get("/es/cal/red.ics").text


def test_kinds_file_that_makes_a_kind_discreet_hides_its_future_workshops(
    store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        upcoming_workshop = make_workshop(session, chicago, rights)
    plain = ("code", "is_core", "name", "short_name", "topic", "description", "sensitivity")
    more = ("countries", "sign", "pictogram", "colour", "minutes", "capacity", "party_limit")
    rest = ("way", "bring", "slot_minutes", "opens_days", "confirm_days", "frees_silence")
    values = {name: getattr(rights, name) for name in (*plain, *more, *rest)} | {
        "retention_days": rights.retention_days,
        "is_discreet": True,
        "neutral_title": {"es": "Taller"},
        "visibility": Visibility.REGISTERED,
        "has_reminders": False,
        "is_women_only": False,
        "topic": {},
    }
    taxonomy = kinds_file.Taxonomy(kinds=(kinds_file.KindRow(**values),), series=())
    with store.change() as session:
        assert kinds_file.load(session, taxonomy, now=clock.now()).counts[RowOutcome.CHANGED] == 1
    with store.read() as session:
        after = session.get_one(Workshop, upcoming_workshop.id)
        assert (len(after.public_id), after.visibility) == (16, Visibility.REGISTERED)


def test_codes_of_discreet_kinds_are_unique(
    store: Store, women: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(["K7QX", "K7QX", "9999"])
    monkeypatch.setattr(network_changes, "code", lambda _length: next(codes))
    with store.change() as session:
        assert network_changes._make_code(session) == "9999"


def _change_office(staff_client: StaffClient, **changes: str) -> bool:
    form = _form_of(staff_client, "/org/red/chicago") | changes
    return staff_client.post("/org/red/chicago", **form).status_code == 303


def _form_of(staff_client: StaffClient, path: str) -> dict[str, Any]:
    """The field values that the form of this page would send unchanged."""
    return fields(staff_client.get(path).text, path)


def _audit_entries(store: Store) -> list[tuple[str, str, str]]:
    """Action, office and details of the audit entries, newest first."""
    with store.read() as session:
        rows = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()))
        return [(row.action, row.office, row.details) for row in rows]
