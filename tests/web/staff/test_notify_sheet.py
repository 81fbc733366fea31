"""The sheet before each change that people are told of: each action of staff, each answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from outreach import clock, formats
from outreach.accounts.sessions import StaffSession
from outreach.config import Config
from outreach.db.store import Store
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations.message_types import CHANGE_TYPES
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.scheduling import tours
from outreach.domain.scheduling.kept_queue import KeptAnswer
from outreach.domain.scheduling.tours import Tour
from outreach.domain.workshops import DeliveryMode, Workshop, WorkshopStatus
from outreach.domain.workshops.tour_stops import TourStop
from outreach.keystore import KeyStore
from outreach.privacy import erasure
from tests.conftest import seat, venue
from tests.domain.scheduling.test_tours import five_stops, list_stops
from tests.support.html_forms import fields
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database("what a sheet says and what its buttons change")

SHEET: Final = "¿A quién le avisamos?"
Send = Callable[..., TestResponse]


@dataclass(frozen=True)
class Scene:
    """A stop of a tour with a published workshop at which Rosa (e-mail) has a place, at a desk."""

    ana: StaffClient
    store: Store
    key_store: KeyStore
    route: Tour
    workshop: Workshop
    rosa: Registration

    @property
    def path(self) -> str:
        return f"/org/talleres/{self.workshop.public_id}"

    @property
    def stop_path(self) -> str:
        return f"/org/giras/chicago/{self.route.id}/parada/{self.workshop.stop_id}"

    def read(self) -> Workshop:
        with self.store.read() as session:
            return session.get_one(Workshop, self.workshop.id)

    def list_changes(self) -> list[NotificationType]:
        with self.store.read() as session:
            return list(
                session.scalars(
                    sa.select(Notification.cause)
                    .where(
                        Notification.registration_id == self.rosa.id,
                        Notification.cause.in_(CHANGE_TYPES),
                    )
                    .order_by(Notification.id)
                )
            )


@pytest.fixture
def scene(
    app: Flask, store: Store, key_store: KeyStore, chicago: Office, rights: Any, women: Any
) -> Scene:
    route = five_stops(store, chicago)
    with store.read() as session:
        stop = list_stops(session, route)[2]
        workshop = next(
            each
            for each in tours.list_workshops(session, [stop.id])[stop.id]
            if not each.is_discreet
        )
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.org")
    return Scene(signed_in_as(app, store, employ(store)), store, key_store, route, workshop, rosa)


def edit(scene: Scene, **more: str) -> TestResponse:
    path = f"{scene.path}/editar"
    filled = fields(scene.ana.get(path).text, path)
    later = str(scene.workshop.day + timedelta(days=1))
    return scene.ana.post(path, **{**filled, "day": later, "action": "save", **more})


def move(scene: Scene, **more: str) -> TestResponse:
    path = f"{scene.path}/mover"
    filled = fields(scene.ana.get(path).text, path)
    later = str(scene.workshop.day + timedelta(days=1))
    return scene.ana.post(path, **{**filled, "dia": later, **more})


def cancel(scene: Scene, **more: str) -> TestResponse:
    return scene.ana.post(f"{scene.path}/cancelar", reason="few", **more)


def move_many(scene: Scene, **more: str) -> TestResponse:
    chosen = [scene.workshop.public_id]
    return scene.ana.post("/org/talleres/varios", hacer="mover", t=chosen, dias="1", **more)


def cancel_many(scene: Scene, **more: str) -> TestResponse:
    chosen = [scene.workshop.public_id]
    return scene.ana.post("/org/talleres/varios", hacer="cancelar", t=chosen, motivo="few", **more)


def change_venue(scene: Scene, *, address: str = "1 Otra Ave.", **more: str) -> TestResponse:
    path = f"/org/sedes/chicago/{scene.workshop.venue_id}"
    filled = fields(scene.ana.get(path).text, path)
    return scene.ana.post(path, **{**filled, "address": address, **more})


def change_stop(scene: Scene, **more: str) -> TestResponse:
    filled = fields(scene.ana.get(scene.stop_path).text, scene.stop_path)
    later = str(scene.workshop.day + timedelta(days=2))
    kinds = ["derechos", "mujeres"]
    return scene.ana.post(scene.stop_path, **{**filled, "day": later, "kinds": kinds, **more})


def cancel_stop(scene: Scene, **more: str) -> TestResponse:
    return scene.ana.post(f"{scene.stop_path}/cancelar", reason="few", **more)


ACTIONS: Final[dict[str, tuple[Send, NotificationType]]] = {
    "edit": (edit, NotificationType.CHANGED),
    "cancel": (cancel, NotificationType.CANCELLED),
    "move": (move, NotificationType.CHANGED),
    "move many": (move_many, NotificationType.CHANGED),
    "cancel many": (cancel_many, NotificationType.CANCELLED),
    "venue": (change_venue, NotificationType.CHANGED),
    "stop": (change_stop, NotificationType.CHANGED),
    "cancel stop": (cancel_stop, NotificationType.CANCELLED),
}
PLACES: Final = {"venue", "stop", "cancel stop"}
each_action = pytest.mark.parametrize("name", ACTIONS)


def facts_of(workshop: Workshop) -> tuple[object, ...]:
    assert workshop.venue is not None
    return workshop.day, workshop.status, workshop.venue.address, workshop.sequence


@each_action
def test_action_shows_the_sheet_first_and_changes_nothing(scene: Scene, name: str) -> None:
    send, cause = ACTIONS[name]
    before = facts_of(scene.read())
    page = send(scene)
    text = words(page)
    assert SHEET in text
    assert "1 por correo: sale solo" in text
    assert "Avisar" in text
    assert "Decidir luego" in text
    subject = "Se canceló:" if cause is NotificationType.CANCELLED else "Cambio:"
    assert subject in text, "the words that people read"
    if cause is NotificationType.CHANGED:
        assert "(su enlace)" in text
    assert "/r/" not in page.text
    assert facts_of(scene.read()) == before
    assert scene.list_changes() == []


@each_action
def test_main_button_counts_people(scene: Scene, name: str) -> None:
    send, _cause = ACTIONS[name]
    act = "Cancelar y avisar a" if "cancel" in name else "Guardar y avisar a"
    assert f"{act} 1 persona " in words(send(scene)) + " "
    for number in range(2):
        seat(
            scene.store, scene.key_store, scene.workshop, name=f"Luz {number}",
            contact=ContactMethod.EMAIL, address=f"luz{number}@example.org",
        )  # fmt: skip
    assert f"{act} 3 personas " in words(send(scene)) + " "
    with scene.store.change() as session:
        session.execute(sa.update(Registration).values(contact=ContactMethod.NONE))
    answer = send(scene)
    assert answer.status_code == 303, "nobody is asked about"


@pytest.mark.parametrize("name", ["cancel", "cancel stop"])
def test_page_of_a_cancellation_counts_people(scene: Scene, name: str) -> None:
    send, _cause = ACTIONS[name]
    address = send(scene).request.path
    page = words(scene.ana.get(address))
    assert "Cancelar y avisar a 1 persona " in page + " "
    with scene.store.change() as session:
        session.execute(sa.update(Registration).values(contact=ContactMethod.NONE))
    page = words(scene.ana.get(address))
    assert "Nadie recibe aviso." in page
    assert "Cancelar y avisar" not in page
    assert "Sí, cancelar" in page


def test_sheet_shows_the_old_value_beside_the_new_one(scene: Scene) -> None:
    workshop = scene.read()
    before, after = day_words(workshop.day), day_words(workshop.day + timedelta(days=1))
    more = {"starts": "19:15", "ends": "21:15", "capacity": "77", "mode": DeliveryMode.HYBRID.value}
    page = words(edit(scene, **more, online_url="https://example.org/sala"))
    hours = f"{hour_of(workshop.starts)} a {hour_of(workshop.ends)}"
    for said in (
        f"Fecha antes: {before} → ahora: {after}",
        f"Hora antes: {hours} → ahora: 7:15 p. m. a 9:15 p. m.",
        "Cómo se da antes: En persona → ahora: En persona y en línea",
        f"Lugares antes: {workshop.capacity} → ahora: 77",
    ):
        assert said in page
    assert page.index("Fecha antes:") < page.index("Hora antes:") < page.index("Lugares antes:")
    assert "Título antes:" not in page, "it has not changed"


def test_sheet_shows_both_venues(scene: Scene) -> None:
    with scene.store.change() as session:
        office = session.get_one(Workshop, scene.workshop.id).office
        other = venue(session, office, "Otra sala", address="9 Nueva St.")
        session.flush()
        number = other.id
    former = scene.read().venue
    assert former is not None
    page = words(edit(scene, venue=str(number)))
    assert f"Sede antes: {former.name}" in page
    assert "ahora: Otra sala, 9 Nueva St." in page


def test_sheet_shows_what_changed_of_a_venue(scene: Scene) -> None:
    former = scene.read().venue
    assert former is not None
    page = words(change_venue(scene))
    assert f"Sede: {former.name} Dirección antes: {former.address}" in page
    assert "ahora: 1 Otra Ave." in page


def test_sheet_of_a_cancellation_of_several_says_so(scene: Scene) -> None:
    assert "Estado antes: Publicado → ahora: Cancelado" in words(cancel_many(scene))


def test_sheet_about_earlier_changes_shows_them_as_one(scene: Scene) -> None:
    first = day_words(scene.workshop.day)
    edit(scene, aviso="luego")
    edit(scene, day=str(scene.workshop.day + timedelta(days=2)), aviso="luego")
    last = day_words(scene.workshop.day + timedelta(days=2))
    page = words(scene.ana.post(f"{scene.path}/avisar"))
    assert f"Fecha antes: {first} → ahora: {last}" in page


def test_sheet_leaves_out_what_people_know(scene: Scene) -> None:
    edit(scene, aviso="avisar")
    with scene.store.change() as session:
        rosa = session.get_one(Registration, scene.rosa.id)
        rosa.known_facts = session.get_one(Workshop, scene.workshop.id).facts
    edit(scene, starts="19:15", ends="21:15", aviso="luego")
    page = words(scene.ana.post(f"{scene.path}/avisar"))
    assert "Hora antes:" in page
    assert "Fecha antes:" not in page


def day_words(day: date) -> str:
    return formats.dated(day, formats.WEEKDAY_AND_DAY, "es")


def hour_of(hour: time) -> str:
    return " ".join(formats.hour(hour, "es").split())


@each_action
def test_sheet_sends_the_form_again_with_the_decision(scene: Scene, name: str) -> None:
    send, cause = ACTIONS[name]
    page = send(scene)
    again = fields(page.text, page.request.path) | {"aviso": "avisar"}
    assert scene.ana.post(page.request.path, **again).status_code == 303
    assert scene.list_changes() == [cause]
    with scene.store.read() as session:
        due = session.scalars(
            sa.select(Notification.due_at).where(Notification.cause == cause)
        ).one()
    assert timedelta(0) < due - clock.now() <= UNDO_WINDOW


@each_action
def test_later_waits_on_today(scene: Scene, name: str) -> None:
    send, _cause = ACTIONS[name]
    assert send(scene, aviso="luego").status_code == 303
    assert scene.list_changes() == []
    assert "Por avisar" in words(scene.ana.get("/org/"))
    page = scene.ana.post(f"{scene.path}/avisar")
    assert SHEET in words(page)
    assert scene.ana.post(f"{scene.path}/avisar", aviso="avisar").status_code == 303
    assert len(scene.list_changes()) == 1
    assert "Por avisar" not in words(scene.ana.get("/org/"))


@each_action
def test_action_is_undone_with_its_notification(scene: Scene, name: str) -> None:
    send, _cause = ACTIONS[name]
    before = facts_of(scene.read())
    answer = send(scene, aviso="avisar")
    page = scene.ana.get(answer.location)
    assert "Los avisos salen en 5 minutos. 1 correo Deshacer" in words(page)
    batch = page.text.split("/org/deshacer/")[1].split('"')[0]
    answer = scene.ana.post(f"/org/deshacer/{batch}")
    assert answer.status_code == (200 if name in PLACES else 303)
    after = facts_of(scene.read())
    assert after[:-1] == before[:-1]
    assert scene.read().sequence == scene.workshop.sequence + 2
    assert scene.list_changes() == []
    assert scene.ana.post(f"/org/deshacer/{batch}").status_code == 404, "undone once"


def test_venue_is_changed_back_for_all_its_workshops_or_none(
    scene: Scene, store: Store, key_store: KeyStore
) -> None:
    batch = find_batch(scene, change_venue(scene, aviso="avisar"))
    seat(store, key_store, scene.workshop, name="Nueva")
    page = words(scene.ana.post(f"/org/deshacer/{batch}"))
    assert "Deshicimos 0 de" in page
    assert "alguien apartó lugar después" in page
    venue = scene.read().venue
    assert venue is not None
    assert venue.address == "1 Otra Ave."
    assert scene.list_changes() == [NotificationType.CHANGED], "it is still to be told"


def test_stop_is_changed_back_with_the_workshops_that_can_be(
    scene: Scene, store: Store, key_store: KeyStore
) -> None:
    with store.read() as session:
        there = tours.list_workshops(session, [scene.workshop.stop_id or 0])
    other = next(
        each for each in there[scene.workshop.stop_id or 0] if each.id != scene.workshop.id
    )
    batch = find_batch(scene, change_stop(scene, aviso="avisar"))
    seat(store, key_store, other, name="Nueva")
    page = words(scene.ana.post(f"/org/deshacer/{batch}"))
    assert "Deshicimos 1 de 2" in page
    assert scene.read().day == scene.workshop.day
    with store.read() as session:
        stop = session.get_one(TourStop, scene.workshop.stop_id)
        assert stop.day == scene.workshop.day
        assert session.get_one(Workshop, other.id).day == other.day + timedelta(days=2)


def test_place_that_was_changed_again_stays(scene: Scene) -> None:
    first = find_batch(scene, change_venue(scene, aviso="avisar"))
    change_venue(scene, address="2 Otra Ave.", aviso="avisar")
    page = words(scene.ana.post(f"/org/deshacer/{first}"))
    assert "alguien lo cambió después" in page
    venue = scene.read().venue
    assert venue is not None
    assert venue.address == "2 Otra Ave."


def test_place_of_another_office_is_not_undone(
    app: Flask, scene: Scene, store: Store, calgary: Office
) -> None:
    batch = find_batch(scene, change_venue(scene, aviso="avisar"))
    stranger = employ(store, "otra@example.org", Role.ORGANIZER, "calgary")
    assert signed_in_as(app, store, stranger).post(f"/org/deshacer/{batch}").status_code == 404
    venue = scene.read().venue
    assert venue is not None
    assert venue.address == "1 Otra Ave."


@pytest.mark.parametrize("name", ["edit", "venue", "stop"])
def test_answers_that_a_change_reset_come_back(scene: Scene, name: str) -> None:
    send, _cause = ACTIONS[name]
    yes = clock.hour_of(clock.now())
    answered = sa.update(Registration).where(Registration.id == scene.rosa.id)
    with scene.store.change() as session:
        session.execute(answered.values(asked_at=yes, confirmed_at=yes))
    batch = find_batch(scene, send(scene, aviso="avisar"))
    with scene.store.read() as session:
        assert session.get_one(Registration, scene.rosa.id).confirmed_at is None
    scene.ana.post(f"/org/deshacer/{batch}")
    with scene.store.read() as session:
        rosa = session.get_one(Registration, scene.rosa.id)
        assert (rosa.asked_at, rosa.confirmed_at) == (yes, yes)
        assert session.scalars(sa.select(KeptAnswer)).all() == []


def test_answers_are_not_kept_of_who_is_forgotten(scene: Scene, config: Config) -> None:
    yes = clock.hour_of(clock.now())
    answered = sa.update(Registration).where(Registration.id == scene.rosa.id)
    with scene.store.change() as session:
        session.execute(answered.values(asked_at=yes, confirmed_at=yes))
    edit(scene, aviso="avisar")
    with scene.store.read() as session:
        assert len(session.scalars(sa.select(KeptAnswer)).all()) == 1
    erasure.erase(scene.store, scene.key_store, config, [scene.rosa.id], now=clock.now())
    with scene.store.read() as session:
        assert session.scalars(sa.select(KeptAnswer)).all() == []


def find_batch(scene: Scene, answer: TestResponse) -> str:
    """The batch that the page after a change offers to undo."""
    page = scene.ana.get(answer.location)
    return page.text.split("/org/deshacer/")[1].split('"')[0]


@each_action
def test_two_actions_are_one_message(scene: Scene, name: str) -> None:
    send, cause = ACTIONS[name]
    assert edit(scene, aviso="avisar").status_code == 303
    if name == "edit":
        return
    assert send(scene, aviso="avisar").status_code == 303
    assert scene.list_changes() == [cause]


def test_nobody_is_notified_only_with_a_reason_and_long_before(scene: Scene) -> None:
    for typed in ({}, {"aviso_motivo": "Porque Rosa no contesta"}):
        refused = edit(scene, aviso="no", **typed)
        assert refused.status_code == 422
        assert "Elige por qué no se avisa." in words(refused)
    assert edit(scene, aviso="no", aviso_motivo="same place").status_code == 303
    assert scene.list_changes() == []
    log = words(scene.ana.get(f"{scene.path}/bitacora"))
    assert "Es el mismo lugar, escrito de otro modo" in log
    assert "Por avisar" not in words(scene.ana.get("/org/"))


def test_cancellation_always_tells(scene: Scene) -> None:
    page = words(cancel(scene))
    assert "No avisar" not in page
    assert cancel(scene, aviso="no", aviso_motivo="other").status_code == 422
    assert scene.read().status is WorkshopStatus.PUBLISHED


def test_change_without_people_asks_nothing(scene: Scene) -> None:
    with scene.store.change() as session:
        session.execute(
            sa.update(Registration)
            .where(Registration.id == scene.rosa.id)
            .values(contact=ContactMethod.NONE)
        )
    assert edit(scene).status_code == 303
    assert cancel(scene).status_code == 303


def test_other_fields_ask_nothing(scene: Scene) -> None:
    path = f"{scene.path}/editar"
    filled = fields(scene.ana.get(path).text, path)
    answer = scene.ana.post(path, **{**filled, "summary_es": "Trae papel.", "action": "save"})
    assert answer.status_code == 303


def test_undo_of_another_office_is_refused(
    app: Flask, scene: Scene, store: Store, calgary: Office
) -> None:
    answer = edit(scene, aviso="avisar")
    page = scene.ana.get(answer.location)
    batch = page.text.split("/org/deshacer/")[1].split('"')[0]
    stranger = employ(store, "otra@example.org", Role.ORGANIZER, "calgary")
    other = signed_in_as(app, store, stranger)
    assert other.post(f"/org/deshacer/{batch}").status_code == 404
    assert scene.read().sequence == scene.workshop.sequence + 1


def test_several_are_undone_as_far_as_possible(
    scene: Scene, store: Store, key_store: KeyStore
) -> None:
    with store.read() as session:
        stop = list_stops(session, scene.route)[3]
        other = next(
            each
            for each in tours.list_workshops(session, [stop.id])[stop.id]
            if not each.is_discreet
        )
    chosen = [scene.workshop.public_id, other.public_id]
    given = {"hacer": "mover", "t": chosen, "dias": "1", "aviso": "avisar"}
    answer = scene.ana.post("/org/talleres/varios", **given)
    page = scene.ana.get(answer.location)
    batch = page.text.split("/org/deshacer/")[1].split('"')[0]
    seat(store, key_store, other, name="Nueva")
    undone = scene.ana.post(f"/org/deshacer/{batch}")
    assert "Deshicimos 1 de 2" in words(undone)
    assert "quedó como estaba" in words(undone)
    assert "alguien apartó lugar después" in words(undone)
    assert scene.read().day == scene.workshop.day
    with store.read() as session:
        assert session.get_one(Workshop, other.id).day == other.day + timedelta(days=1)


def test_urgent_asks_for_the_factor_again(scene: Scene) -> None:
    with scene.store.change() as session:
        session.execute(sa.update(StaffSession).values(proven_at=clock.now() - timedelta(hours=2)))
    assert edit(scene, aviso="urgente").status_code == 401
    asked = scene.ana.post(f"{scene.path}/reactivar", aviso="urgente")
    assert f'value="{scene.path}"' in asked.text, "the button has no page to come back to"
    assert scene.read().sequence == scene.workshop.sequence


@each_action
def test_sheet_leads_back_to_a_page(scene: Scene, name: str) -> None:
    send, _cause = ACTIONS[name]
    assert scene.ana.get(find_back(send(scene))).status_code == 200


def test_sheet_of_a_button_leads_back_to_the_workshop(scene: Scene) -> None:
    edit(scene, aviso="luego")
    assert find_back(scene.ana.post(f"{scene.path}/avisar")) == scene.path


def find_back(page: TestResponse) -> str:
    found = re.search(r'href="([^"]+)">No (?:guardar|cancelar)', page.text)
    assert found is not None
    return found[1]


def test_seats_that_nobody_waits_for_any_more_are_freed_without_a_sheet(scene: Scene) -> None:
    with scene.store.change() as session:
        workshop = session.get_one(Workshop, scene.workshop.id)
        workshop.held_seats, workshop.capacity = 2, workshop.capacity + 2
    assert "Por avisar" in words(scene.ana.get("/org/"))
    assert scene.ana.post(f"{scene.path}/avisar").status_code == 303
    now = scene.read()
    assert (now.held_seats, now.seats_left) == (0, scene.workshop.seats_left + 1)
