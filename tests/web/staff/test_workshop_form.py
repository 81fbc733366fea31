"""Optional parts of the workshop form: time slots, accommodation limits, series, overbooking and
reconfirmation."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.scheduling import workshop_service
from outreach.domain.workshops import Workshop
from outreach.domain.workshops.series import WorkshopSeries
from outreach.imports import DATA
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import kind, make_workshop, seat
from tests.support import html_forms
from tests.support.arrivals import store_arrival
from tests.support.fixed_clock import fixed_clock
from tests.support.staff_client import StaffClient, employ, signed_in_as, words
from tests.web.staff.test_workshops import typed

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


SLOTS = {
    "way": "slots",
    "slot_minutes": "30",
    "slot_places": "2",
    "capacity": "",
    "party_limit": "1",
}
RARE = {
    "has_childcare": "yes",
    "interpretation": ["nah", "mxt"],
    "limit_childcare": "6",
    "limit_nah": "2",
    "opens_days": "21",
    "confirm_days": "3",
    "frees_silence": "yes",
    "overbooked": "5",
    "series": "nueva",
    "series_name": "Sábados de otoño",
    "series_joint": "yes",
}


def test_capacity_of_consultations_follows_from_their_time_slots(
    ana: StaffClient, store: Store
) -> None:
    assert ana.post("/org/talleres/nuevo", **typed(**SLOTS)).status_code == 303
    workshop = _only(store)
    assert (workshop.way, workshop.slot_minutes, workshop.slot_places) == (Way.SLOTS, 30, 2)
    assert (workshop.capacity, workshop.seats_left) == (8, 8)  # 10:00 to 12:00
    page = words(ana.get(f"/org/talleres/{workshop.public_id}/editar"))
    assert "4 horas con 2 por hora: 8 lugares." in page


def test_end_before_the_start_is_asked_about_where_it_would_last_very_long(
    ana: StaffClient, store: Store
) -> None:
    slip = typed(starts="17:15", ends="16:00")
    for answer in ({}, {"next_day": "17:15-15:00"}):
        asked = ana.post("/org/talleres/nuevo", **slip | answer)
        assert asked.status_code == 422
        assert "¿Termina el día siguiente?" in words(asked)
    ticked = html_forms.fields(asked.text, "/org/talleres/nuevo")
    assert "next_day" not in ticked, "it was ticked for other hours"
    yes = {"next_day": "17:15-16:00"}
    made = ana.post("/org/talleres/nuevo", **slip | yes)
    assert made.status_code == 303
    path = f"/org/talleres/{_only(store).public_id}/editar"
    again = html_forms.fields(ana.get(path).text, path)
    assert again["next_day"] == "17:15-16:00", "it is not asked again"


def test_workshop_past_midnight_is_saved_unasked(ana: StaffClient, store: Store) -> None:
    night = typed(starts="20:00", ends="00:30")
    assert ana.post("/org/talleres/nuevo", **night).status_code == 303
    workshop = _only(store)
    assert workshop.ends_at - workshop.starts_at == timedelta(hours=4, minutes=30)
    path = f"/org/talleres/{workshop.public_id}/editar"
    assert "next_day" not in ana.get(path).text


@fixed_clock
def test_hour_that_clocks_show_twice_is_asked_about(ana: StaffClient, store: Store) -> None:
    night = typed(day="2027-11-07", starts="01:30", ends="03:00")
    asked = ana.post("/org/talleres/nuevo", **night)
    assert asked.status_code == 422
    assert "da esa hora dos veces. Elige cuál es." in words(asked)
    assert 'value="Conoce tus derechos"' in asked.text, "typed values are kept"

    assert ana.post("/org/talleres/nuevo", **night | {"which_hour": "otra"}).status_code == 422
    assert ana.post("/org/talleres/nuevo", **night | {"which_hour": "segunda"}).status_code == 303
    workshop = _only(store)
    assert workshop.is_second_hour
    assert workshop.starts_at == datetime(2027, 11, 7, 7, 30, tzinfo=UTC)
    page = f"/org/talleres/{workshop.public_id}"
    assert "Es la segunda vez que el reloj la da." in words(ana.get(page))
    assert "la segunda de las dos veces" in words(ana.get(f"/es/t/{workshop.public_id}"))

    edited = night | {"venue": str(workshop.venue_id), "action": "save"}
    edited["seen"] = html_forms.value(ana.get(f"{page}/editar").text, "seen")
    assert ana.post(f"{page}/editar", **edited | {"which_hour": "primera"}).status_code == 303
    assert _only(store).starts_at == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


def test_form_of_consultations_shows_the_resulting_capacity(
    ana: StaffClient, store: Store, chicago: Office
) -> None:
    with store.change() as session:
        session.add(
            kind(
                "asesoria",
                "Asesoría",
                position=2,
                way=Way.SLOTS,
                slot_minutes=20,
                minutes=240,
                capacity=24,
                party_limit=1,
            )
        )
    page = words(ana.get("/org/talleres/nuevo?tipo=asesoria"))
    assert "12 horas con 2 por hora: 24 lugares." in page


def test_all_fields_are_saved_and_shown(ana: StaffClient, store: Store) -> None:
    assert ana.post("/org/talleres/nuevo", **typed(**RARE)).status_code == 303
    workshop = _only(store)
    assert workshop.support == {"childcare": 6, "interpreter-nah": 2}
    assert (workshop.opens_days, workshop.confirm_days, workshop.frees_silence) == (21, 3, True)
    assert (workshop.overbooked, workshop.seats_left) == (5, 45)
    assert workshop.series is not None
    assert (workshop.series.name, workshop.series.is_joint) == ("Sábados de otoño", True)
    page = ana.get(f"/org/talleres/{workshop.public_id}/editar").get_data(as_text=True)
    for name, value in (
        ("limit_childcare", "6"),
        ("limit_nah", "2"),
        ("limit_mxt", ""),
        ("opens_days", "21"),
        ("confirm_days", "3"),
        ("overbooked", "5"),
    ):
        assert f'name="{name}" type="text" value="{value}"' in page
    assert 'name="frees_silence" value="yes" checked' in page
    assert 'name="series_joint" value="yes" checked' in page
    same = RARE | {"series": str(workshop.series.id), "series_name": ""}
    assert workshop.venue is not None
    answer = ana.post(
        f"/org/talleres/{workshop.public_id}/editar",
        **typed(**same, venue=str(workshop.venue.id), action="save"),
    )
    assert "hecho=igual" in answer.headers["Location"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (SLOTS | {"slot_minutes": "4"}, "Di cada cuántos minutos empieza una cita: 5 o más."),
        (SLOTS | {"slot_places": "0"}, "Di cuántos lugares hay a cada hora: 1 o más."),
        (SLOTS | {"overbooked": "2"}, "En las citas a una hora no se dan lugares de más."),
        ({"capacity": ""}, "Escribe cuántos lugares hay."),
        ({"opens_days": "0"}, "Escribe de 1 a 365 días antes, o déjalo vacío."),
        ({"confirm_days": "1"}, "Escribe de 2 a 14 días antes, o déjalo vacío."),
        ({"confirm_days": "pronto"}, "Escribe un número entero."),
        ({"overbooked": "-1"}, "Escribe un número de 0 a 100,000."),
        ({"limit_childcare": "3"}, "Marca que hay cuidado de niños, o quita el límite."),
        ({"limit_nah": "3"}, "Marca intérprete de Náhuatl, o quita su límite."),
        ({"series": "nueva"}, "Escribe el nombre de la serie."),
        ({"series": "99"}, "Elige una opción de la lista."),
    ],
)
def test_invalid_values_are_reported_at_their_fields(
    ana: StaffClient, store: Store, wrong: dict[str, Any], message: str
) -> None:
    answer = ana.post("/org/talleres/nuevo", **typed(**({"confirm_days": "5"} | wrong)))
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert words(answer).count(message) >= 2, "in the summary and at the field"
    for name, value in wrong.items():
        if value and name not in {"way", "series"}:
            assert f'name="{name}" type="text" value="{value}"' in page
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Workshop)) == 0


def test_accommodation_limit_below_the_promised_number_is_refused(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    ana.post("/org/talleres/nuevo", **typed(has_childcare="yes", limit_childcare="6"))
    workshop = _only(store)
    for name in ("Rosa", "Luz"):
        seat(store, key_store, workshop, name=name, needs=("childcare",))
    answer = _edit(ana, workshop, has_childcare="yes", limit_childcare="1")
    assert answer.status_code == 422
    assert "Ya se prometió apoyo a 2. Pon 2 o más." in words(answer)


def test_group_registration_changes_only_for_the_shown_series(
    ana: StaffClient, store: Store
) -> None:
    joint = typed(series="nueva", series_name="Otoño", series_joint="yes")
    ana.post("/org/talleres/nuevo", **joint)
    workshop = _only(store)
    with store.change() as session:
        office = session.merge(workshop.office)
        session.add(WorkshopSeries(office_id=office.id, name="Primavera", is_joint=True))
    with store.read() as session:
        spring_series = session.scalars(
            sa.select(WorkshopSeries.id).where(WorkshopSeries.name == "Primavera")
        ).one()
    _edit(ana, workshop, series=str(spring_series))  # the form did not show its tick
    assert _joint(store) == {"Otoño": True, "Primavera": True}
    answer = _edit(ana, workshop, series=str(spring_series))
    assert "hecho=cambiado" in answer.headers["Location"]
    assert _joint(store) == {"Otoño": True, "Primavera": False}


def test_series_of_another_office_cannot_be_chosen(
    ana: StaffClient, store: Store, calgary: Office
) -> None:
    with store.change() as session:
        series = WorkshopSeries(office_id=calgary.id, name="Suya")
        session.add(series)
        session.flush()
        foreign_series = str(series.id)
    answer = ana.post("/org/talleres/nuevo", **typed(series=foreign_series))
    assert answer.status_code == 422
    assert "Suya" not in answer.get_data(as_text=True)


def test_overbooking_is_suggested_with_its_reason_and_not_applied(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    assert "Todavía no sabemos cuántas personas faltan." in words(
        ana.get("/org/talleres/nuevo?tipo=derechos")
    )
    _create_past_workshops(store, key_store, chicago, rights)
    page = ana.get("/org/talleres/nuevo?tipo=derechos")
    assert "En tus últimos 6 talleres de este tipo vino 5 de cada 10." in words(page)
    assert "Puedes dar 19 lugares de más." in words(page)
    assert 'name="overbooked" type="text" value="0"' in page.text
    filled = ana.post("/org/talleres/nuevo", **typed(action="overbook", overbooked="0"))
    assert filled.status_code == 200
    assert 'name="overbooked" type="text" value="19"' in filled.text
    assert 'value="Conoce tus derechos"' in filled.text, "typed values are kept"
    assert _count(store) == 6, "nothing was saved"
    elsewhere = typed(overbooked="19", venue_address="7 Otra")  # where none of the six was
    confirmation_page = ana.post("/org/talleres/nuevo", **elsewhere)
    assert confirmation_page.status_code == 303
    assert _count(store) == 7


def test_overbooking_is_not_suggested_with_time_slots(
    ana: StaffClient, store: Store, key_store: KeyStore, chicago: Office, rights: Kind
) -> None:
    _create_past_workshops(store, key_store, chicago, rights)
    answer = ana.post("/org/talleres/nuevo", **typed(**SLOTS, action="overbook"))
    assert answer.status_code == 200
    assert "de cada 10" not in words(answer)


def test_overbooked_seats_are_offered_to_the_waitlist(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    ana.post("/org/talleres/nuevo", **typed(capacity="2"))
    workshop = _only(store)
    seat(store, key_store, workshop, people=2)
    luz = seat(store, key_store, workshop, name="Luz")
    _edit(ana, workshop, capacity="2", overbooked="1", aviso="avisar")
    scheduled_jobs.end_undo_windows(store, now=clock.now() + UNDO_WINDOW)
    with store.read() as session:
        assert session.get_one(Registration, luz.id).status is Place.OFFERED


def test_edited_workshop_keeps_what_it_copied_from_its_kind(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind
) -> None:
    """Retention, reminders and what to bring are copied again only when another kind is chosen."""
    with store.change() as session:
        workshop = make_workshop(session, chicago, rights, bring={"es": "Tu acta de nacimiento."})
        session.get_one(Kind, rights.id).retention_days = 7
        session.get_one(Kind, rights.id).has_reminders = False
        session.add(kind("daca", "DACA", retention_days=90, bring={"es": "Tu tarjeta."}))
    assert _edit(ana, workshop, bring_es="Tu acta de nacimiento.").status_code == 303
    same = _only(store)
    assert (same.title["es"], same.retention_days, same.has_reminders) == (
        "Conoce tus derechos", 30, True
    )  # fmt: skip
    assert same.bring["es"] == "Tu acta de nacimiento."
    other = _edit(ana, workshop, kind="daca", bring_es="Tu acta de nacimiento.")
    assert other.status_code == 303
    changed = _only(store)
    assert (changed.retention_days, changed.bring["es"]) == (90, "Tu tarjeta.")


def test_packaged_kinds_ask_for_reconfirmation_unless_discreet() -> None:
    file = DATA / "taxonomy.json"
    for each in json.loads(file.read_text(encoding="utf-8"))["kinds"]:
        starts_with = each["defaults"]
        is_asked = starts_with["way"] in {"place", "slots"} and not each["discreet"]
        assert starts_with.get("confirm_days") == (3 if is_asked else None)
        assert not starts_with.get("frees_silence", False)


def _create_past_workshops(store: Store, key_store: KeyStore, office: Office, kind: Kind) -> None:
    """Creates six past workshops with ten of twenty arrived."""
    for week in range(1, 7):
        day = clock.now().date() - timedelta(days=7 * week)
        with store.change() as session:
            workshop = make_workshop(session, office, kind, day=day, party_limit=20)
        before = workshop.starts_at - timedelta(days=1)
        group = seat(store, key_store, workshop, people=20, now=before)
        with store.change() as session:
            store_arrival(session, session.get_one(Registration, group.id), 10)
            past_workshop = session.get_one(Workshop, workshop.id)
            workshop_service.report(past_workshop, head_count=10, now=clock.now())


def _edit(ana: StaffClient, workshop: Workshop, **changes: Any) -> Any:
    assert workshop.venue is not None
    same = {"venue": str(workshop.venue.id), "capacity": str(workshop.capacity), "action": "save"}
    return ana.post(f"/org/talleres/{workshop.public_id}/editar", **typed(**(same | changes)))


def _only(store: Store) -> Workshop:
    with store.read() as session:
        return session.scalars(sa.select(Workshop)).one()


def _count(store: Store) -> int:
    with store.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Workshop)) or 0


def _joint(store: Store) -> dict[str, bool]:
    with store.read() as session:
        rows = session.execute(sa.select(WorkshopSeries.name, WorkshopSeries.is_joint))
        return {row[0]: row[1] for row in rows}
