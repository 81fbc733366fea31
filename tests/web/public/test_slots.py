"""Time slots of one-to-one consultations."""

import re
from datetime import time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from outreach import clock
from outreach.db.store import Store
from outreach.domain import registrations
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration, RegistrationStatus
from outreach.domain.registrations.public_seats import MAX_DELAY, DelayedStates
from outreach.domain.workshops import Workshop
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import a_saturday, make_workshop, seat
from tests.support.registration_forms import (
    answers,
    everyone,
    filled,
    link_of,
    now_of,
    send,
    status_of,
)

pytestmark = [pytest.mark.core, pytest.mark.any_database]


@pytest.fixture
def consultations(store: Store, chicago: Office, rights: Kind) -> Workshop:
    """Consultations from ten to two, with three slots an hour."""
    with store.change() as session:
        return make_workshop(
            session,
            chicago,
            rights,
            way=Way.SLOTS,
            day=a_saturday(),
            starts=time(10),
            ends=time(14),
            slot_minutes=20,
        )


def show_delayed_seats(store: Store) -> None:
    """What the public sees after the longest delay."""
    delayed, now = DelayedStates(), clock.now()
    scheduled_jobs.show_seats(store, delayed, now=now)
    scheduled_jobs.show_seats(store, delayed, now=now + MAX_DELAY)


def offered_slots(page: str) -> list[str]:
    return re.findall(r'name="slot" value="([^"]+)"', page)


def test_free_slots_can_be_chosen_and_taken_ones_are_struck_through(
    client: FlaskClient, store: Store, key_store: KeyStore, consultations: Workshop
) -> None:
    seat(store, key_store, consultations, slot="10:20")
    page = client.get(f"/es/t/{consultations.public_id}/lugar").text
    assert "Elige tu hora" in page
    assert offered_slots(page) == [
        f"{hour}:{minute:02d}"
        for hour in (10, 11, 12, 13)
        for minute in (0, 20, 40)
        if (hour, minute) != (10, 20)
    ]
    assert "Quedan 11 horas libres." in page
    morning, afternoon = page.index(">Mañana<"), page.index(">Tarde<")
    assert morning < page.index('value="11:40"') < afternoon < page.index('value="12:00"')
    assert re.search(
        r'class="hour hour-taken"><span>10:20<span class="visually-hidden"> a\.\xa0m\. ocupada',
        page,
    )


def test_discreet_kind_shows_neither_taken_slots_nor_the_number_of_free_ones(
    client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        circle = make_workshop(
            session, chicago, women, way=Way.SLOTS,
            starts=time(10), ends=time(14), slot_minutes=20,
        )  # fmt: skip
    luz = seat(store, key_store, circle, name="Luz", slot="10:20")
    seat(store, key_store, circle, name="Ana", slot="10:40")
    show_delayed_seats(store)
    register, change = f"/es/t/{circle.public_id}/lugar", f"{link_of(key_store, luz)}/cambiar"
    for path, taken in ((register, {"10:20", "10:40"}), (change, {"10:40"})):
        page = client.get(path).text
        assert "10:00" in offered_slots(page)
        assert not taken & set(offered_slots(page))
        for text in (*taken, "ocupada", "tachadas", 'class="hour hour-taken"', "horas libres"):
            assert text not in page, f"{text} on {path}"
    assert "10:20" in offered_slots(client.get(change).text), "a person may keep their own slot"


def test_discreet_form_whose_last_shown_hour_is_taken_gets_any_free_hour(
    app: Flask, client: FlaskClient, store: Store, key_store: KeyStore, chicago: Office, women: Kind
) -> None:
    with store.change() as session:
        circle = make_workshop(
            session, chicago, women, way=Way.SLOTS,
            starts=time(10), ends=time(11), slot_minutes=30,
        )  # fmt: skip
    luz = seat(store, key_store, circle, name="Luz", slot="10:00")
    show_delayed_seats(store)  # 10:30 is left of them
    seat(store, key_store, circle, name="Ana", slot="10:30")
    with store.change() as session:
        registrations.cancel(session, session.get_one(Registration, luz.id), now=clock.now())
    post = answers(app, circle, slot="10:30", contact="none", consent="yes")
    taken = send(client, circle, post)
    assert taken.status_code == 409
    assert "Vuelve a enviar para cualquier hora libre." in taken.text
    assert filled(taken)["slot"] == [""]
    answer = send(client, circle, post | {"slot": ""})
    assert answer.status_code == 303
    hours = {f"{each.starts:%H:%M}" for each in everyone(store) if each.slot is not None}
    assert hours == {"10:00", "10:30"}


def test_chosen_slot_is_stored_and_shown(
    app: Flask, client: FlaskClient, store: Store, consultations: Workshop
) -> None:
    answer = send(client, consultations, answers(app, consultations, slot="13:20"))
    assert answer.status_code == 303
    [rosa] = everyone(store)
    assert (rosa.status, rosa.starts, rosa.ends) == (
        RegistrationStatus.CONFIRMED,
        time(13, 20),
        time(13, 40),
    )
    page = client.get(answer.headers["Location"]).text
    assert "1:20\u00a0p.\u00a0m. a 1:40\u00a0p.\u00a0m." in page
    entry = client.post(f"{answer.headers['Location']}/cita.ics")
    [event] = Calendar.from_ical(entry.data).events
    assert f"{event.DTSTART:%H:%M}-{event.DTEND:%H:%M}" == "13:20-13:40"


@pytest.mark.parametrize("hour", ["", "9:00", "10:10", "14:00", "25:00", "diez", "10:20\x00"])
def test_unknown_slot_is_refused(
    app: Flask, client: FlaskClient, store: Store, consultations: Workshop, hour: str
) -> None:
    answer = send(client, consultations, answers(app, consultations, slot=hour))
    assert answer.status_code == 422
    assert 'href="#slot-1000"' in answer.text
    assert 'id="slot-1000"' in answer.text
    assert filled(answer)["name"] == ["Rosa"]
    assert everyone(store) == []


def test_slot_just_taken_is_reported_and_the_input_is_kept(
    app: Flask, client: FlaskClient, store: Store, key_store: KeyStore, consultations: Workshop
) -> None:
    seat(store, key_store, consultations, name="Ana", slot="11:00")
    typed = answers(app, consultations, slot="11:00", contact="email", email="rosa@ejemplo.com")
    answer = send(client, consultations, typed)
    assert answer.status_code == 409
    assert "Esa hora se acaba de ocupar." in answer.text
    assert "11:00" not in offered_slots(answer.text)
    returned = {name: each[0] for name, each in filled(answer).items()}
    assert (returned["name"], returned["email"], returned["nonce"]) == (
        "Rosa",
        "rosa@ejemplo.com",
        typed["nonce"],
    )
    assert len(everyone(store)) == 1
    assert key_store.find("rosa@ejemplo.com") == []
    assert send(client, consultations, returned | {"slot": "11:20"}).status_code == 303


def test_waitlist_is_for_any_slot_if_all_are_taken(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        single = make_workshop(
            session, chicago, rights, way=Way.SLOTS, starts=time(10), ends=time(11), slot_minutes=60
        )
    ana = seat(store, key_store, single, name="Ana", slot="10:00")
    page = client.get(f"/es/t/{single.public_id}/lugar").text
    assert "Te guardamos un turno para cualquier hora." in page
    assert "Entrar a la lista de espera" in page
    assert offered_slots(page) == []
    link = send(client, single, answers(app, single)).headers["Location"]
    assert "Esperas cualquier hora de ese día." in client.get(link).text
    client.post(f"{link_of(key_store, ana)}/cancelar")
    offer = client.get(link).text
    assert 'data-standing="offered"' in offer
    assert "10:00\u00a0a.\u00a0m. a 11:00\u00a0a.\u00a0m." in offer


def test_form_links_to_other_days_of_the_consultations(
    client: FlaskClient, store: Store, chicago: Office, rights: Kind, consultations: Workshop
) -> None:
    with store.change() as session:
        later = make_workshop(
            session,
            chicago,
            rights,
            way=Way.SLOTS,
            slot_minutes=20,
            day=a_saturday() + timedelta(days=7),
        )
        group = make_workshop(session, chicago, rights, day=a_saturday() + timedelta(days=8))
    page = client.get(f"/es/t/{consultations.public_id}/lugar").text
    assert f'formaction="/es/t/{later.public_id}/lugar"' in page
    assert f'href="/es/t/{consultations.public_id}/lugar" aria-current="page"' in page
    assert group.public_id not in page


def test_changed_slot_updates_the_calendar_entry(
    client: FlaskClient, store: Store, key_store: KeyStore, consultations: Workshop
) -> None:
    rosa = seat(store, key_store, consultations, slot="10:00")
    seat(store, key_store, consultations, name="Ana", slot="12:00")
    link = link_of(key_store, rosa)
    form = client.get(f"{link}/cambiar")
    assert filled(form)["slot"] == ["10:00"]
    assert "12:00" not in offered_slots(form.text)
    typed = {name: each[0] for name, each in filled(form).items()}
    taken = client.post(f"{link}/cambiar", data=typed | {"slot": "12:00", "name": "Rosita"})
    assert taken.status_code == 409
    assert "Esa hora ya está ocupada. Tu hora sigue apartada." in taken.text
    assert filled(taken)["name"] == ["Rosita"]
    assert client.post(f"{link}/cambiar", data=typed | {"slot": "13:00"}).status_code == 303
    assert now_of(store, rosa).starts == time(13)
    entry = client.post(f"{link}/cita.ics")
    [event] = Calendar.from_ical(entry.data).events
    assert event["SEQUENCE"] == consultations.sequence + 1
    assert "10:00" in offered_slots(client.get(f"/es/t/{consultations.public_id}/lugar").text)


def test_workshop_without_slots_refuses_a_slot(
    app: Flask, client: FlaskClient, store: Store, chicago: Office, rights: Kind
) -> None:
    with store.change() as session:
        group = make_workshop(session, chicago, rights)
    assert send(client, group, answers(app, group, slot="10:20")).status_code == 422


def test_slot_with_two_seats_takes_two_registrations(
    app: Flask,
    client: FlaskClient,
    store: Store,
    key_store: KeyStore,
    chicago: Office,
    rights: Kind,
) -> None:
    with store.change() as session:
        pairs = make_workshop(
            session,
            chicago,
            rights,
            way=Way.SLOTS,
            starts=time(10),
            ends=time(12),
            slot_minutes=60,
            slot_places=2,
        )
    rosa = seat(store, key_store, pairs, slot="10:00")
    assert send(client, pairs, answers(app, pairs, slot="10:00")).status_code == 303
    too_many = send(client, pairs, answers(app, pairs, slot="11:00", people="3"))
    assert too_many.status_code == 422
    assert "de 1 a 2" in too_many.text
    assert status_of(store, rosa) is RegistrationStatus.CONFIRMED
    with store.read() as session:
        row = session.get_one(Registration, rosa.id)
        assert registrations.capacity.get_hold(row).slot_id == rosa.slot_id
