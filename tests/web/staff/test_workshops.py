"""Staff pages that create, edit, publish, cancel and reinstate workshops."""

from datetime import time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.domain import workshops
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.locations.venues import Venue
from outreach.domain.network.kinds import Kind, Way
from outreach.domain.network.offices import Office
from outreach.domain.network.staff import Role
from outreach.domain.registrations import ContactMethod, Registration
from outreach.domain.registrations import RegistrationStatus as Place
from outreach.domain.registrations.notifications import Notification, NotificationType
from outreach.domain.registrations.undo_window import UNDO_WINDOW
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.publish_checks import PublishWarning
from outreach.keystore import KeyStore
from outreach.maintenance import scheduled_jobs
from tests.conftest import a_saturday, make_workshop, seat, venue
from tests.support.daytime import noon_of
from tests.support.html_forms import value
from tests.support.staff_client import StaffClient, employ, signed_in_as, words

pytestmark = pytest.mark.any_database


@pytest.fixture
def ana(app: Flask, store: Store, chicago: Office, rights: Kind) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def typed(**changes: Any) -> dict[str, Any]:
    """A valid form of a new workshop, with these changes."""
    fields: dict[str, Any] = {
        "office": "chicago",
        "nonce": "n" * 22,
        "kind": "derechos",
        "title_es": "Conoce tus derechos",
        "title_en": "Know your rights",
        "title_fr": "",
        "summary_es": "Qué decir y a quién llamar.",
        "day": a_saturday().isoformat(),
        "starts": "10:00",
        "ends": "12:00",
        "mode": "presencial",
        "venue": "nueva",
        "venue_name": "Biblioteca de Pilsen",
        "venue_address": "1805 S. Ejemplo St.",
        "venue_city": "Chicago",
        "venue_region": "IL",
        "venue_area": "Zona de Pilsen",
        "venue_zone": "America/Chicago",
        "venue_step_free": "yes",
        "visibility": "public",
        "way": "place",
        "capacity": "40",
        "party_limit": "4",
        "has_waiting_list": "yes",
        "languages": ["es", "en"],
        "phone": "312 555 0142",
        "online_url": "",
        "action": "publish",
        "sure": " ".join(PublishWarning),  # confirms every warning
    }
    return fields | changes


def test_new_workshop_form_has_the_defaults_of_its_kind(ana: StaffClient) -> None:
    page = ana.get("/org/talleres/nuevo?tipo=derechos").get_data(as_text=True)
    assert value(page, "title_es") == "Tus derechos"
    assert value(page, "capacity") == "40"
    assert value(page, "phone") == "312 555 0142"
    assert value(page, "day") == value(page, "starts") == value(page, "ends") == ""


def test_published_workshop_is_listed_and_public(ana: StaffClient, store: Store) -> None:
    answer = ana.post("/org/talleres/nuevo", **typed())
    assert answer.status_code == 303
    workshop = only(store)
    assert workshop.status is WorkshopStatus.PUBLISHED
    assert (workshop.starts, workshop.ends, workshop.capacity) == (time(10), time(12), 40)
    assert workshop.venue is not None
    assert workshop.venue.is_step_free
    assert workshop.bring == {"es": "Nada. No necesitas identificación ni papeles."}
    assert "Conoce tus derechos" in words(ana.client.get("/es/"))
    assert ana.client.get(f"/es/t/{workshop.public_id}").status_code == 200


def test_draft_is_not_public_until_published(ana: StaffClient, store: Store) -> None:
    ana.post("/org/talleres/nuevo", **typed(action="draft"))
    draft = only(store)
    assert draft.status is WorkshopStatus.DRAFT
    assert ana.client.get(f"/es/t/{draft.public_id}").status_code == 404
    assert "Borrador" in words(ana.get(f"/org/talleres/{draft.public_id}"))
    ana.post(f"/org/talleres/{draft.public_id}/publicar", sure=" ".join(PublishWarning))
    assert ana.client.get(f"/es/t/{draft.public_id}").status_code == 200


def test_form_submitted_twice_creates_one_workshop(ana: StaffClient, store: Store) -> None:
    first = ana.post("/org/talleres/nuevo", **typed())
    second = ana.post("/org/talleres/nuevo", **typed())
    assert second.status_code == 303
    assert second.headers["Location"].split("?")[0] == first.headers["Location"].split("?")[0]
    only(store)


def test_end_before_the_start_is_on_the_next_day(ana: StaffClient, store: Store) -> None:
    ana.post("/org/talleres/nuevo", **typed(starts="22:00", ends="01:00"))
    workshop = only(store)
    assert workshop.ends_at - workshop.starts_at == timedelta(hours=3)


def test_default_end_follows_the_duration_of_the_kind(ana: StaffClient, store: Store) -> None:
    ana.post("/org/talleres/nuevo", **typed(starts="10:00", ends=""))
    assert only(store).ends == time(11, 30)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"title_es": ""}, "Escribe el título."),
        ({"day": "mañana"}, "Escribe la fecha como 2026-12-05."),
        ({"day": "0001-01-01"}, "Revisa el año de la fecha."),
        ({"starts": "25:00"}, "Escribe la hora como 18:30."),
        ({"starts": "10:00", "ends": "10:00"}, "La hora de término es la misma que la de inicio."),
        ({"venue": ""}, "Falta la sede."),
        ({"venue_name": ""}, "Escribe el nombre de la sede."),
        ({"venue": "999999"}, "Elige una opción de la lista."),
        ({"capacity": "-1"}, "Escribe un número de 0 a 100,000."),
        ({"capacity": "muchos"}, "Escribe un número entero."),
        ({"languages": []}, "Elige al menos un idioma."),
        ({"languages": ["xx"]}, "Elige solo opciones de la lista."),
        ({"way": "teléfono"}, "Elige una opción de la lista."),
        ({"online_url": "javascript:alert(1)"}, "Copia el enlace completo, con https://"),
        ({"day": "2027-03-14", "starts": "02:30"}, "Ese día el reloj se adelanta"),
    ],
)
def test_invalid_values_are_reported_and_typed_values_are_kept(
    ana: StaffClient, store: Store, wrong: dict[str, Any], message: str
) -> None:
    answer = ana.post("/org/talleres/nuevo", **typed(summary_es="Lo que ya escribí.", **wrong))
    assert answer.status_code == 422
    assert message in words(answer)
    assert "Lo que ya escribí." in answer.get_data(as_text=True)
    with store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Workshop)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Venue)) == 0


def test_first_of_two_equal_hours_is_pointed_out(ana: StaffClient, store: Store) -> None:
    night = typed(day="2027-11-07", starts="01:30", ends="04:00", which_hour="primera")
    ana.post("/org/talleres/nuevo", **night)
    workshop = only(store)
    assert workshop.starts_at.hour == 6  # the first 1:30 is still summer time: 06:30 in UTC
    assert "esa hora se repite" in words(ana.get(f"/org/talleres/{workshop.public_id}"))


def test_public_workshop_cannot_become_one_with_a_discreet_address(
    ana: StaffClient, store: Store, women: Kind
) -> None:
    workshop = published(ana, store)
    path = f"/org/talleres/{workshop.public_id}/editar"
    refused = ana.post(path, **typed(kind=women.code))
    assert refused.status_code == 422
    assert "Ocúltala primero" in words(refused)
    assert ana.post(path, **typed(kind=women.code, visibility="registered")).status_code == 303


def test_past_workshop_cannot_be_cancelled(ana: StaffClient, store: Store) -> None:
    workshop = published(ana, store)
    with store.change() as session:
        over = clock.now() - timedelta(hours=3)
        stored = session.scalars(sa.select(Workshop)).one()
        stored.starts_at, stored.ends_at = over, over + timedelta(hours=2)
    path = f"/org/talleres/{workshop.public_id}"
    assert f"{path}/cancelar" not in ana.get(path).text
    refused = ana.post(f"{path}/cancelar", reason="few")
    assert refused.status_code == 422
    assert "no se hizo" in words(refused)


def test_registrations_are_notified_of_a_new_time(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    workshop = published(ana, store)
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.com")
    seat(store, key_store, workshop, name="Luz")
    _edit(ana, workshop, starts="11:00", ends="13:00", aviso="avisar")
    assert _notification_types(store, rosa.id) == [
        NotificationType.REGISTERED,
        NotificationType.CHANGED,
    ]
    with store.read() as session:
        assert (
            session.scalars(sa.select(Notification.cause)).all().count(NotificationType.CHANGED)
            == 1
        )
    assert only(store).sequence == workshop.sequence + 1


def test_new_day_moves_the_day_of_erasure(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    workshop = published(ana, store)
    rosa = seat(store, key_store, workshop)
    later = workshop.day + timedelta(days=100)
    _edit(ana, workshop, day=later.isoformat())
    last = later + timedelta(days=workshop.retention_days - 1)
    then = KeyStore(key_store.store, key_store.envelope.master_keys, noon_of(last))
    assert rosa.key_id is not None
    assert then.get(rosa.key_id)


def test_capacity_below_confirmed_registrations_is_refused(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    workshop = published(ana, store)
    seat(store, key_store, workshop, people=4)
    answer = _edit(ana, workshop, capacity="3")
    assert answer.status_code == 422
    assert "Ya hay 4 lugares apartados. Pon 4 o más." in words(answer)
    assert only(store).capacity == 40


def test_added_seats_are_offered_to_the_waitlist(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    workshop = published(ana, store, capacity="1")
    seat(store, key_store, workshop)
    luz = seat(store, key_store, workshop, name="Luz", people=2)
    _edit(ana, workshop, capacity="3", aviso="avisar")
    with store.read() as session:
        assert session.get_one(Registration, luz.id).status is Place.WAITLISTED, "on hold"
        assert session.get_one(Workshop, workshop.id).seats_left == 0
    scheduled_jobs.end_undo_windows(store, now=clock.now() + UNDO_WINDOW)
    with store.read() as session:
        assert session.get_one(Registration, luz.id).status is Place.OFFERED


def test_cancellation_page_shows_how_many_are_notified(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    workshop = published(ana, store)
    seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.com")
    seat(
        store, key_store, workshop, name="Luz", contact=ContactMethod.PHONE, address="+13125550142"
    )
    seat(
        store, key_store, workshop, name="Iván", contact=ContactMethod.PHONE, address="+13125550143"
    )
    seat(store, key_store, workshop, name="Tomás")
    page_text = words(ana.get(f"/org/talleres/{workshop.public_id}/cancelar"))
    assert "1 por correo: sale solo" in page_text
    assert "2 por llamada: entran a la lista de llamadas" in page_text
    assert "1 pidió que no le avisen" in page_text
    assert only(store).status is WorkshopStatus.PUBLISHED


def test_cancellation_of_a_workshop_without_people_tells_nobody(
    ana: StaffClient, store: Store
) -> None:
    workshop = published(ana, store)
    page_text = words(ana.get(f"/org/talleres/{workshop.public_id}/cancelar"))
    assert "Nadie recibe aviso." in page_text
    assert " 0 persona" not in page_text


def test_where_a_published_workshop_is_seen_is_said_as_it_is(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, women: Kind
) -> None:
    with store.change() as session:
        made = [make_workshop(session, chicago, each).public_id for each in (rights, women)]
        unlisted = make_workshop(session, chicago, rights, way=Way.UNLISTED).public_id
    open_, discreet, by_link = (
        words(ana.get(f"/org/talleres/{each}?hecho=publicado")) for each in (*made, unlisted)
    )
    assert "en el sitio y en los calendarios" in open_
    assert "en el sitio; no sale en los calendarios" in discreet
    assert "Lo ve quien tiene el enlace; no sale en los calendarios" in by_link


def test_cancellation_and_reinstatement_notify_and_keep_registrations(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    workshop = published(ana, store)
    rosa = seat(store, key_store, workshop, contact=ContactMethod.EMAIL, address="rosa@example.com")
    address = f"/org/talleres/{workshop.public_id}"
    assert ana.post(f"{address}/cancelar").status_code == 422  # no reason given
    asked = ana.post(f"{address}/cancelar", reason="venue")
    assert "¿A quién le avisamos?" in words(asked)
    assert only(store).status is WorkshopStatus.PUBLISHED, "only the sheet"
    answer = ana.post(f"{address}/cancelar", reason="venue", aviso="urgente")
    assert answer.status_code == 422, "it is not less than a day away"
    answer = ana.post(f"{address}/cancelar", reason="venue", aviso="avisar")
    assert answer.status_code == 303
    assert only(store).status is WorkshopStatus.CANCELLED
    assert "se canceló" in words(ana.client.get(f"/es/t/{workshop.public_id}"))
    assert _notification_types(store, rosa.id) == [
        NotificationType.REGISTERED,
        NotificationType.CANCELLED,
    ]
    ana.post(f"{address}/reactivar")
    assert only(store).status is WorkshopStatus.PUBLISHED
    # Reinstated before anybody was told of the cancellation.
    assert _notification_types(store, rosa.id) == [NotificationType.REGISTERED]
    with store.read() as session:
        assert session.get_one(Registration, rosa.id).status is Place.CONFIRMED


def test_staff_member_of_several_offices_chooses_one(
    app: Flask, store: Store, chicago: Office, calgary: Office, rights: Kind
) -> None:
    elena = signed_in_as(
        app, store, employ(store, "elena@example.org", Role.ORGANIZER, "chicago", "calgary")
    )
    page_text = elena.get("/org/talleres/nuevo").get_data(as_text=True)
    assert 'name="oficina"' in page_text
    elena.post(
        "/org/talleres/nuevo",
        **typed(
            office="calgary", venue_city="Calgary", venue_region="AB", venue_zone="America/Edmonton"
        ),
    )
    workshop = only(store)
    assert workshop.office.slug == "calgary"
    assert workshop.zone.key == "America/Edmonton"


def test_venue_of_another_office_cannot_be_chosen(
    ana: StaffClient, store: Store, calgary: Office
) -> None:
    with store.change() as session:
        foreign_venue = venue(session, calgary, name="Refugio").id
    answer = ana.post("/org/talleres/nuevo", **typed(venue=str(foreign_venue)))
    assert answer.status_code == 422


def test_workshop_that_becomes_unlisted_gets_an_unguessable_link(
    ana: StaffClient, store: Store
) -> None:
    workshop = published(ana, store)
    answer = _edit(ana, workshop, way="unlisted")
    assert len(workshop.public_id) == 16
    new = only(store).public_id
    assert new != workshop.public_id
    assert new in answer.headers["Location"]


def test_audit_log_names_staff_and_no_registrants(
    ana: StaffClient, store: Store, key_store: KeyStore
) -> None:
    workshop = published(ana, store)
    seat(
        store,
        key_store,
        workshop,
        name="Guadalupe",
        contact=ContactMethod.EMAIL,
        address="lupe@example.com",
    )
    _edit(ana, workshop, capacity="41")
    ana.post(f"/org/talleres/{workshop.public_id}/cancelar", reason="few", aviso="avisar")
    with store.read() as session:
        entries = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [(entry.action, entry.details) for entry in entries] == [
            ("workshop created", "{}"),
            ("workshop published", "{}"),
            ("workshop changed", '{"fields":["capacity"]}'),
            ("workshop cancelled", '{"reason":"few"}'),
        ]
        assert all(entry.organizer_id and entry.workshop_id == workshop.id for entry in entries)


def published(ana: StaffClient, store: Store, **changes: Any) -> Workshop:
    ana.post("/org/talleres/nuevo", **typed(**changes))
    return only(store)


def _edit(ana: StaffClient, workshop: Workshop, **changes: Any) -> Any:
    assert workshop.venue is not None
    same = {"venue": str(workshop.venue.id), "capacity": str(workshop.capacity), "action": "save"}
    return ana.post(f"/org/talleres/{workshop.public_id}/editar", **typed(**(same | changes)))


def only(store: Store) -> Workshop:
    with store.read() as session:
        public_id = session.scalars(sa.select(Workshop.public_id)).one()
        return workshops.find(session, public_id)


def _notification_types(store: Store, registration_id: str) -> list[NotificationType]:
    with store.read() as session:
        return list(
            session.scalars(
                sa.select(Notification.cause)
                .where(Notification.registration_id == registration_id)
                .order_by(Notification.id)
            )
        )
