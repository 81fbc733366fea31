"""Month planner: ticked days and typed lines, previewed and then created."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.clock import Month
from outreach.db.store import Store
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Visibility
from outreach.domain.network.offices import Office
from outreach.domain.workshops import DeliveryMode, WorkshopStatus
from tests.conftest import make_workshop, venue
from tests.support.fixed_clock import fixed_clock
from tests.support.html_forms import fields
from tests.support.login import age
from tests.support.staff_client import StaffClient, Visitor, employ, enrol, signed_in_as, words
from tests.web.staff.test_repeat import NONCE, all_workshops, audit_entries, monday, offered_dates

# The days are written out, and some of them are holidays in some years.
pytestmark = [pytest.mark.any_database, fixed_clock]


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


@pytest.fixture
def form_fields(store: Store, ana: StaffClient, chicago: Office, women: Kind) -> dict[str, Any]:
    """Field values of the form; two venues can be chosen."""
    with store.change() as session:
        library = venue(session, chicago)
        venue(session, chicago, name="Parroquia San Pío", capacity=12)
    return {
        "office": "chicago",
        "month": str(Month.from_day(monday())),
        "nonce": NONCE,
        "kind": "derechos",
        "venue": str(library.id),
        "starts": "18:00",
        "languages": ["es", "en"],
        "lines": "",
        "action": "look",
    }


def test_month_shows_what_is_booked_already(
    ana: StaffClient, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    month = Month.from_day(monday())
    day = month.first.replace(day=20)
    with store.change() as session:
        make_workshop(
            session, chicago, rights, day=day, starts=time(9, 30), status=WorkshopStatus.DRAFT
        )
        make_workshop(
            session, chicago, rights, day=day, starts=time(17), status=WorkshopStatus.CANCELLED
        )
        make_workshop(session, chicago, rights, day=month.following.first)
        make_workshop(session, calgary, rights, day=day)
    page = words(ana.get(f"/org/talleres/mes-nuevo?mes={month}"))
    assert "Ya tienes 1 taller este mes" in page
    assert "9:30 Tus derechos" in page
    assert "17:00" not in page
    assert "18:00" not in page


@pytest.mark.time_machine(datetime(2027, 2, 1, 2, 30, tzinfo=UTC))
def test_planner_opens_on_the_month_after_that_of_the_office(ana: StaffClient) -> None:
    """The evening of 31 January in Chicago is in February in UTC."""
    for asked, month in (("", "2027-02"), ("?mes=2027-01", "2027-01"), ("?mes=2026-12", "2027-02")):
        page = ana.get(f"/org/talleres/mes-nuevo{asked}")
        assert fields(page.text, "/org/talleres/mes-nuevo")["month"] == month


def test_ticked_days_and_lines_become_workshops_with_kind_defaults(
    ana: StaffClient, store: Store, form_fields: dict[str, Any]
) -> None:
    lines = (
        "9, 10:00-11:30, San Pío\n"
        "10 y 17; 6:30 p. m.; Parroquia San Pío; Para mujeres\n"
        "24, en línea"
    )
    # An online workshop needs a link to be published; a draft does not.
    form_fields |= {"days": ["2", "30"], "lines": lines}
    look = ana.post("/org/talleres/mes-nuevo", **form_fields)
    assert look.status_code == 200
    assert all_workshops(store) == []
    assert "6 fechas" in words(look)
    numbers = list(offered_dates(look))
    ticked = fields(look.text, "/org/talleres/mes-nuevo") | {"action": "draft", "date": numbers}
    for _ in range(2):
        answer = ana.post("/org/talleres/mes-nuevo", **ticked)
        assert answer.status_code == 303
    workshops = all_workshops(store)
    assert [(each.day.day, each.starts, each.ends, each.kind.code) for each in workshops] == [
        (2, time(18), time(19, 30), "derechos"),
        (9, time(10), time(11, 30), "derechos"),
        (10, time(18, 30), time(20), "mujeres"),
        (17, time(18, 30), time(20), "mujeres"),
        (24, time(18), time(19, 30), "derechos"),
        (30, time(18), time(19, 30), "derechos"),
    ]
    assert [each.venue.name if each.venue else "" for each in workshops] == [
        "Biblioteca de Pilsen",
        *["Parroquia San Pío"] * 3,
        "",
        "Biblioteca de Pilsen",
    ]
    assert [each.capacity for each in workshops] == [40, 12, 12, 12, 40, 40]
    assert workshops[4].mode is DeliveryMode.LIVE_STREAM
    assert {each.status for each in workshops} == {WorkshopStatus.DRAFT}
    assert {tuple(each.languages) for each in workshops} == {("es", "en")}
    assert {(each.kind.code, each.visibility) for each in workshops} == {
        ("derechos", Visibility.PUBLIC),
        ("mujeres", Visibility.APPROVED),  # outside the office's own rooms
    }
    assert len(audit_entries(store)) == 6


def test_line_that_ends_before_it_starts_is_refused(
    ana: StaffClient, store: Store, form_fields: dict[str, Any]
) -> None:
    look = ana.post("/org/talleres/mes-nuevo", **form_fields | {"lines": "9, 17:15-16:00"})
    assert "termina antes de empezar" in words(look)
    assert all_workshops(store) == []


def test_ticks_of_an_outdated_list_are_refused(
    ana: StaffClient, store: Store, form_fields: dict[str, Any]
) -> None:
    path = "/org/talleres/mes-nuevo"
    look = ana.post(path, **(form_fields | {"lines": "9\n16\n23"}))
    form = fields(look.text, path) | {"date": ["2"], "action": "publish"}
    for later in ({"lines": "3\n9\n16\n23"}, {"starts": "19:00"}, {"languages": ["es"]}):
        answer = ana.post(path, **(form | later))
        assert answer.status_code == 422
        assert "La lista de fechas ya no es la misma." in words(answer)
        assert all(offered_dates(answer).values()), "all dates are ticked by default"
        assert all_workshops(store) == []
    reviewed = fields(answer.text, path) | {"date": ["2"], "action": "publish"}
    asked = ana.post(path, **reviewed)
    assert "El título está solo en español" in words(asked)
    reviewed["sure"] = fields(asked.text, path)["sure"]
    assert ana.post(path, **reviewed).status_code == 303
    assert [each.day.day for each in all_workshops(store)] == [16]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mañana, 10:00", "empieza con el día"),
        ("45, 10:00", "ese mes no tiene día 45"),
        ("12, 10:00, Biblioteca de Babel", "no conozco «Biblioteca de Babel»"),
        ("12, 10:00, derechos, para", "«para» puede ser"),
        ("12, 25:00", "25:00 no es una hora"),
    ],
)
def test_unreadable_line_is_reported_and_typed_text_is_kept(
    ana: StaffClient, store: Store, form_fields: dict[str, Any], line: str, message: str
) -> None:
    with store.change() as session:
        office = session.scalars(sa.select(Office)).one()
        venue(session, office, name="Casa para migrantes")
    lines = f"3, 10:00\n{line}"
    answer = ana.post("/org/talleres/mes-nuevo", **(form_fields | {"days": "5", "lines": lines}))
    assert answer.status_code == 422
    assert f"Línea 2: {message}" in words(answer)
    assert 'name="days" value="5" checked' in answer.text
    assert "3, 10:00" in answer.text
    answer = ana.post(
        "/org/talleres/mes-nuevo",
        **(form_fields | {"days": "5", "lines": lines, "action": "draft", "date": ["1"]}),
    )
    assert answer.status_code == 422
    assert all_workshops(store) == []


def test_venues_of_the_same_name_are_distinguished_by_city(
    ana: StaffClient, store: Store, form_fields: dict[str, Any]
) -> None:
    path = "/org/talleres/mes-nuevo"
    with store.change() as session:
        office = session.scalars(sa.select(Office)).one()
        venue(session, office, name="Parroquia San Pío", city="Elgin")
    assert "Parroquia San Pío, Elgin" in words(ana.get(path))
    for venue_name in ("San Pío", "Parroquia San Pío"):
        answer = ana.post(path, **(form_fields | {"lines": f"9, 10:00, {venue_name}"}))
        assert answer.status_code == 422
        assert "«Parroquia San Pío, Chicago» o «Parroquia San Pío, Elgin»" in words(answer)
    look = ana.post(path, **(form_fields | {"lines": "9; 10:00; parroquia san pio, elgin"}))
    assert "10:00 a. m. Parroquia San Pío, Elgin" in words(look)
    ana.post(path, **fields(look.text, path) | {"action": "draft"})
    assert [each.venue.city for each in all_workshops(store) if each.venue] == ["Elgin"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "Marca un día del mes"),
        ({"days": "3", "starts": ""}, "a qué hora"),
        ({"days": "3", "starts": "noche"}, "como 18:30"),
        ({"days": "3", "languages": []}, "al menos un idioma"),
        ({"days": "3", "kind": "otro"}, "opción de la lista"),
        ({"lines": "1 2 3 4 5 6 7 8 9, 10:00\n" * 7}, "más de 60"),
    ],
)
def test_invalid_month_form_is_reported(
    ana: StaffClient,
    store: Store,
    form_fields: dict[str, Any],
    changes: dict[str, Any],
    message: str,
) -> None:
    answer = ana.post("/org/talleres/mes-nuevo", **(form_fields | changes))
    assert answer.status_code == 422
    assert message in words(answer)


def test_publishing_a_month_asks_about_a_taken_venue_as_publishing_one_does(
    ana: StaffClient, store: Store, form_fields: dict[str, Any], rights: Kind
) -> None:
    path = "/org/talleres/mes-nuevo"
    with store.change() as session:
        office = session.scalars(sa.select(Office)).one()
        library = session.scalars(sa.select(Venue).where(Venue.name.contains("Pilsen"))).one()
        taken = monday().replace(day=17)
        make_workshop(session, office, rights, day=taken, starts=time(18), venue=library)
    look = ana.post(path, **(form_fields | {"days": ["10", "17"]}))
    publish = fields(look.text, path) | {"action": "publish", "date": ["1", "2"]}
    asked = ana.post(path, **publish)
    assert asked.status_code == 422
    page = words(asked)
    assert "Antes de publicar, mira esto" in page
    assert "La sede ya está ocupada a esa hora. Ahí está: 6:00 p. m., Conoce tus derechos." in page
    assert "No se guardó nada todavía" in page
    assert "Publicar de todos modos" in page
    assert all(offered_dates(asked).values()), "what was ticked stays ticked"
    assert len(all_workshops(store)) == 1
    # Without the day that is taken nothing is asked; with it, one more press publishes.
    again = fields(asked.text, path) | {"action": "publish", "date": ["1", "2"]}
    assert ana.post(path, **again).status_code == 303
    assert len(all_workshops(store)) == 3
    assert {each.status for each in all_workshops(store)} == {WorkshopStatus.PUBLISHED}


def test_publishing_a_month_asks_about_holidays_and_two_lines_at_one_hour(
    ana: StaffClient, store: Store, form_fields: dict[str, Any]
) -> None:
    path = "/org/talleres/mes-nuevo"
    july = f"{monday().year}-07"
    look = ana.post(path, **(form_fields | {"month": july, "lines": "4, 10:00\n8, 9:00\n8, 9:30"}))
    publish = fields(look.text, path) | {"action": "publish", "date": ["1", "2", "3"]}
    page = words(ana.post(path, **publish))
    assert "Ese día es feriado" in page
    assert page.count("La sede ya está ocupada a esa hora") == 2, "by each other"
    assert all_workshops(store) == []
    draft = fields(look.text, path) | {"action": "draft", "date": ["1", "2", "3"]}
    assert ana.post(path, **draft).status_code == 303, "drafts are not asked about"


def test_confirmation_is_of_the_day_hour_and_venue_that_were_shown(
    ana: StaffClient, store: Store, form_fields: dict[str, Any]
) -> None:
    path = "/org/talleres/mes-nuevo"
    july = f"{monday().year}-07"
    look = ana.post(path, **(form_fields | {"month": july, "lines": "4, 10:00"}))
    publish = fields(look.text, path) | {"action": "publish", "date": ["1"]}
    asked = ana.post(path, **publish)
    later = ana.post(path, **(form_fields | {"month": july, "lines": "4, 11:00"}))
    other = fields(later.text, path) | {"action": "publish", "date": ["1"]}
    other["sure"] = fields(asked.text, path)["sure"]
    assert ana.post(path, **other).status_code == 422
    assert all_workshops(store) == []


def test_month_of_another_office_is_404(
    ana: StaffClient, form_fields: dict[str, Any], calgary: Office
) -> None:
    assert ana.get("/org/talleres/mes-nuevo?oficina=calgary").status_code == 404
    answer = ana.post(
        "/org/talleres/mes-nuevo", **(form_fields | {"office": "calgary", "days": "3"})
    )
    assert answer.status_code == 404


def test_typed_month_outlives_the_session(
    app: Flask, ana: StaffClient, store: Store, form_fields: dict[str, Any]
) -> None:
    age(store, seen_at=timedelta(minutes=31))
    answer = ana.post("/org/talleres/mes-nuevo", **(form_fields | {"days": "5"}))
    assert answer.status_code == 401
    enrol(app, store)
    restored = Visitor(app).come_in(volver="/org/talleres/mes-nuevo")
    assert re.search(r'name="days" value="5"[^>]* checked', restored.text)


@pytest.mark.time_machine(datetime(2026, 11, 27, 18, tzinfo=UTC))
def test_lines_of_a_messenger_are_taken_as_by_an_import(
    ana: StaffClient, store: Store, form_fields: dict[str, Any]
) -> None:
    message = (
        "Hola! 👋 van los de enero:\n"
        "sáb 16 ene Para mujeres 10am biblioteca de Pilsen\n"
        "viernes 22 y sábado 23 9am\n"
        "28, 18:30, Parroquia San Pío\n"
        "Gracias!\n"
        "\n"
        "*Para mujeres*\n"
        "📅 sábado 30 de enero\n"
        "⏰ 5 a 7 pm\n"
        "📍 Parroquia San Pío (1805 S. Ejemplo St., Chicago)\n"
        "👥 10 lugares"
    )
    form_fields |= {"month": "2027-01", "lines": message}
    path = "/org/talleres/mes-nuevo"
    look = ana.post(path, **form_fields)
    assert look.status_code == 200, words(look)
    numbers = list(offered_dates(look))
    done = ana.post(path, **fields(look.text, path) | {"action": "draft", "date": numbers})
    assert done.status_code == 303, words(done)
    assert [
        (
            each.day.day,
            f"{each.starts:%H:%M}-{each.ends:%H:%M}",
            each.kind.code,
            each.venue.name if each.venue else "",
            each.capacity,
        )
        for each in all_workshops(store)
    ] == [
        (16, "10:00-11:30", "mujeres", "Biblioteca de Pilsen", 40),
        (22, "09:00-10:30", "derechos", "Biblioteca de Pilsen", 40),
        (23, "09:00-10:30", "derechos", "Biblioteca de Pilsen", 40),
        (28, "18:30-20:00", "derechos", "Parroquia San Pío", 12),
        (30, "17:00-19:00", "mujeres", "Parroquia San Pío", 10),
    ]


@pytest.mark.time_machine(datetime(2026, 11, 27, 18, tzinfo=UTC))
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sáb 6 feb 10am", "«sáb 6 feb» no es de este mes."),
        ("sáb 15 ene 10am", "la fecha es de otro día de la semana."),
        ("sáb 16 ene 10am biblioteca de Babel", "no conozco «biblioteca de Babel»"),
        ("sáb 16 ene a las 6", "a las 6 no es una hora."),
        ("sáb 16 ene Registro de mascotas 10am", "no conozco «Registro de mascotas»"),
        ("sáb 16, 25:00", "25:00 no es una hora."),
    ],
)
def test_line_of_a_messenger_that_is_unclear_is_named(
    ana: StaffClient, store: Store, form_fields: dict[str, Any], line: str, message: str
) -> None:
    form_fields |= {"month": "2027-01", "starts": "", "lines": f"dom 17 ene 10am\n{line}"}
    answer = ana.post("/org/talleres/mes-nuevo", **form_fields)
    assert answer.status_code == 422
    assert f"Línea 2: {message}" in words(answer) or f"«{line[:10]}»: {message}" in words(answer)
    assert all_workshops(store) == []
