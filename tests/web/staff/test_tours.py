"""Pages of the mobile consulate: tours and their stops."""

from collections import Counter
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.db.store import Store
from outreach.db.types import Codes
from outreach.domain.audit.audit_log import AuditEntry
from outreach.domain.network.kinds import Kind
from outreach.domain.network.offices import Office
from outreach.domain.registrations import Registration
from outreach.domain.registrations.notifications import NotificationType
from outreach.domain.scheduling import tours
from outreach.domain.scheduling.tours import Tour
from outreach.domain.workshops import Workshop, WorkshopStatus
from outreach.domain.workshops.tour_stops import TourStop
from outreach.keystore import KeyStore
from outreach.web.staff.common.workshop_labels import short_day
from tests.conftest import a_saturday, make_workshop
from tests.domain.scheduling.test_tours import (
    all_workshops,
    count_notified,
    five_stops,
    list_stops,
    make_stop_data,
    seat_two_everywhere,
)
from tests.support.html_forms import fields
from tests.support.staff_client import TIMES, StaffClient, at_once, employ, signed_in_as, words

pytestmark = pytest.mark.any_database

FILLED = {
    "day": "2026-12-12",
    "starts": "09:00",
    "ends": "15:00",
    "venue": "",
    "city": "Joliet",
    "region": "IL",
    "kinds": ["derechos"],
    "capacity": "60",
}


@pytest.fixture
def route(store: Store, chicago: Office, rights: Kind, women: Kind) -> Tour:
    return five_stops(store, chicago)


@pytest.fixture
def ana(app: Flask, store: Store, route: Tour) -> StaffClient:
    return signed_in_as(app, store, employ(store))


def test_tour_and_stops_are_created(ana: StaffClient, store: Store) -> None:
    created = ana.post("/org/giras/nueva", office="chicago", name="Ruta del sur", nonce="abc")
    second = ana.post("/org/giras/nueva", office="chicago", name="Ruta del sur", nonce="abc")
    assert created.location == second.location, "the same form makes one tour"
    day = str(a_saturday())
    added = ana.post(f"{created.location}/parada", **FILLED | {"day": day})
    assert added.status_code == 303
    page = words(ana.get(added.location))
    assert "Joliet, Illinois" in page
    assert "Sin sede. No se puede publicar." in page
    with store.read() as session:
        actions = set(session.scalars(sa.select(AuditEntry.action)))
    assert {"tour created", "stop added"} <= actions


def test_stop_that_ends_before_it_starts_is_asked_about(ana: StaffClient, route: Tour) -> None:
    path = f"/org/giras/chicago/{route.id}/parada"
    hours = FILLED | {"day": str(a_saturday()), "starts": "17:15", "ends": "16:00"}
    asked = ana.post(path, **hours)
    assert asked.status_code == 422
    assert "¿Termina el día siguiente?" in words(asked)
    assert ana.post(path, **hours, next_day="17:15-16:00").status_code == 303


def test_invalid_stop_is_reported_and_typed_values_are_kept(ana: StaffClient, route: Tour) -> None:
    path = f"/org/giras/chicago/{route.id}/parada"
    answer = ana.post(path, **FILLED | {"day": "mañana", "city": "", "kinds": [], "capacity": "x"})
    assert answer.status_code == 422
    page_text = words(answer)
    for fault in (
        "Escribe la fecha como 2026-12-05.",
        "Escribe la ciudad, o elige la sede.",
        "Elige al menos un tipo de taller.",
        "Escribe un número entero.",
    ):
        assert fault in page_text
    assert 'value="09:00"' in answer.text
    assert ana.post("/org/giras/nueva", office="chicago", name="").status_code == 422


def test_stop_is_moved_published_and_cancelled(
    ana: StaffClient, store: Store, key_store: KeyStore, route: Tour
) -> None:
    seat_two_everywhere(store, key_store)
    with store.read() as session:
        stop = list_stops(session, route)[3]
        venue_id = str(stop.venue.id) if stop.venue else ""
        workshop = tours.list_workshops(session, [stop.id])[stop.id][0]
    path = f"/org/giras/chicago/{route.id}/parada/{stop.id}"
    page_text = words(ana.get(f"{path}/cancelar"))
    assert "4 por correo: salen solos" in page_text
    assert "Elige por qué se cancela." in words(ana.post(f"{path}/cancelar", aviso="avisar"))
    moved = fields(ana.get(path).text, path) | {
        "day": str(stop.day + timedelta(days=2)),
        "venue": venue_id,
        "kinds": ["derechos", "mujeres"],
        "capacity": "",
    }
    assert "¿A quién le avisamos?" in words(ana.post(path, **moved))
    assert ana.post(path, **moved, aviso="avisar").status_code == 303
    with store.read() as session:
        assert sum(count_notified(session, NotificationType.CHANGED).values()) == 4
        now = session.get_one(Workshop, workshop.id)
        key = session.scalars(sa.select(Registration.key_id).limit(1)).one()
        assert key is not None
        assert now.day == stop.day + timedelta(days=2)
    assert ana.post(f"{path}/cancelar", reason="few", aviso="avisar").status_code == 303
    assert "Parada cancelada" in words(ana.get(f"/org/giras/chicago/{route.id}?hecho=cancelada"))
    # Nobody was told of the cancellation yet, but of the new day they are.
    assert "¿A quién le avisamos?" in words(ana.post(f"{path}/reactivar"))
    assert ana.post(f"{path}/reactivar", aviso="avisar").status_code == 303
    assert "no está cancelada" in words(ana.post(f"{path}/reactivar"))
    answer = ana.post(f"/org/giras/chicago/{route.id}/publicar")
    assert answer.location.endswith("publicados=0")


def test_stop_of_another_tour_is_404(ana: StaffClient, store: Store, route: Tour) -> None:
    created = ana.post("/org/giras/nueva", office="chicago", name="Otra", nonce="xyz").location
    with store.read() as session:
        stop = list_stops(session, route)[0]
    assert ana.get(f"{created}/parada/{stop.id}").status_code == 404
    assert ana.get("/org/giras/chicago/9999").status_code == 404


def test_duplicate_stop_is_refused(ana: StaffClient, route: Tour) -> None:
    path = f"/org/giras/chicago/{route.id}/parada"
    filled = FILLED | {"day": str(a_saturday())}
    assert ana.post(path, **filled).status_code == 303
    second = ana.post(path, **filled)
    assert second.status_code == 422
    assert "Esa parada ya está en la gira" in words(second)


def test_outdated_stop_form_does_not_undo_other_changes(
    ana: StaffClient, store: Store, route: Tour
) -> None:
    with store.read() as session:
        stop = list_stops(session, route)[0]
    path = f"/org/giras/chicago/{route.id}/parada/{stop.id}"
    old = fields(ana.get(path).text, path)
    assert ana.post(path, **old | {"capacity": "30"}).status_code == 303
    wrong = ana.post(path, **old | {"day": "mañana"})
    assert wrong.status_code == 422
    later = str(stop.day + timedelta(days=7))
    conflict = ana.post(path, **fields(wrong.text, path) | {"day": later})
    assert conflict.status_code == 409, "the corrected form is still outdated"
    assert "Alguien más lo cambió" in words(conflict)
    assert f'value="{later}"' in conflict.text
    with store.read() as session:
        assert (place := session.get_one(TourStop, stop.id)).capacity == 30
        assert place.day == stop.day
    assert ana.post(path, **fields(conflict.text, path)).status_code == 303
    with store.read() as session:
        assert session.get_one(TourStop, stop.id).day == stop.day + timedelta(days=7)


@pytest.mark.races
def test_stop_submitted_four_times_at_once_is_created_once(
    app: Flask, ana: StaffClient, store: Store, route: Tour
) -> None:
    path = f"/org/giras/chicago/{route.id}/parada"
    with store.read() as session:
        place = list_stops(session, route)[0].venue
    assert place
    filled = FILLED | {"day": str(a_saturday() + timedelta(days=9)), "venue": str(place.id)}
    answers = Counter(each.status_code for each in at_once(app, ana, path, filled))
    assert answers == {303: 1, 422: TIMES - 1}
    with store.read() as session:
        assert len(list_stops(session, route)) == 6
        assert len(all_workshops(session)) == 11


@pytest.mark.races
def test_stop_form_sent_four_times_moves_the_stop_once(
    app: Flask, ana: StaffClient, store: Store, route: Tour
) -> None:
    with store.read() as session:
        stop = list_stops(session, route)[0]
    path = f"/org/giras/chicago/{route.id}/parada/{stop.id}"
    later = stop.day + timedelta(days=7)
    form = fields(ana.get(path).text, path) | {"day": str(later)}
    answers = Counter(each.status_code for each in at_once(app, ana, path, form))
    assert answers == {303: 1, 409: TIMES - 1}
    with store.read() as session:
        workshops = tours.list_workshops(session, [stop.id])[stop.id]
        assert [each.day for each in workshops] == [later, later]


def test_publishing_a_tour_lists_stops_with_missing_data(
    ana: StaffClient, store: Store, route: Tour
) -> None:
    with store.change() as session:
        place = list_stops(session, route)[1].venue
        stop = tours.add_stop(session, route, make_stop_data(place, 20), now=clock.now())
        draft = tours.list_workshops(session, [stop.id])[stop.id][0]
        draft.languages = Codes()
    answer = ana.post(f"/org/giras/chicago/{route.id}/publicar")
    assert answer.status_code == 422
    assert f"Rockford, {short_day(stop.day)}: Falta: idioma. No se publicó." in words(answer)


@pytest.mark.parametrize("is_whole_tour", [True, False], ids=["tour", "stop"])
def test_publishing_asks_about_taken_venue_and_holiday(
    ana: StaffClient, store: Store, chicago: Office, rights: Kind, route: Tour, is_whole_tour: bool
) -> None:
    christmas = date(clock.now().year + 1, 12, 25)
    with store.change() as session:
        place = list_stops(session, route)[1].venue
        make_workshop(
            session, chicago, rights, venue=place, day=christmas, starts=time(10), ends=time(11)
        )
        stop = tours.add_stop(session, route, make_stop_data(place, day=christmas), now=clock.now())
        for each in tours.list_workshops(session, [stop.id])[stop.id]:
            each.title = {"es": "Taller", "en": "Workshop", "fr": "Atelier"}
    tour_path = f"/org/giras/chicago/{route.id}"
    path = f"{tour_path}/publicar" if is_whole_tour else f"{tour_path}/parada/{stop.id}/publicar"
    asked = ana.post(path)
    assert asked.status_code == 422
    for expected in ("La sede ya está ocupada a esa hora.", "Ese día es feriado.", "No publicar"):
        assert expected in words(asked)
    assert set(list_statuses(store, stop)) == {WorkshopStatus.DRAFT}
    with store.read() as session:
        published = AuditEntry.action == "workshop published"
        assert session.scalars(sa.select(AuditEntry).where(published)).all() == []
    sure = fields(asked.text, path)
    with store.change() as session:  # a colleague's, since the page was shown
        draft = tours.list_workshops(session, [stop.id])[stop.id][0]
        draft.title = {"es": "Solo en español"}
    again = ana.post(path, **sure)
    assert again.status_code == 422
    assert "El título está solo en español." in words(again)
    assert "El título está solo en español." not in words(asked)
    answer = ana.post(path, **fields(again.text, path))
    assert answer.location == f"{tour_path}?publicados=2"
    assert set(list_statuses(store, stop)) == {WorkshopStatus.PUBLISHED}


def test_kinds_of_one_stop_share_its_venue(ana: StaffClient, store: Store, route: Tour) -> None:
    with store.change() as session:
        place = list_stops(session, route)[1].venue
        stop = tours.add_stop(session, route, make_stop_data(place, 30), now=clock.now())
        for draft in tours.list_workshops(session, [stop.id])[stop.id]:
            draft.title = {"es": "Taller", "en": "Workshop", "fr": "Atelier"}
    asked = ana.post(f"/org/giras/chicago/{route.id}/parada/{stop.id}/publicar")
    assert "ya está ocupada" not in words(asked)


def list_statuses(store: Store, stop: TourStop) -> list[WorkshopStatus]:
    with store.read() as session:
        return [each.status for each in tours.list_workshops(session, [stop.id])[stop.id]]


def test_impossible_stop_change_keeps_typed_values(
    ana: StaffClient, store: Store, route: Tour
) -> None:
    with store.read() as session:
        stop = list_stops(session, route)[0]
    path = f"/org/giras/chicago/{route.id}/parada/{stop.id}"
    form = fields(ana.get(path).text, path)
    answer = ana.post(path, **form | {"venue": "", "capacity": "77"})
    assert answer.status_code == 422
    assert "ya tienen sede" in words(answer)
    assert 'value="77"' in answer.text
